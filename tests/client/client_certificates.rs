//! T06 over TLS 1.3: missing and invalid client certificates. The coordinator verifies the certificate after the client
//! has finished the handshake.

use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Http2, Outcome, Tls, TlsVersion};
use arango_test_cluster::{Identity, TestCluster, Tls as Speaks};

use crate::support::{Insert, insert};

/// Starts coordinators on real sockets that require a client certificate.
async fn mutual_tls_cluster() -> TestCluster {
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

/// Sends 20 writes sequentially and 20 concurrently. Asserts that each fails as in row T06.
async fn assert_forty_writes_are_rejected(client: &Client, cluster: &TestCluster, alert: &str, advice: &str) {
    let write = |number: usize| {
        let database = client.db("_system");
        async move {
            // A large body is still being sent when the alert arrives.
            let padding = if number.is_multiple_of(5) { 1 << 20 } else { 0 };
            let insert = Insert { padding, ..insert(&format!("m{number}"), RequestClass::NonIdempotent) };
            database.execute(insert).await.unwrap_err()
        }
    };
    let mut errors = Vec::new();
    for number in 0..20 {
        errors.push(write(number).await);
    }
    let concurrent: tokio::task::JoinSet<_> = (20..40).map(write).collect();
    errors.extend(concurrent.join_all().await);
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
    for http2 in [Http2::Disabled, Http2::Negotiated] {
        let cluster = mutual_tls_cluster().await;
        let client = client(&cluster, http2, None);
        assert_forty_writes_are_rejected(
            &client,
            &cluster,
            "CertificateRequired",
            "set one with `Tls::identity_files`",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t06_a_rejected_client_certificate_is_never_an_unknown_outcome() {
    let other = mutual_tls_cluster().await;
    for http2 in [Http2::Disabled, Http2::Negotiated] {
        let cluster = mutual_tls_cluster().await;
        // Signed by the authority of another cluster.
        let client = client(&cluster, http2, other.client_identity());
        let advice = "the client certificate that was given";
        assert_forty_writes_are_rejected(&client, &cluster, "received fatal alert: ", advice).await;
        let report = client.db("_system").version().await.unwrap_err().report().to_string();
        assert!(!report.contains("identity_files"), "{report}");
    }
}
