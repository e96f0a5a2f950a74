//! Slow responses, and responses that never end.

use std::time::Duration;

use arango_test_cluster::{Fault, Match};
use http::Method;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Session, in_memory};
use crate::raw_connection::RawConnection;

const PAUSE: Duration = Duration::from_secs(1);
const VERSION: &str = "GET /_api/version";

#[tokio::test(start_paused = true)]
async fn a_slow_body_comes_with_an_immediate_head() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::slow_body(10, PAUSE));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    let start = Instant::now();
    raw.send_head(VERSION, "").await;
    let head = raw.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: "), "{head}");
    assert_eq!((start.elapsed(), raw.body().unwrap().len()), (Duration::ZERO, 0));

    raw.read().await;
    assert_eq!((start.elapsed(), raw.body().unwrap().len()), (PAUSE, 10));
    raw.read().await;
    assert_eq!((start.elapsed(), raw.body().unwrap().len()), (PAUSE * 2, 20));
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_slow_body_the_connection_is_reusable() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::slow_body(10, PAUSE).times(1));
    let mut session = Session::connect_in_memory(coordinator).await;
    let (slow, quick) = (session.get("/_api/version").await, session.get("/_api/version").await);

    assert_eq!((slow.json(), coordinator.connections_accepted()), (quick.json(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_paused_coordinator_pauses_a_slow_body() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::slow_body(10, PAUSE));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(VERSION, "").await;
    raw.read_head().await;
    coordinator.pause();
    assert!(timeout(PAUSE * 10, raw.read()).await.is_err());

    coordinator.resume();
    assert!(raw.read().await);
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_sends_no_piece_early() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::slow_head(50, PAUSE));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    let start = Instant::now();
    raw.send_head(VERSION, "").await;
    raw.read().await;
    assert_eq!((start.elapsed(), raw.received.len()), (PAUSE, 50));
    raw.read().await;
    assert_eq!((start.elapsed(), raw.received.len()), (PAUSE * 2, 100));

    let response = raw.read_to_end().await;
    assert!(response.contains("Connection: Close\r\n") && response.ends_with('}'), "{response}");
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_parses_a_slow_head() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _slow = coordinator.inject(Fault::slow_head(7, PAUSE).on(Match::get("/_api/version")));
    let mut session = Session::connect_in_memory(coordinator).await;

    assert_eq!(session.get("/_api/version").await.json()["server"], "arango");
}

#[tokio::test(start_paused = true)]
async fn a_stall_sends_the_given_bytes_of_the_body_and_then_nothing() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _stall = coordinator.inject(Fault::stall(5));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(VERSION, "").await;
    let ended = timeout(Duration::from_secs(3600), raw.read_to_end()).await;
    assert!(ended.is_err());
    assert_eq!((raw.body().unwrap().len(), coordinator.open_connections()), (5, 1));
    assert_eq!(cluster.journal().executions("m"), 1);

    drop(raw);
    sleep(PAUSE).await;
    assert_eq!(coordinator.open_connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stall_never_completes_a_response() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _stall = coordinator.inject(Fault::stall(usize::MAX));
    let mut session = Session::connect_in_memory(coordinator).await;
    let request = session.request_with_marker(Method::GET, "/_api/version", "m", "");
    assert!(timeout(Duration::from_secs(3600), request).await.is_err());

    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head("HEAD /_api/version", "").await;
    assert!(timeout(PAUSE, raw.read_to_end()).await.is_err());
    assert!(raw.text().starts_with("HTTP/1.1 200 OK\r\n") && raw.body().is_none(), "{}", raw.text());
}

#[tokio::test(start_paused = true)]
async fn a_kill_ends_a_stall() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _stall = coordinator.inject(Fault::stall(5));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(VERSION, "").await;
    raw.read_head().await;
    coordinator.kill();

    assert!(timeout(PAUSE, raw.read_to_end()).await.is_ok());
}
