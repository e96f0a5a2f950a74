//! HTTP/2 on the same port: streams, faults, limits.

use std::error::Error as _;
use std::time::Duration;

use arango_test_cluster::{Close, Coordinator, Fault, Match, Phase, ResetReason, TestCluster};
use bytes::Bytes;
use h2::Reason;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::client::{basic, in_memory};

type Sender = SendRequest<Full<Bytes>>;

/// Opens an in-memory connection with prior knowledge. Returns it and the task that drives it.
async fn connect_h2(coordinator: &Coordinator) -> (Sender, JoinHandle<Result<(), hyper::Error>>) {
    let io = TokioIo::new(coordinator.connect().expect("the coordinator accepts connections"));
    let (sender, connection) =
        handshake(TokioExecutor::new(), io).await.expect("HTTP/2 with prior knowledge");
    (sender, tokio::spawn(connection))
}

/// Requests the version, with the marker `m`.
async fn send_request(sender: &mut Sender) -> Result<Response<Incoming>, hyper::Error> {
    let request = Request::get("http://cluster/_api/version")
        .header("authorization", basic("root", "passwd"))
        .header("x-sim-marker", "m")
        .body(Full::default())
        .expect("a well-formed request");
    sender.send_request(request).await
}

/// Returns the HTTP/2 error inside hyper's error.
fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}

fn reason(error: &hyper::Error) -> Option<Reason> {
    h2_error(error)?.reason()
}

#[tokio::test]
async fn both_protocols_are_served_on_the_same_port() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let mut old = crate::client::Session::connect_tcp(coordinator).await;
    assert_eq!(old.get("/_api/version").await.status, 200);

    let io = TokioIo::new(TcpStream::connect(coordinator.address()).await.unwrap());
    let (mut sender, connection) = handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let response = send_request(&mut sender).await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
    assert!(!response.headers().contains_key("connection") && response.headers()["server"] == "ArangoDB");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["version"].is_string());
    assert_eq!((cluster.journal().executions("m"), coordinator.connections_accepted()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn requests_of_one_connection_are_handled_concurrently() {
    let cluster = in_memory().await;
    let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    let (sender, _connection) = connect_h2(cluster.coordinator(0)).await;
    let began = tokio::time::Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..32 {
        let mut sender = sender.clone();
        calls.spawn(async move { send_request(&mut sender).await.unwrap().status() });
    }
    assert!(calls.join_all().await.into_iter().all(|status| status == 200));
    assert_eq!((began.elapsed(), cluster.coordinator(0).connections_accepted()), (Duration::from_secs(1), 1));
}

#[tokio::test(start_paused = true)]
async fn no_more_streams_are_allowed_than_the_builder_says() {
    for streams in [1, 32] {
        let cluster =
            TestCluster::builder().in_memory().max_concurrent_streams(streams).start().await.unwrap();
        let io = TokioIo::new(cluster.coordinator(0).connect().unwrap());
        let handshake = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .initial_max_send_streams(100)
            .handshake::<_, Full<Bytes>>(io);
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::pin!(connection);
        tokio::select! {
            _ = &mut connection => panic!("the connection has ended"),
            response = send_request(&mut sender) => assert!(response.is_ok()),
        }
        assert_eq!(connection.current_max_send_streams(), streams as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_ends_one_stream_in_its_phase_and_leaves_the_connection() {
    let cluster = in_memory().await;
    let journal = cluster.journal();
    let (mut sender, connection) = connect_h2(cluster.coordinator(0)).await;
    for (phase, received, executed) in [
        (Phase::BeforeRead, 0, 0),
        (Phase::AfterRead, 1, 0),
        (Phase::AfterExecution, 1, 1),
        (Phase::InHead, 1, 1),
        (Phase::InBody, 1, 1),
    ] {
        for (how, expected) in [
            (ResetReason::REFUSED_STREAM, Reason::REFUSED_STREAM),
            (ResetReason::ENHANCE_YOUR_CALM, Reason::ENHANCE_YOUR_CALM),
            (ResetReason::new(13), Reason::HTTP_1_1_REQUIRED),
        ] {
            journal.clear();
            let fault = cluster.coordinator(0).inject(Fault::reset_stream(phase, how).times(1));
            let error = match send_request(&mut sender).await {
                Err(error) => error,
                Ok(response) => {
                    assert_eq!((phase, response.status().as_u16()), (Phase::InBody, 200));
                    response.into_body().collect().await.unwrap_err()
                }
            };
            assert_eq!((reason(&error), fault.hits()), (Some(expected), 1), "{phase:?}");
            assert_eq!((journal.received("m"), journal.executions("m")), (received, executed), "{phase:?}");
        }
    }
    assert!(send_request(&mut sender).await.is_ok() && !connection.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_goaway_completes_running_streams_and_refuses_new_ones() {
    let cluster = in_memory().await;
    let _bye = cluster.coordinator(0).inject(Fault::goaway().times(1));
    let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    let (mut sender, connection) = connect_h2(cluster.coordinator(0)).await;
    let mut other = sender.clone();
    let first = tokio::spawn(async move { send_request(&mut other).await });
    sleep(Duration::from_millis(500)).await;
    assert!(send_request(&mut sender).await.is_err() && !first.is_finished());
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert!(timeout(Duration::from_secs(1), connection).await.is_ok());
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unprocessed_request_gets_a_goaway_and_is_not_executed() {
    let cluster = in_memory().await;
    let (mut sender, _connection) = connect_h2(cluster.coordinator(0)).await;
    send_request(&mut sender).await.unwrap();
    cluster.journal().clear();
    let _fault = cluster.coordinator(0).inject(Fault::goaway_unprocessed());
    let error = send_request(&mut sender).await.unwrap_err();
    let of_h2 = h2_error(&error).expect("an HTTP/2 error");
    assert!(of_h2.is_go_away() && of_h2.is_remote(), "{error:?}");
    assert_eq!((cluster.journal().executions("m"), cluster.coordinator(0).open_connections()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_the_connection_with_all_its_streams() {
    for phase in [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead] {
        let cluster = in_memory().await;
        let (mut sender, connection) = connect_h2(cluster.coordinator(0)).await;
        let mut other = sender.clone();
        let slow = Fault::latency(Duration::from_secs(9)).times(1);
        let slow = cluster.coordinator(0).inject(slow);
        let waits = tokio::spawn(async move { send_request(&mut other).await });
        sleep(Duration::from_secs(1)).await;
        drop(slow);
        let _close = cluster.coordinator(0).inject(Fault::close(phase).close_mode(Close::Fin));
        for error in [send_request(&mut sender).await.unwrap_err(), waits.await.unwrap().unwrap_err()] {
            assert_eq!(reason(&error), None, "{error:?}");
        }
        assert!(connection.await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_coordinator_does_not_respond_to_pings() {
    let cluster = in_memory().await;
    for paused in [false, true] {
        let (mut sender, connection) =
            h2::client::handshake(cluster.coordinator(0).connect().unwrap()).await.unwrap();
        let mut connection = connection;
        let mut pings = connection.ping_pong().unwrap();
        let driver = tokio::spawn(connection);
        let request = Request::get("http://cluster/_api/version").body(()).unwrap();
        sender.send_request(request, true).unwrap().0.await.unwrap();
        if paused {
            cluster.coordinator(0).pause();
        }
        let pong = timeout(Duration::from_secs(60), pings.ping(h2::Ping::opaque())).await;
        assert_eq!(pong.is_err(), paused);
        cluster.coordinator(0).resume();
        driver.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn stalled_or_truncated_bodies_affect_only_their_stream() {
    let cluster = in_memory().await;
    let (mut sender, _connection) = connect_h2(cluster.coordinator(0)).await;
    for (fault, length) in
        [(Fault::stall(7), None), (Fault::truncate(7), None), (Fault::padded(1 << 20), Some(1 << 20))]
    {
        let _fault = cluster.coordinator(0).inject(fault.on(Match::get("/_api/version")));
        let body = send_request(&mut sender).await.unwrap().into_body().collect();
        let body = timeout(Duration::from_secs(60), body).await;
        let read = body.ok().and_then(Result::ok).map(|body| body.to_bytes().len());
        assert_eq!(read, length);
    }
    assert!(send_request(&mut sender).await.is_ok());
}
