//! Self-made server certificates: from a private authority, without names, of version 1.

use arango::{Client, ErrorKind, Tls};
use arango_test_cluster::{ConditionGuard, HandshakeFault, TestCluster, Tls as Speaks};

use crate::support::{builder, cluster_with_tls};

/// Starts a cluster whose coordinators present such a certificate until the guards are dropped.
async fn cluster_with_certificate(fault: HandshakeFault) -> (TestCluster, Vec<ConditionGuard>) {
    let cluster = cluster_with_tls(Speaks::On).await;
    let guards = cluster.coordinators().iter().map(|one| one.fail_handshakes(fault)).collect();
    (cluster, guards)
}

fn client(cluster: &TestCluster, tls: Tls) -> Client {
    builder(cluster).tls(tls).build().unwrap()
}

/// Returns the report of the error with which the coordinators' certificates are rejected.
async fn certificate_error(cluster: &TestCluster, tls: Tls) -> String {
    let error = client(cluster, tls).db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsCertificate);
    error.report().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_self_signed_certificate_is_accepted_if_configured() {
    let (cluster, _guards) = cluster_with_certificate(HandshakeFault::SelfSigned).await;
    let own = cluster.self_signed_pem().unwrap();
    for tls in [Tls::new().ca_pem(own), Tls::new().ca_pem(own).given_authorities_only()] {
        client(&cluster, tls).db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_configured_self_signed_certificate_must_match_the_name() {
    let (cluster, _guards) = cluster_with_certificate(HandshakeFault::SelfSigned).await;
    let tls = Tls::new().ca_pem(cluster.self_signed_pem().unwrap()).server_name("other.example");
    let report = certificate_error(&cluster, tls).await;
    assert!(report.contains("`other.example`") && report.contains("not valid for name"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_self_signed_certificate_is_rejected_with_advice() {
    let (cluster, _guards) = cluster_with_certificate(HandshakeFault::SelfSigned).await;
    for tls in [Tls::new(), Tls::new().ca_pem(cluster.ca_pem().unwrap())] {
        let report = certificate_error(&cluster, tls).await;
        assert!(report.contains("set exactly this one with `Tls::ca_file`"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_without_names_gets_no_server_name_advice() {
    let (cluster, _guards) = cluster_with_certificate(HandshakeFault::NoSubjectAltName).await;
    let with_authority = || Tls::new().ca_pem(cluster.ca_pem().unwrap());
    for tls in [with_authority(), with_authority().server_name("localhost")] {
        let report = certificate_error(&cluster, tls).await;
        assert!(report.contains("subjectAltName") && !report.contains("server_name"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_1_certificate_is_rejected_with_advice() {
    let (cluster, _guards) = cluster_with_certificate(HandshakeFault::Version1).await;
    client(&cluster, Tls::new().danger_accept_any_certificate()).db("_system").version().await.unwrap();
    let report = certificate_error(&cluster, Tls::new()).await;
    assert!(report.contains("version 1") && report.contains("subjectAltName"), "{report}");
}
