//! Proxies and coordinators that end, return and pause.

use std::io::ErrorKind;

use arango_test_cluster::{ClusterProxy, ProxyError};
use http::Method;
use tokio::net::TcpStream;

use super::{proxied, raw_request, read_to_end, session, settle, wait_until};

#[tokio::test]
async fn a_killed_proxy_refuses_connections_until_its_restart_and_keeps_its_port() {
    let (_cluster, proxy) = proxied().await;
    let proxy = proxy.coordinator(0);
    let mut open = session(proxy.address()).await;
    open.get("/_api/version").await;

    proxy.kill();

    assert!(open.request(Method::GET, "/_api/version", "").await.is_err());
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!((refused.kind(), proxy.is_up()), (ErrorKind::ConnectionRefused, false));
    proxy.restart().unwrap();
    assert_eq!(session(proxy.address()).await.get("/_api/version").await.status, 200);
}

#[tokio::test]
async fn a_client_of_a_coordinator_that_is_down_is_reset_before_a_response() {
    let (cluster, proxy) = proxied().await;
    cluster.coordinator(0).kill();

    let (seen, end) = raw_request(proxy.coordinator(0).address()).await;

    assert_eq!(seen, "");
    assert!(end.is_some(), "it is a reset, not an end");
    assert_eq!(proxy.journal().exchanges(), []);
}

#[tokio::test]
async fn a_connection_ends_when_the_coordinator_closes_its_side() {
    let (cluster, proxy) = proxied().await;
    let mut stream = TcpStream::connect(proxy.coordinator(0).address()).await.unwrap();
    let mut busy = session(proxy.coordinator(0).address()).await;
    busy.get("/_api/version").await;
    tokio::io::AsyncWriteExt::write_all(
        &mut stream,
        b"GET /_admin/server/availability HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    .await
    .unwrap();
    wait_until(|| proxy.journal().exchanges().get(1).is_some_and(|second| second.status.is_some())).await;

    cluster.coordinator(0).kill();

    let (seen, _) = read_to_end(&mut stream).await;
    assert!(seen.starts_with("HTTP/1.1 200 OK"), "{seen}");
    assert!(busy.request(Method::GET, "/_api/version", "").await.is_err());
    wait_until(|| proxy.coordinator(0).open_connections() == 0).await;
}

#[tokio::test]
async fn a_paused_proxy_accepts_connections_and_passes_on_nothing_until_it_is_resumed() {
    let (cluster, proxy) = proxied().await;
    let address = proxy.coordinator(0).address();
    proxy.coordinator(0).pause();
    let request = tokio::spawn(async move { session(address).await.get("/_api/version").await.status });
    wait_until(|| proxy.coordinator(0).open_connections() > 0).await;
    settle().await;

    assert!(!request.is_finished() && cluster.journal().entries().is_empty());
    proxy.coordinator(0).resume();
    assert_eq!(request.await.unwrap(), 200);
}

#[tokio::test]
async fn dropping_the_proxies_ends_them_with_all_connections() {
    let (_cluster, proxy) = proxied().await;
    let address = proxy.coordinator(0).address();
    let mut open = session(address).await;
    open.get("/_api/version").await;

    drop(proxy);

    assert!(open.request(Method::GET, "/_api/version", "").await.is_err());
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_url_that_is_none_and_a_port_in_use_are_errors() {
    let invalid = ClusterProxy::start(["127.0.0.1:8529"]).unwrap_err();
    assert!(matches!(invalid, ProxyError::InvalidUrl { .. }), "{invalid}");

    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let in_use = ClusterProxy::start_on(["http://127.0.0.1:1"], &[port]).unwrap_err();
    assert!(matches!(in_use, ProxyError::Listen { .. }) && in_use.to_string().contains(&port.to_string()));
}
