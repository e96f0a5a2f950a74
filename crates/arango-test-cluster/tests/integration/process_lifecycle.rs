//! Killing, restarting, pausing, refusing.

use std::io::{ErrorKind, Read as _};
use std::time::Duration;

use arango_test_cluster::{Fault, TestCluster};
use http::Method;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::{Session, in_memory};

async fn on_sockets() -> TestCluster {
    TestCluster::builder().start().await.expect("a cluster on sockets starts")
}

#[tokio::test]
async fn a_killed_port_refuses_and_comes_back_with_the_same_id() {
    let cluster = on_sockets().await;
    let coordinator = cluster.coordinator(1);
    let (id, address) = (coordinator.id().to_owned(), coordinator.address());

    coordinator.kill();
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(!coordinator.is_up());

    coordinator.restart().await.unwrap();
    assert_eq!((coordinator.address(), coordinator.is_up()), (address, true));
    let mut session = Session::connect_tcp(coordinator).await;
    assert_eq!(session.get("/_admin/server/id").await.json()["id"], *id);
    let status = session.get("/_admin/status").await.json();
    assert_eq!(status["serverInfo"]["rebootId"], 2);
}

#[tokio::test]
async fn the_port_of_a_killed_coordinator_stays_reserved() {
    let cluster = on_sockets().await;
    let coordinator = cluster.coordinator(0);
    Session::connect_tcp(coordinator).await.get("/_api/version").await;
    coordinator.kill();

    let taken = std::net::TcpListener::bind(coordinator.address()).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    coordinator.restart().await.unwrap();
}

#[tokio::test]
async fn a_kill_drops_every_connection_before_it_returns() {
    let cluster = on_sockets().await;
    let coordinator = cluster.coordinator(0);
    let mut idle = std::net::TcpStream::connect(coordinator.address()).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    Session::connect_tcp(coordinator).await.get("/_api/version").await;
    while coordinator.open_connections() < 1 {
        tokio::task::yield_now().await;
    }

    coordinator.kill();

    assert_eq!(coordinator.open_connections(), 0);
    // Blocking, so that no task of the cluster can run meanwhile: the kill itself must close the socket.
    match idle.read(&mut [0; 1]) {
        Ok(read) => assert_eq!(read, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_not_applied_before_a_kill_is_never_applied() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::latency(Duration::from_secs(1)));
    let mut session = Session::connect_in_memory(coordinator).await;
    let response = tokio::spawn(async move {
        session.request_with_marker(Method::GET, "/_api/version", "m", "").await.is_err()
    });
    sleep(Duration::from_millis(500)).await;

    coordinator.kill();

    assert!(response.await.unwrap());
    sleep(Duration::from_secs(10)).await;
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_executed_even_if_the_client_has_disconnected() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::latency(Duration::from_secs(1)));
    let mut session = Session::connect_in_memory(coordinator).await;
    let timed_out = timeout(
        Duration::from_millis(100),
        session.request_with_marker(Method::GET, "/_api/version", "m", ""),
    )
    .await;
    assert!(timed_out.is_err());
    drop(session);
    assert_eq!(cluster.journal().executions("m"), 0);

    sleep(Duration::from_secs(2)).await;
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_coordinator_accepts_and_responds_only_when_resumed() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    coordinator.pause();
    let mut session = Session::connect_in_memory(coordinator).await;
    let response =
        tokio::spawn(async move { session.request_with_marker(Method::GET, "/_api/version", "m", "").await });
    sleep(Duration::from_secs(60)).await;
    assert!(!response.is_finished());
    assert_eq!((coordinator.connections_accepted(), cluster.journal().received("m")), (1, 0));

    coordinator.resume();
    assert_eq!(response.await.unwrap().unwrap().status, 200);
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test]
async fn a_refusing_coordinator_keeps_the_connections_it_has() {
    let cluster = on_sockets().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_tcp(coordinator).await;
    session.get("/_api/version").await;

    let refusing = coordinator.refuse();
    let refused = TcpStream::connect(coordinator.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(coordinator.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(session.get("/_api/version").await.status, 200);

    drop(refusing);
    assert_eq!(Session::connect_tcp(coordinator).await.get("/_api/version").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn shutdown_responds_first_and_then_stops_that_coordinator_alone() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.delete("/_admin/shutdown").await.json(), json!("OK"));
    let refused = session.get("/_api/version").await;
    assert_eq!((refused.status, refused.error_num()), (503, 30));

    sleep(Duration::from_secs(3)).await;
    assert!(!cluster.coordinator(0).is_up());
    assert_eq!(cluster.coordinator(0).connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(cluster.coordinator(1).is_up());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_at_the_keep_alive_timeout() {
    let cluster =
        TestCluster::builder().in_memory().keep_alive(Duration::from_secs(30)).start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    sleep(Duration::from_secs(20)).await;
    session.get("/_api/version").await;
    sleep(Duration::from_secs(29)).await;
    assert_eq!(coordinator.open_connections(), 1);

    sleep(Duration::from_secs(2)).await;
    assert_eq!(coordinator.open_connections(), 0);
}

#[tokio::test]
async fn two_clusters_with_one_seed_have_the_same_ids() {
    let (one, other) = (in_memory().await, in_memory().await);

    assert_eq!(one.db_server_ids(), other.db_server_ids());
    assert_eq!(one.coordinator(2).id(), other.coordinator(2).id());
    assert!(one.coordinator(2).id().starts_with("CRDN-") && one.agent_ids()[0].starts_with("AGNT-"));
}

#[tokio::test]
async fn a_port_already_in_use_is_an_error() {
    let cluster = on_sockets().await;
    let taken = cluster.coordinator(0).address().port();

    assert!(TestCluster::builder().ports([taken]).start().await.is_err());
}

#[tokio::test]
async fn a_dropped_cluster_stops_listening() {
    let cluster = on_sockets().await;
    let address = cluster.coordinator(0).address();
    drop(cluster);

    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
