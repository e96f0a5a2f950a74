//! Faults of requests and responses over HTTP/1.1, as a client and as the coordinator behind the proxy see them.

use std::io::ErrorKind;
use std::time::Duration;

use arango_test_cluster::{Close, Fault, Match, Phase};
use http::{Method, Request};
use serde_json::json;

use super::{proxied, raw_request, session, settle, wait_until};

#[tokio::test]
async fn without_a_fault_requests_and_responses_pass_unchanged() {
    let (cluster, proxy) = proxied().await;
    let mut direct = session(cluster.coordinator(0).address()).await;
    let mut proxied = session(proxy.coordinator(0).address()).await;
    direct.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "_key": "dune", "text": "x".repeat(200_000) });

    assert_eq!(proxied.post("/_api/document/books", &body).await.status, 202);
    for (method, path) in [
        (Method::GET, "/_api/document/books/dune"),
        (Method::HEAD, "/_api/document/books/dune"),
        (Method::GET, "/_api/document/books/none"),
        (Method::GET, "/_db/none/_api/version"),
    ] {
        let seen = proxied.request(method.clone(), path, "").await.unwrap();
        let wanted = direct.request(method, path, "").await.unwrap();
        assert_eq!((seen.status, &seen.body), (wanted.status, &wanted.body), "{path}");
        assert_eq!(seen.headers, wanted.headers, "{path}");
    }
}

#[tokio::test]
async fn each_phase_of_a_close_has_the_effect_that_it_has_at_a_coordinator() {
    let (cluster, proxy) = proxied().await;
    let (journal, traffic) = (cluster.journal(), proxy.journal());
    for (phase, received, executed) in [
        (Phase::BeforeRead, 0, 0),
        (Phase::AfterRead, 1, 0),
        (Phase::AfterExecution, 1, 1),
        (Phase::InHead, 1, 1),
        (Phase::InBody, 1, 1),
    ] {
        for how in [Close::Fin, Close::Rst] {
            journal.clear();
            traffic.clear();
            let fault = proxy.coordinator(0).inject(Fault::close(phase).close_mode(how)).unwrap();
            let (seen, end) = raw_request(proxy.coordinator(0).address()).await;

            assert_eq!(journal.executions("m"), executed, "{phase:?}");
            assert_eq!((traffic.received("m"), traffic.forwarded("m")), (received, executed), "{phase:?}");
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
    let mut session = session(proxy.coordinator(0).address()).await;
    assert_eq!(session.get("/_api/version").await.status, 200, "the faults ended with their guards");
}

#[tokio::test]
async fn a_fault_affects_only_the_requests_that_it_matches_and_as_often_as_it_says() {
    let (cluster, proxy) = proxied().await;
    let full = Fault::response(503, 21003, "queue is full").on(Match::get("/_api/version")).times(1);
    let full = proxy.coordinator(0).inject(full).unwrap();
    let mut session = session(proxy.coordinator(0).address()).await;

    assert_eq!(session.get("/_api/collection").await.status, 200);
    let refused = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (503, 21003));
    assert_eq!(session.get("/_api/version").await.status, 200);

    assert_eq!((full.hits(), cluster.journal().received("m")), (1, 0));
}

#[tokio::test]
async fn a_response_after_execution_hides_that_of_the_coordinator() {
    let (cluster, proxy) = proxied().await;
    let fault = Fault::raw_response(502, "text/html", "<html>Bad Gateway</html>").after_execution();
    let _fault = proxy.coordinator(0).inject(fault).unwrap();
    let mut session = session(proxy.coordinator(0).address()).await;

    let response = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.unwrap();

    assert_eq!((response.status, &response.body[..]), (502, &b"<html>Bad Gateway</html>"[..]));
    assert!(!response.headers.contains_key("server"));
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test]
async fn an_early_response_is_not_passed_on() {
    let (cluster, proxy) = proxied().await;
    let _fault = proxy.coordinator(0).inject(Fault::early_response(413, 413, "too large")).unwrap();
    let mut session = session(proxy.coordinator(0).address()).await;

    let refused = session.request_with_marker(Method::POST, "/_api/document/c", "m", "{}").await.unwrap();

    assert_eq!((refused.status, cluster.journal().received("m"), proxy.journal().received("m")), (413, 0, 1));
}

#[tokio::test]
async fn garbage_and_cut_bodies_are_no_responses() {
    let (cluster, proxy) = proxied().await;
    let proxy = proxy.coordinator(0);
    for (fault, is_parse) in [
        (Fault::garbage(), true),
        (Fault::huge_head(), true),
        (Fault::bad_chunks(), false),
        (Fault::truncate(3), false),
    ] {
        let _fault = proxy.inject(fault.clone()).unwrap();
        cluster.journal().clear();
        let mut session = session(proxy.address()).await;
        let error = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.err().unwrap();

        assert_eq!(error.is_parse() || error.is_parse_too_large(), is_parse, "{fault:?}: {error:?}");
        assert_eq!(cluster.journal().executions("m"), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn slow_and_padded_responses_are_whole() {
    let (_cluster, proxy) = proxied().await;
    let proxy = proxy.coordinator(0);
    let mut session = session(proxy.address()).await;
    let whole = session.get("/_api/version").await.json();

    for fault in [Fault::slow_body(10, Duration::from_millis(1)), Fault::padded(100_000)] {
        let _fault = proxy.inject(fault).unwrap();
        assert_eq!(session.get("/_api/version").await.json(), whole);
    }
    let _fault = proxy.inject(Fault::slow_head(50, Duration::from_millis(1))).unwrap();
    assert_eq!(session.get("/_api/version").await.json(), whole);
}

#[tokio::test]
async fn latency_comes_before_the_execution() {
    let (cluster, proxy) = proxied().await;
    let _slow = proxy.coordinator(0).inject(Fault::latency(Duration::from_secs(3600))).unwrap();
    let address = proxy.coordinator(0).address();
    let request = tokio::spawn(async move { raw_request(address).await });
    wait_until(|| proxy.journal().received("m") > 0).await;
    settle().await;

    assert_eq!((cluster.journal().received("m"), proxy.journal().forwarded("m")), (0, 0));
    request.abort();
}

#[tokio::test]
async fn a_hang_executes_and_keeps_the_connection_open() {
    let (cluster, proxy) = proxied().await;
    let _hang = proxy.coordinator(0).inject(Fault::hang()).unwrap();
    let address = proxy.coordinator(0).address();
    let request = tokio::spawn(async move {
        session(address).await.request_with_marker(Method::GET, "/_api/version", "m", "").await.is_ok()
    });
    wait_until(|| proxy.journal().exchanges().iter().any(|exchange| exchange.status.is_some())).await;
    settle().await;

    assert_eq!(cluster.journal().executions("m"), 1);
    assert!(!request.is_finished() && proxy.coordinator(0).open_connections() == 1);
    request.abort();
}

#[tokio::test]
async fn the_journal_says_what_has_passed_and_how_much() {
    let (_cluster, proxy) = proxied().await;
    let mut session = session(proxy.coordinator(0).address()).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "_key": "dune" }).to_string();
    let request =
        Request::post("/_db/_system/_api/document/books?returnNew=true").header("x-sim-marker", "m");
    let response = session.send(request, &body).await.unwrap();

    let exchanges = proxy.journal().exchanges();
    let [_, insert] = &exchanges[..] else { panic!("{exchanges:?}") };
    assert_eq!((insert.number, insert.coordinator, insert.status), (2, 0, Some(202)));
    assert_eq!((insert.method.as_ref(), insert.path.as_str()), (Some(&Method::POST), "/_api/document/books"));
    assert_eq!(
        (insert.database.as_str(), insert.marker.as_deref(), insert.forwarded),
        ("_system", Some("m"), true)
    );
    assert_eq!(
        (insert.request_bytes, insert.response_bytes),
        (body.len() as u64, response.body.len() as u64)
    );
    assert!(!format!("{exchanges:?}").contains("returnNew"));
}
