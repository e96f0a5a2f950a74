//! TLS beyond the failure matrix: authorities, client certificates, and invalid settings.

use std::net::SocketAddr;

use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Resolve};
use arango::{Client, ClientBuilder, ErrorKind, InvalidSettings, InvalidTls, Outcome, Tls, TlsVersion};
use arango_test_cluster::{HandshakeFault, TestCluster, Tls as Speaks};

use crate::support::{builder, client, cluster, cluster_with_tls, insert};

/// Returns TLS settings that trust the cluster's authority only, without a client certificate.
fn cluster_authority_only(cluster: &TestCluster) -> Tls {
    Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only()
}

fn build_error(builder: ClientBuilder) -> InvalidTls {
    match builder.build().unwrap_err() {
        InvalidSettings::Tls(fault) => fault,
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn a_session_over_tls_and_real_sockets_logs_in_once_and_spreads_its_calls() {
    let cluster = TestCluster::builder().tls(Speaks::On).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("ca.pem");
    std::fs::write(&authority, cluster.ca_pem().unwrap()).unwrap();
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        // In addition to the authorities of the system.
        let tls = Tls::new().ca_file(&authority).minimum_version(version);
        let client = Client::builder()
            .hosts(cluster.urls().join(","))
            .jwt_auth("root", cluster.root_password())
            .tls(tls)
            .build()
            .unwrap();
        cluster.journal().clear();
        for _ in 0..3 {
            client.cluster().health().await.unwrap();
        }
        let requests: Vec<usize> = (0..3).map(|index| cluster.journal().requests_to(index)).collect();
        assert_eq!(requests.iter().sum::<usize>(), 4, "three calls and a login: {requests:?}");
        assert!(client.coordinators().iter().all(|state| state.requests > 0));
    }
}

/// Connects to the coordinator at this address without TLS, and to the others with TLS.
struct PlainAndTlsConnector(crate::support::InMemoryConnector, crate::support::InMemoryConnector, SocketAddr);
impl arango::transport::Connect for PlainAndTlsConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, std::io::Result<Box<dyn arango::transport::Io>>> {
        if address == self.2 { self.0.connect(address) } else { self.1.connect(address) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_may_hold_coordinators_with_and_without_tls() {
    let (plain, secure) = (cluster().await, cluster_with_tls(Speaks::On).await);
    // The two hosts differ in their schemes.
    let hosts = [plain.coordinator(0).url(), secure.coordinator(1).url()];
    let connect = PlainAndTlsConnector(
        crate::support::InMemoryConnector::new(&plain),
        crate::support::InMemoryConnector::new(&secure),
        plain.coordinator(0).address(),
    );
    let client = builder(&secure).hosts(hosts).connect(connect).build().unwrap();
    for _ in 0..4 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!((plain.journal().requests_to(0), secure.journal().requests_to(1)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_missing_client_certificate_is_refused_before_execution() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let cluster = cluster_with_tls(Speaks::Mutual).await;
        client(&cluster).db("_system").version().await.unwrap();

        let without_certificate =
            builder(&cluster).tls(cluster_authority_only(&cluster).minimum_version(version)).build().unwrap();
        let error = without_certificate
            .db("_system")
            .execute(insert("m", RequestClass::NonIdempotent))
            .await
            .unwrap_err();
        let report = error.report().to_string();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::TlsCertificate, Outcome::NotExecuted),
            "{report}"
        );
        assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (3, 0), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_expected_server_name_can_be_set() {
    let cluster = cluster_with_tls(Speaks::On).await;
    let _guards: Vec<_> =
        cluster.coordinators().iter().map(|one| one.fail_handshakes(HandshakeFault::WrongName)).collect();
    let with_name =
        |name| builder(&cluster).tls(cluster_authority_only(&cluster).server_name(name)).build().unwrap();
    with_name("elsewhere.example").db("_system").version().await.unwrap();
    let error = with_name("wrong.example").db("_system").version().await.unwrap_err();
    assert!(error.report().to_string().contains("`wrong.example`"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn the_certificate_must_match_the_host_name() {
    struct FixedResolver(SocketAddr);
    impl Resolve for FixedResolver {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
            Box::pin(async { Ok(vec![self.0]) })
        }
    }
    let cluster = cluster_with_tls(Speaks::On).await;
    for (host, accepted) in
        [("https://db.example", true), ("ssl://DB.example", true), ("https://other.example", false)]
    {
        let resolve = FixedResolver(cluster.coordinator(0).address());
        let client = builder(&cluster).hosts(host).resolve(resolve).build().unwrap();
        let result = client.db("_system").version().await;
        assert_eq!(result.is_ok(), accepted, "{host}: {result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn certificates_are_verified_unless_disabled() {
    for fault in [HandshakeFault::Expired, HandshakeFault::Untrusted, HandshakeFault::WrongName] {
        let cluster = cluster_with_tls(Speaks::On).await;
        let _guards: Vec<_> = cluster.coordinators().iter().map(|one| one.fail_handshakes(fault)).collect();
        let build = |tls| builder(&cluster).tls(tls).build().unwrap();
        let system = build(Tls::new());
        assert_eq!(system.db("_system").version().await.unwrap_err().kind(), ErrorKind::TlsCertificate);
        build(Tls::new().danger_accept_any_certificate()).db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn plain_http_instead_of_tls_is_reported() {
    let cluster = cluster().await;
    let hosts = cluster.urls().join(",").replace("http://", "https://");
    let client = builder(&cluster).hosts(hosts).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    assert!(error.report().to_string().contains("write http:// in place of https://"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn tls_instead_of_plain_http_is_reported() {
    let cluster = cluster_with_tls(Speaks::On).await;
    let hosts = cluster.urls().join(",").replace("https://", "http://");
    let client = builder(&cluster).hosts(hosts).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProtocolViolation);
    let report = error.report().to_string();
    assert!(report.contains("the server uses TLS on this port; use https:// instead of http://"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn handshakes_that_fail_everywhere_are_named_as_handshakes() {
    for (fault, expected) in [(HandshakeFault::Hang, "timed out"), (HandshakeFault::Close, "broke off")] {
        let cluster = cluster_with_tls(Speaks::On).await;
        let _faults: Vec<_> = cluster.coordinators().iter().map(|one| one.fail_handshakes(fault)).collect();
        let error = client(&cluster).db("_system").version().await.unwrap_err();
        let expected = format!("no coordinator could be reached: the TLS handshake failed: it {expected}");
        assert!(error.to_string().contains(&expected), "{error}");
        let attempt = error.attempts()[0].to_string();
        assert_eq!(attempt.matches("the TLS handshake failed").count(), 1, "{attempt}");
    }
}

#[tokio::test]
async fn build_reports_invalid_tls_files() {
    let cluster = TestCluster::builder().tls(Speaks::On).in_memory().start().await.unwrap();
    let identity = cluster.client_identity().unwrap().clone();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("empty.pem"), "").unwrap();
    std::fs::write(path("key.pem"), &identity.key).unwrap();
    std::fs::write(path("certificate.pem"), &identity.certificate).unwrap();
    let marked = format!("\u{feff}{}", cluster.ca_pem().unwrap());
    std::fs::write(path("marked.pem"), marked).unwrap();
    builder(&cluster).tls(Tls::new().ca_file(path("marked.pem"))).build().unwrap();
    std::fs::write(path("torn.pem"), &identity.certificate[..100]).unwrap();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(path("encrypted.pem"), encrypted).unwrap();
    // In-memory clusters share one identity; each cluster on sockets has its own.
    let other = TestCluster::builder().tls(Speaks::On).start().await.unwrap();
    std::fs::write(path("other.pem"), &other.client_identity().unwrap().key).unwrap();

    let with_key =
        |key: &str| cluster_authority_only(&cluster).identity_files(path("certificate.pem"), path(key));
    for (tls, parts) in [
        (Tls::new().ca_file(path("missing.pem")), ["missing.pem", "cannot be read"]),
        (Tls::new().ca_file(path("empty.pem")), ["empty.pem", "no certificate"]),
        (Tls::new().ca_file(path("key.pem")), ["key.pem", "no certificate"]),
        (Tls::new().ca_file(path("torn.pem")), ["torn.pem", "no end"]),
        (Tls::new().ca_pem("nothing of the kind"), ["the authorities", "no certificate"]),
        (Tls::new().given_authorities_only(), ["only the given authorities", "none were given"]),
        (with_key("empty.pem"), ["empty.pem", "no private key"]),
        (with_key("encrypted.pem"), ["encrypted.pem", "decrypt it"]),
        (with_key("other.pem"), ["other.pem", "does not match the certificate"]),
        (cluster_authority_only(&cluster).server_name("not a name"), ["`not a name`", "neither a host name"]),
    ] {
        let settings = format!("{tls:?}");
        let text =
            InvalidSettings::from(build_error(Client::builder().hosts(cluster.urls()).tls(tls))).to_string();
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let secret = identity.key.lines().nth(1).unwrap();
        assert!(!text.contains(secret) && !settings.contains(secret));
    }
}
