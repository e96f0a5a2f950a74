//! T06 over TLS 1.3: the coordinator looks at the client's certificate when the handshake is over for the client.

use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Http2, Outcome, Tls, TlsVersion};
use arango_test_cluster::{Identity, TestCluster, Tls as Speaks};

use crate::support::{Insert, insert};

/// Coordinators on real sockets that demand a client certificate.
async fn demanding() -> TestCluster {
    TestCluster::builder().tls(Speaks::Mutual).start().await.unwrap()
}

fn client(cluster: &TestCluster, http2: Http2, identity: Option<&Identity>) -> Client {
    let mut tls = Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only();
    if let Some(identity) = identity {
        tls = tls.identity_pem(&*identity.certificate, &*identity.key);
    }
    Client::builder()
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .tls(tls.minimum_version(TlsVersion::Tls13))
        .http2(http2)
        .build()
        .unwrap()
}

/// Writes 40 times, one after the other and then side by side; each fails as row T06 says.
async fn forty_writes_are_refused(client: &Client, cluster: &TestCluster, alert: &str, advice: &str) {
    let write = |number: usize| {
        let database = client.db("_system");
        async move {
            // A large body is still being written when the alert comes.
            let padding = if number.is_multiple_of(5) { 1 << 20 } else { 0 };
            let insert = Insert { padding, ..insert(&format!("m{number}"), RequestClass::NonIdempotent) };
            database.execute(insert).await.unwrap_err()
        }
    };
    let mut errors = Vec::new();
    for number in 0..20 {
        errors.push(write(number).await);
    }
    let at_once: tokio::task::JoinSet<_> = (20..40).map(write).collect();
    errors.extend(at_once.join_all().await);
    for error in errors {
        let report = error.report().to_string();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::TlsCertificate, Outcome::NotExecuted),
            "{report}"
        );
        assert!(report.contains(alert) && report.contains(advice), "{report}");
    }
    for number in 0..40 {
        assert_eq!(cluster.journal().executions(&format!("m{number}")), 0);
    }
    assert!(client.coordinators().iter().all(|state| state.misconfigured));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t06_a_missing_client_certificate_is_never_an_unknown_outcome() {
    for http2 in [Http2::Never, Http2::Negotiated] {
        let cluster = demanding().await;
        let client = client(&cluster, http2, None);
        forty_writes_are_refused(
            &client,
            &cluster,
            "CertificateRequired",
            "give one with `Tls::identity_files`",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t06_a_refused_client_certificate_is_never_an_unknown_outcome_and_no_advice_to_give_one() {
    let other = demanding().await;
    for http2 in [Http2::Never, Http2::Negotiated] {
        let cluster = demanding().await;
        // Signed by the authority of another cluster.
        let client = client(&cluster, http2, other.client_identity());
        let advice = "the client certificate that was given";
        forty_writes_are_refused(&client, &cluster, "received fatal alert: ", advice).await;
        let report = client.db("_system").version().await.unwrap_err().report().to_string();
        assert!(!report.contains("identity_files"), "{report}");
    }
}
