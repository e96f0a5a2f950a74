//! TLS beside its rows: who is believed, what is shown, and what settings are refused.

use std::net::SocketAddr;

use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Resolve};
use arango::{Client, ClientBuilder, ErrorKind, InvalidSettings, Outcome, Tls, TlsFault, TlsVersion};
use arango_test_cluster::{Handshake, TestCluster, Tls as Speaks};

use crate::support::{builder, client, cluster, cluster_with_tls, insert};

/// Believes the cluster's own authority alone, and shows nothing.
fn trusting(cluster: &TestCluster) -> Tls {
    Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only()
}

fn refused(builder: ClientBuilder) -> TlsFault {
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
        // Beside those of the system.
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

/// The coordinator at this address without TLS, the others with.
struct Both(crate::support::Memory, crate::support::Memory, SocketAddr);
impl arango::transport::Connect for Both {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, std::io::Result<Box<dyn arango::transport::Io>>> {
        if address == self.2 { self.0.connect(address) } else { self.1.connect(address) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_may_hold_coordinators_with_and_without_tls() {
    let (plain, secure) = (cluster().await, cluster_with_tls(Speaks::On).await);
    // Their addresses are the same; their schemes are not.
    let hosts = [plain.coordinator(0).url(), secure.coordinator(1).url()];
    let connect = Both(
        crate::support::Memory::of(&plain),
        crate::support::Memory::of(&secure),
        plain.coordinator(0).address(),
    );
    let client = builder(&secure).hosts(hosts).connect(connect).build().unwrap();
    for _ in 0..4 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!((plain.journal().requests_to(0), secure.journal().requests_to(1)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_asks_for_a_certificate_gets_it_and_refuses_who_has_none_before_it_executes() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let cluster = cluster_with_tls(Speaks::Mutual).await;
        client(&cluster).db("_system").version().await.unwrap();

        let nobody = builder(&cluster).tls(trusting(&cluster).minimum_version(version)).build().unwrap();
        let error = nobody.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
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
async fn a_certificate_may_be_for_another_name_if_that_name_is_given() {
    let cluster = cluster_with_tls(Speaks::On).await;
    let _elsewhere: Vec<_> =
        cluster.coordinators().iter().map(|one| one.spoil_handshakes(Handshake::WrongName)).collect();
    let named = |name| builder(&cluster).tls(trusting(&cluster).server_name(name)).build().unwrap();
    named("elsewhere.example").db("_system").version().await.unwrap();
    let error = named("nowhere.example").db("_system").version().await.unwrap_err();
    assert!(error.report().to_string().contains("`nowhere.example`"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_is_asked_for_a_certificate_for_the_name_by_which_it_was_named() {
    struct Everywhere(SocketAddr);
    impl Resolve for Everywhere {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
            Box::pin(async { Ok(vec![self.0]) })
        }
    }
    let cluster = cluster_with_tls(Speaks::On).await;
    for (host, good) in
        [("https://db.example", true), ("ssl://DB.example", true), ("https://other.example", false)]
    {
        let resolve = Everywhere(cluster.coordinator(0).address());
        let client = builder(&cluster).hosts(host).resolve(resolve).build().unwrap();
        let result = client.db("_system").version().await;
        assert_eq!(result.is_ok(), good, "{host}: {result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn certificates_are_believed_unchecked_only_when_that_is_said() {
    for how in [Handshake::Expired, Handshake::Untrusted, Handshake::WrongName] {
        let cluster = cluster_with_tls(Speaks::On).await;
        let _spoilt: Vec<_> = cluster.coordinators().iter().map(|one| one.spoil_handshakes(how)).collect();
        let build = |tls| builder(&cluster).tls(tls).build().unwrap();
        let system = build(Tls::new());
        assert_eq!(system.db("_system").version().await.unwrap_err().kind(), ErrorKind::TlsCertificate);
        build(Tls::new().danger_accept_any_certificate()).db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn plain_http_where_tls_is_expected_is_told_as_what_it_is() {
    let cluster = cluster().await;
    let hosts = cluster.urls().join(",").replace("http://", "https://");
    let client = builder(&cluster).hosts(hosts).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    assert!(error.report().to_string().contains("write http:// in place of https://"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn tls_where_plain_http_is_expected_is_told_as_what_it_is() {
    let cluster = cluster_with_tls(Speaks::On).await;
    let hosts = cluster.urls().join(",").replace("https://", "http://");
    let client = builder(&cluster).hosts(hosts).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProtocolViolation);
    let report = error.report().to_string();
    assert!(report.contains("it speaks TLS on this port; write https:// in place of http://"), "{report}");
}

#[tokio::test]
async fn what_cannot_be_used_is_named_when_the_client_is_built() {
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
    // Those in memory have one identity; on sockets each cluster has its own.
    let other = TestCluster::builder().tls(Speaks::On).start().await.unwrap();
    std::fs::write(path("other.pem"), &other.client_identity().unwrap().key).unwrap();

    let shows = |key: &str| trusting(&cluster).identity_files(path("certificate.pem"), path(key));
    for (tls, parts) in [
        (Tls::new().ca_file(path("missing.pem")), ["missing.pem", "cannot be read"]),
        (Tls::new().ca_file(path("empty.pem")), ["empty.pem", "no certificate"]),
        (Tls::new().ca_file(path("key.pem")), ["key.pem", "no certificate"]),
        (Tls::new().ca_file(path("torn.pem")), ["torn.pem", "no end"]),
        (Tls::new().ca_pem("nothing of the kind"), ["the authorities", "no certificate"]),
        (Tls::new().given_authorities_only(), ["only given authorities", "none were given"]),
        (shows("empty.pem"), ["empty.pem", "no private key"]),
        (shows("encrypted.pem"), ["encrypted.pem", "decrypt it"]),
        (shows("other.pem"), ["other.pem", "does not fit"]),
        (trusting(&cluster).server_name("not a name"), ["`not a name`", "neither a host name"]),
    ] {
        let settings = format!("{tls:?}");
        let text =
            InvalidSettings::from(refused(Client::builder().hosts(cluster.urls()).tls(tls))).to_string();
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let secret = identity.key.lines().nth(1).unwrap();
        assert!(!text.contains(secret) && !settings.contains(secret));
    }
}
