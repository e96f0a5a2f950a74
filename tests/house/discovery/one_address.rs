//! One address behind which several coordinators answer, now one and now another.

use std::net::SocketAddr;
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::time::{Instant, sleep};

use super::network::OneAddress;
use super::{MINUTE, looking};
use crate::support::{ask_at_once, cluster, cluster_with, insert};

const BOOKS: &str = "/_api/document/books";

#[tokio::test(start_paused = true)]
async fn one_address_for_all_is_one_member_that_is_never_left_out() {
    let cluster = cluster().await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    for one in cluster.coordinators() {
        one.advertise(Some("tcp://10.0.0.1:8529"));
    }
    let network = OneAddress::of(&cluster, address);
    let client = looking(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!((states.len(), states[0].shared), (1, true));
    // Beside a coordinator of its own address it is another member, whatever is behind it.
    let network = OneAddress::of(&cluster, address);
    let client = looking(&cluster).connect(network).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!(states.iter().map(|state| state.shared).collect::<Vec<_>>(), [false, true]);
    cluster.coordinator(1).kill();
    cluster.coordinator(2).kill();
    for _ in 0..20 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(client.coordinators()[1].standing, MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn what_one_lacks_is_not_held_against_all_who_answer_at_its_address() {
    let cluster = cluster_with(|cluster| cluster.version("3.11")).await;
    cluster.coordinator(1).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    let listed = "tcp://10.0.0.1:8529";
    cluster.coordinators().iter().for_each(|coordinator| coordinator.advertise(Some(listed)));
    let network = OneAddress::of(&cluster, address);
    let client = looking(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    assert!(client.coordinators()[0].shared);
    let mut ids = 0;
    for _ in 0..6 {
        // No connection is kept, so each is another's.
        sleep(MINUTE).await;
        match client.cluster().reserve_unique_ids(1).await {
            Ok(_) => ids += 1,
            Err(error) => assert!(error.unsupported().is_none() && error.attempts().len() == 1, "{error}"),
        }
    }
    assert!(ids > 0, "one of three has it");
    let executed = cluster.journal().executions_by(|entry| entry.path == "/_admin/cluster/uniqId");
    assert!(executed >= ids, "{executed} {ids}");
}

/// A client that knows that all coordinators answer at the one address it was told of.
async fn behind_one_address(cluster: &TestCluster) -> Client {
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    for one in cluster.coordinators() {
        one.advertise(Some("tcp://10.0.0.1:8529"));
    }
    let network = OneAddress::of(cluster, address);
    let client = looking(cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    let states = client.coordinators();
    assert_eq!((states.len(), states[0].shared), (1, true));
    client
}

#[tokio::test(start_paused = true)]
async fn what_one_at_a_shared_address_refuses_is_asked_of_another_there_at_once() {
    for class in [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent] {
        let cluster = cluster().await;
        let client = behind_one_address(&cluster).await;
        let books = client.db("_system");
        books.execute(insert("before", class)).await.unwrap();
        let entries = cluster.journal().entries();
        let first = entries.iter().find(|entry| entry.path == BOOKS).unwrap().coordinator;
        // The connection that is kept leads to it.
        let fault = Fault::answer(503, 503, "starting up").on(Match::post(BOOKS));
        let fault = cluster.coordinator(first).inject(fault);
        let began = Instant::now();
        let answered = books.execute(insert("marked", class)).await;
        assert!(answered.is_ok(), "{class:?}: {answered:?}");
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits for one that is not asked again");
        assert_eq!((fault.hits(), cluster.journal().executions("marked")), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_at_a_shared_address_that_are_answered_keep_to_their_connection() {
    let cluster = cluster().await;
    let client = behind_one_address(&cluster).await;
    client.db("_system").version().await.unwrap();
    let opened = client.coordinators()[0].connections_opened;
    for _ in 0..20 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(client.coordinators()[0].connections_opened, opened);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_asked_for_its_role_where_several_answer_at_its_address() {
    let cluster = cluster().await;
    let address: SocketAddr = "10.0.0.1:8529".parse().unwrap();
    cluster.coordinators().iter().for_each(|one| one.advertise(Some("tcp://10.0.0.1:8529")));
    let network = OneAddress::of(&cluster, address);
    let client = looking(&cluster).hosts("http://10.0.0.1:8529").connect(network).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    assert!(client.coordinators()[0].shared);
    let refusal = Fault::answer(403, 403, "you need admin rights").on(Match::get("/_admin/cluster/health"));
    let _refusals: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(refusal.clone())).collect();
    assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden);
    let asked = |entry: &arango_test_cluster::Entry| entry.path == "/_admin/server/role";
    assert_eq!(cluster.journal().executions_by(asked), 0);
}
