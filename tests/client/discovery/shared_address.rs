//! One address that leads to several coordinators in turn.

use std::net::SocketAddr;
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::time::{Instant, sleep};

use super::network::SharedAddressConnector;
use super::{MINUTE, client_with_discovery};
use crate::support::{cluster, cluster_with, concurrent_version_calls, insert};

const BOOKS: &str = "/_api/document/books";

#[tokio::test(start_paused = true)]
async fn a_shared_address_is_one_member_that_is_never_ejected() {
    let cluster = cluster().await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    for one in cluster.coordinators() {
        one.advertise(Some("tcp://10.0.0.1:8529"));
    }
    let network = SharedAddressConnector::new(&cluster, address);
    let client =
        client_with_discovery(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!((states.len(), states[0].shared), (1, true));
    // Together with a coordinator that has its own address, the shared address is a separate member.
    let network = SharedAddressConnector::new(&cluster, address);
    let client = client_with_discovery(&cluster).connect(network).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!(states.iter().map(|state| state.shared).collect::<Vec<_>>(), [false, true]);
    cluster.coordinator(1).kill();
    cluster.coordinator(2).kill();
    for _ in 0..20 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(client.coordinators()[1].state, MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_operation_is_not_cached_for_a_shared_address() {
    let cluster = cluster_with(|cluster| cluster.version("3.11")).await;
    cluster.coordinator(1).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    let listed = "tcp://10.0.0.1:8529";
    cluster.coordinators().iter().for_each(|coordinator| coordinator.advertise(Some(listed)));
    let network = SharedAddressConnector::new(&cluster, address);
    let client =
        client_with_discovery(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    assert!(client.coordinators()[0].shared);
    let mut ids = 0;
    for _ in 0..6 {
        // No connection is kept, so each call may reach another coordinator.
        sleep(MINUTE).await;
        match client.cluster().reserve_unique_ids(1).await {
            Ok(_) => ids += 1,
            Err(error) => assert!(error.unsupported().is_none() && error.attempts().len() == 1, "{error}"),
        }
    }
    assert!(ids > 0, "one of three coordinators supports it");
    let executed = cluster.journal().executions_matching(|entry| entry.path == "/_admin/cluster/uniqId");
    assert!(executed >= ids, "{executed} {ids}");
}

/// Returns a client that knows its only address to be shared by all coordinators.
async fn shared_address_client(cluster: &TestCluster) -> Client {
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    for one in cluster.coordinators() {
        one.advertise(Some("tcp://10.0.0.1:8529"));
    }
    let network = SharedAddressConnector::new(cluster, address);
    let client =
        client_with_discovery(cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!((states.len(), states[0].shared), (1, true));
    client
}

#[tokio::test(start_paused = true)]
async fn an_error_at_a_shared_address_is_retried_on_a_new_connection() {
    for class in [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent] {
        let cluster = cluster().await;
        let client = shared_address_client(&cluster).await;
        let books = client.db("_system");
        books.execute(insert("before", class)).await.unwrap();
        let entries = cluster.journal().entries();
        let first = entries.iter().find(|entry| entry.path == BOOKS).unwrap().coordinator;
        // The pooled connection leads to this coordinator.
        let fault = Fault::response(503, 503, "starting up").on(Match::post(BOOKS));
        let fault = cluster.coordinator(first).inject(fault);
        let start = Instant::now();
        let result = books.execute(insert("marked", class)).await;
        assert!(result.is_ok(), "{class:?}: {result:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "a retry on a new connection has no backoff");
        assert_eq!((fault.hits(), cluster.journal().executions("marked")), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn successful_calls_at_a_shared_address_reuse_their_connection() {
    let cluster = cluster().await;
    let client = shared_address_client(&cluster).await;
    client.db("_system").version().await.unwrap();
    let opened = client.coordinators()[0].connections_opened;
    for _ in 0..20 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(client.coordinators()[0].connections_opened, opened);
}

#[tokio::test(start_paused = true)]
async fn the_role_is_not_queried_at_a_shared_address() {
    let cluster = cluster().await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    cluster.coordinators().iter().for_each(|one| one.advertise(Some("tcp://10.0.0.1:8529")));
    let network = SharedAddressConnector::new(&cluster, address);
    let client =
        client_with_discovery(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    assert!(client.coordinators()[0].shared);
    let refusal = Fault::response(403, 403, "you need admin rights").on(Match::get("/_admin/cluster/health"));
    let _refusals = cluster.inject(&refusal);
    assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden);
    let is_role_request = |entry: &arango_test_cluster::Entry| entry.path == "/_admin/server/role";
    assert_eq!(cluster.journal().executions_matching(is_role_request), 0);
}
