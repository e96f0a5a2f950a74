//! Each fault, as a client and as the journal see it.

use std::io::ErrorKind;
use std::time::Duration;

use arango_test_cluster::{Close, Coordinator, Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::client::{Session, basic, in_memory};
use crate::raw_connection::RawConnection;

/// Returns all that is received for one request, and how the connection ended.
async fn raw_request(coordinator: &Coordinator) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(coordinator.address()).await.expect("the coordinator listens");
    let request = format!(
        "GET /_api/version HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nX-Sim-Marker: m\r\n\r\n",
        basic("root", "passwd")
    );
    stream.write_all(request.as_bytes()).await.expect("a small request fits the buffer");
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    let end = loop {
        match stream.read(&mut buffer).await {
            Ok(0) => break None,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) => break Some(error.kind()),
        }
    };
    (String::from_utf8_lossy(&seen).into_owned(), end)
}

#[tokio::test]
async fn each_phase_of_a_close_has_its_documented_effect() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let journal = cluster.journal();
    for (phase, received, executed) in [
        (Phase::BeforeRead, 0, 0),
        (Phase::AfterRead, 1, 0),
        (Phase::AfterExecution, 1, 1),
        (Phase::InHead, 1, 1),
        (Phase::InBody, 1, 1),
    ] {
        for how in [Close::Fin, Close::Rst] {
            journal.clear();
            let fault = coordinator.inject(Fault::close(phase).close_mode(how));
            let (seen, end) = raw_request(coordinator).await;

            assert_eq!((journal.received("m"), journal.executions("m")), (received, executed), "{phase:?}");
            assert_eq!(fault.hits(), 1);
            let expected = if how == Close::Rst { Some(ErrorKind::ConnectionReset) } else { None };
            assert_eq!(end, expected, "{phase:?} {how:?}");
            let (has_status, has_head) = (seen.starts_with("HTTP/1.1 200 OK\r\n"), seen.contains("\r\n\r\n"));
            match phase {
                Phase::InHead => assert!(has_status && !has_head, "{seen}"),
                Phase::InBody => assert!(has_head && !seen.ends_with(['}', '\n']), "{seen}"),
                _ => assert_eq!(seen, ""),
            }
        }
    }
    let mut session = Session::connect_tcp(coordinator).await;
    assert_eq!(session.get("/_api/version").await.status, 200, "the faults ended with their guards");
}

#[tokio::test]
async fn a_truncated_body_ends_at_the_very_byte() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let (whole, _) = {
        let _close = coordinator.inject(Fault::slow_head(usize::MAX, Duration::ZERO));
        raw_request(coordinator).await
    };
    let announced = whole.split_once("\r\n\r\n").unwrap().1;
    for how in [Close::Fin, Close::Rst] {
        for (after, length) in [(0, 0), (7, 7), (usize::MAX, announced.len() - 1)] {
            cluster.journal().clear();
            let _short = coordinator.inject(Fault::truncate(after).close_mode(how));
            let (seen, end) = raw_request(coordinator).await;
            let (head, body) = seen.split_once("\r\n\r\n").unwrap();

            assert!(head.contains(&format!("Content-Length: {}", announced.len())), "{head}");
            assert_eq!(body, &announced[..length]);
            assert_eq!(end.is_some(), how == Close::Rst);
            assert_eq!(cluster.journal().executions("m"), 1);
        }
    }
}

#[tokio::test]
async fn garbage_is_rejected_by_an_http_parser() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _garbage = coordinator.inject(Fault::garbage().times(1));
    let mut session = Session::connect_in_memory(coordinator).await;
    let error = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.err().unwrap();

    assert!(error.is_parse(), "{error:?}");
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test]
async fn a_huge_head_is_too_large_for_a_parser() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _huge = coordinator.inject(Fault::huge_head().times(1));
    let mut session = Session::connect_in_memory(coordinator).await;
    let error = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.err().unwrap();

    assert!(error.is_parse_too_large(), "{error:?}");
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test]
async fn bad_chunks_come_after_a_valid_head() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _fault = coordinator.inject(Fault::bad_chunks().times(2));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head("GET /_api/version", "").await;
    let seen = raw.read_to_end().await;
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\n") && seen.ends_with("\r\nnot a size\r\n"), "{seen}");
    assert_eq!(cluster.journal().executions("m"), 1);

    let error = Session::connect_in_memory(coordinator)
        .await
        .request(Method::GET, "/_api/version", "")
        .await
        .err()
        .unwrap();
    assert!(!error.is_parse(), "the head was valid: {error:?}");
}

#[tokio::test]
async fn a_scripted_error_is_not_executed_and_looks_like_the_servers_own() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let full = Fault::response(503, 21003, "queue is full")
        .header("x-extra", "1")
        .on(Match::get("/_api/*"))
        .times(1);
    let _full = coordinator.inject(full);
    let mut session = Session::connect_in_memory(coordinator).await;
    let refused =
        session.request_with_marker(Method::GET, "/_db/_system/_api/version", "m", "").await.unwrap();

    assert_eq!((refused.status, refused.error_num()), (503, 21003));
    assert!(refused.headers["server"] == "ArangoDB" && refused.headers["x-extra"] == "1");
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 0));
    assert_eq!(cluster.journal().entries()[0].status, Some(503));
    assert_eq!(session.get("/_api/version").await.status, 200);
}

#[tokio::test]
async fn a_scripted_response_after_execution_hides_the_execution() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let fault = Fault::response(503, 1465, "cluster internal HTTP connection broken").after_execution();
    let _fault = coordinator.inject(fault.on(Match::post("/_api/collection")));
    let mut session = Session::connect_in_memory(coordinator).await;
    let body = json!({ "name": "books" }).to_string();
    let response = session.request_with_marker(Method::POST, "/_api/collection", "m", &body).await.unwrap();

    assert_eq!((response.status, cluster.journal().executions("m")), (503, 1));
    assert_eq!(session.get("/_api/collection/books").await.status, 200);
}

#[tokio::test]
async fn a_raw_response_has_no_arangodb_headers() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let proxy = Fault::raw_response(502, "text/html", "<html>Bad Gateway</html>").header("retry-after", "1");
    let _proxy = coordinator.inject(proxy);
    let response = Session::connect_in_memory(coordinator).await.get("/_api/version").await;

    assert_eq!((response.status, response.body.as_ref()), (502, b"<html>Bad Gateway</html>".as_ref()));
    assert!(!response.headers.contains_key("server") && response.headers["retry-after"] == "1");
}

#[tokio::test(start_paused = true)]
async fn latency_comes_before_the_execution() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let slow = coordinator.inject(Fault::latency(Duration::from_millis(700)).on(Match::get("/_api/version")));
    let mut session = Session::connect_in_memory(coordinator).await;
    let start = Instant::now();
    session.get("/_admin/server/id").await;
    assert_eq!(start.elapsed(), Duration::ZERO);

    session.get("/_api/version").await;
    assert_eq!((start.elapsed(), slow.hits()), (Duration::from_millis(700), 1));
}

#[tokio::test(start_paused = true)]
async fn a_hang_executes_and_keeps_the_connection_open() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _hang = coordinator.inject(Fault::hang());
    let mut session = Session::connect_in_memory(coordinator).await;
    let result = timeout(
        Duration::from_secs(3600),
        session.request_with_marker(Method::GET, "/_api/version", "m", ""),
    )
    .await;

    assert!(result.is_err());
    assert_eq!((cluster.journal().executions("m"), coordinator.open_connections()), (1, 1));
}
