//! Calls over Unix sockets.

use std::path::Path;

use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::support::insert;

/// Connects this socket path to a coordinator.
fn serve_on_socket(path: &Path, coordinator: &Coordinator) -> JoinHandle<()> {
    let (listener, coordinator) = (UnixListener::bind(path).unwrap(), coordinator.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            coordinator.serve(stream);
        }
    })
}

#[tokio::test]
async fn unix_socket_and_tcp_coordinators_share_the_calls() {
    let cluster = TestCluster::builder().coordinators(3).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one.sock"), directory.path().join("two.sock"));
    let _servers =
        [serve_on_socket(&one, cluster.coordinator(0)), serve_on_socket(&two, cluster.coordinator(1))];
    let encoded = two.to_str().unwrap().replace('/', "%2F");
    let hosts = format!("unix://{},http+unix://{encoded},{}", one.display(), cluster.coordinator(2).url());
    let client = Client::builder().hosts(hosts).jwt_auth("root", cluster.root_password()).build().unwrap();
    for _ in 0..6 {
        client.cluster().server_id().await.unwrap();
    }
    let calls: Vec<usize> = (0..3).map(|index| cluster.journal().requests_to(index)).collect();
    assert_eq!(calls.iter().sum::<usize>(), 7, "six calls and a login: {calls:?}");
    assert!(calls.iter().all(|calls| *calls >= 2), "{calls:?}");
    assert_eq!(client.coordinators()[0].address.to_string(), format!("unix://{}", one.display()));
}

#[tokio::test]
async fn a_unix_socket_without_listener_fails_over_and_is_named() {
    let cluster = TestCluster::builder().coordinators(1).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (stale, missing) = (directory.path().join("left.sock"), directory.path().join("missing.sock"));
    drop(UnixListener::bind(&stale).unwrap());
    for path in [stale, missing] {
        let path = format!("unix://{}", path.display());
        let build = |hosts: String| {
            Client::builder().hosts(hosts).basic_auth("root", cluster.root_password()).build().unwrap()
        };
        let alone = build(path.clone());
        let error = alone.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectRefused, Outcome::NotExecuted));
        assert!(error.report().to_string().contains(&path), "{}", error.report());
        build(format!("{path},{}", cluster.coordinator(0).url())).db("_system").version().await.unwrap();
    }
}
