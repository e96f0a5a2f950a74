//! The client behind proxies that fail: outcomes are those that the coordinators have counted.

use arango::balance::RoundRobin;
use arango::protocol::RequestClass;
use arango::{Client, Outcome};
use arango_test_cluster::{Close, ClusterProxy, Fault, FaultGuard, Match, Phase, TestCluster};

use super::{cluster, with_timeout};
use crate::support::insert;

/// A cluster, the proxies in front of it, and a client that knows only these.
async fn proxied() -> (TestCluster, ClusterProxy, Client) {
    let cluster = cluster().await;
    let proxy = ClusterProxy::start(cluster.urls()).unwrap();
    let client = Client::builder().policy(RoundRobin::default()).hosts(proxy.urls());
    let client = client.basic_auth("root", cluster.root_password()).build().unwrap();
    (cluster, proxy, client)
}

fn inject(proxy: &ClusterProxy, fault: &Fault) -> Vec<FaultGuard> {
    proxy.coordinators().iter().map(|proxy| proxy.inject(fault.clone()).unwrap()).collect()
}

#[tokio::test]
async fn a_write_whose_response_is_lost_is_unknown_and_was_executed_once() {
    let (cluster, proxy, client) = with_timeout(proxied()).await;
    for (number, phase) in [Phase::AfterExecution, Phase::InHead].into_iter().enumerate() {
        let marker = format!("lost-{number}");
        let lost = Fault::close(phase).close_mode(Close::Rst).on(Match::post("/_api/document/*"));
        let _lost = inject(&proxy, &lost);

        let write = insert(&marker, RequestClass::NonIdempotent);
        let error = with_timeout(client.db("_system").execute(write)).await.unwrap_err();

        assert_eq!(error.outcome(), Outcome::Unknown, "{phase:?}: {error}");
        assert_eq!(cluster.journal().executions(&marker), 1, "{phase:?}");
    }
}

#[tokio::test]
async fn a_write_that_no_coordinator_has_read_is_unknown_and_was_not_executed() {
    let (cluster, proxy, client) = with_timeout(proxied()).await;
    let _lost = inject(&proxy, &Fault::close(Phase::AfterRead).on(Match::post("/_api/document/*")));

    let write = insert("m", RequestClass::NonIdempotent);
    let error = with_timeout(client.db("_system").execute(write)).await.unwrap_err();

    assert_eq!((error.outcome(), cluster.journal().received("m")), (Outcome::Unknown, 0), "{error}");
    assert_eq!((proxy.journal().received("m"), proxy.journal().forwarded("m")), (1, 0));
}

#[tokio::test]
async fn a_read_whose_response_is_lost_is_repeated() {
    let (cluster, proxy, client) = with_timeout(proxied()).await;
    let lost = Fault::close(Phase::AfterExecution).on(Match::get("/_api/version")).times(1);
    let _lost = proxy.coordinator(0).inject(lost).unwrap();
    cluster.journal().clear();

    with_timeout(client.db("_system").version()).await.unwrap();

    assert_eq!(cluster.journal().executed(), 2);
}

#[tokio::test]
async fn a_write_to_a_killed_proxy_is_executed_once_elsewhere() {
    let (cluster, proxy, client) = with_timeout(proxied()).await;
    proxy.coordinator(0).kill();
    proxy.coordinator(1).kill();

    for number in 0..6 {
        let marker = format!("m-{number}");
        let write = insert(&marker, RequestClass::NonIdempotent);
        with_timeout(client.db("_system").execute(write)).await.unwrap();
        assert_eq!(cluster.journal().executions(&marker), 1);
    }

    assert!(cluster.journal().entries().iter().all(|entry| entry.coordinator == 2));
}
