//! Certificates as people make them: their own authority, without names, of version 1.

use arango::{Client, ErrorKind, Tls};
use arango_test_cluster::{ConditionGuard, Handshake, TestCluster, Tls as Speaks};

use crate::support::{builder, cluster_with_tls};

/// A cluster whose coordinators show such a certificate until the guards are dropped.
async fn showing(how: Handshake) -> (TestCluster, Vec<ConditionGuard>) {
    let cluster = cluster_with_tls(Speaks::On).await;
    let guards = cluster.coordinators().iter().map(|one| one.spoil_handshakes(how)).collect();
    (cluster, guards)
}

fn client(cluster: &TestCluster, tls: Tls) -> Client {
    builder(cluster).tls(tls).build().unwrap()
}

/// Why the coordinators' certificates are refused.
async fn refusal(cluster: &TestCluster, tls: Tls) -> String {
    let error = client(cluster, tls).db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsCertificate);
    error.report().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_its_own_authority_is_accepted_if_it_is_the_one_that_was_given() {
    let (cluster, _guards) = showing(Handshake::SelfMade).await;
    let own = cluster.self_made_pem().unwrap();
    for tls in [Tls::new().ca_pem(own), Tls::new().ca_pem(own).given_authorities_only()] {
        client(&cluster, tls).db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_given_certificate_that_is_its_own_authority_must_still_be_for_the_right_name() {
    let (cluster, _guards) = showing(Handshake::SelfMade).await;
    let tls = Tls::new().ca_pem(cluster.self_made_pem().unwrap()).server_name("other.example");
    let report = refusal(&cluster, tls).await;
    assert!(report.contains("`other.example`") && report.contains("not valid for name"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn another_certificate_that_is_its_own_authority_is_refused_with_what_to_do() {
    let (cluster, _guards) = showing(Handshake::SelfMade).await;
    for tls in [Tls::new(), Tls::new().ca_pem(cluster.ca_pem().unwrap())] {
        let report = refusal(&cluster, tls).await;
        assert!(report.contains("give exactly this one with `Tls::ca_file`"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_without_names_is_not_met_with_the_advice_to_set_a_name() {
    let (cluster, _guards) = showing(Handshake::Nameless).await;
    let trusting = || Tls::new().ca_pem(cluster.ca_pem().unwrap());
    for tls in [trusting(), trusting().server_name("localhost")] {
        let report = refusal(&cluster, tls).await;
        assert!(report.contains("subjectAltName") && !report.contains("server_name"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_version_1_is_accepted_only_where_any_is_and_else_refused_with_what_to_do() {
    let (cluster, _guards) = showing(Handshake::Version1).await;
    client(&cluster, Tls::new().danger_accept_any_certificate()).db("_system").version().await.unwrap();
    let report = refusal(&cluster, Tls::new()).await;
    assert!(report.contains("version 1") && report.contains("subjectAltName"), "{report}");
}
