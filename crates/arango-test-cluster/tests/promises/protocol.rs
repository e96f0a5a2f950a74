//! The look of every answer, and the refusals before any handler.

use arango_test_cluster::{Authentication, TestCluster};
use http::{Method, Request};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::session::{Session, in_memory};

/// One request without a body and the whole answer, byte by byte.
async fn raw(cluster: &TestCluster, request: &str) -> String {
    let mut stream = cluster.coordinator(0).dial().expect("the coordinator lets us in");
    stream.write_all(request.as_bytes()).await.expect("memory takes it");
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.expect("the answer is text");
    seen
}

#[tokio::test]
async fn an_answer_looks_on_the_wire_as_a_servers_does() {
    let cluster = in_memory().await;
    let seen =
        raw(&cluster, "GET /_admin/server/availability HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;

    assert_eq!(
        seen,
        "HTTP/1.1 200 OK\r\n\
         X-Arango-Queue-Time-Seconds: 0.000000\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Server: ArangoDB\r\n\
         Connection: Close\r\n\
         Content-Type: application/json; charset=utf-8\r\n\
         Content-Length: 43\r\n\r\n\
         {\"code\":200,\"error\":false,\"mode\":\"default\"}"
    );
}

#[tokio::test]
async fn a_401_names_both_ways_to_log_in() {
    let cluster = in_memory().await;
    let seen = raw(&cluster, "GET /_api/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;

    assert!(seen.contains("\r\nWww-Authenticate: Basic, realm=\"ArangoDB\"\r\n"), "{seen}");
    assert!(
        seen.contains("\r\nWww-Authenticate: Bearer, token_type=\"JWT\", realm=\"ArangoDB\"\r\n"),
        "{seen}"
    );
    assert!(
        seen.ends_with(r#""errorMessage":"not authorized to execute this request","errorNum":11}"#),
        "{seen}"
    );

    let quiet =
        "GET /_api/version HTTP/1.1\r\nX-Omit-Www-Authenticate: 1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(!raw(&cluster, quiet).await.contains("Www-Authenticate"));
}

#[tokio::test]
async fn options_is_answered_to_anybody() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await.authorized("");
    let answer = session.ask(Method::OPTIONS, "/_api/whatever", "").await.unwrap();

    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

#[tokio::test]
async fn head_has_the_length_but_not_the_body() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let length = session.get("/_api/version").await.body.len().to_string();
    let head = session.ask(Method::HEAD, "/_api/version", "").await.unwrap();

    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-length"], *length);
    assert_eq!(session.ask(Method::HEAD, "/_admin/cluster/health", "").await.unwrap().status, 405);
}

#[tokio::test]
async fn unknown_names_are_refused_in_the_order_of_the_server() {
    let cluster = in_memory().await;
    let mut root = Session::dial(cluster.coordinator(0)).await;
    let unknown = root.get("/_db/nowhere/_api/version").await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 1228));
    let path = root.get("/nothing").await;
    assert_eq!(
        (path.status, path.body.len(), &path.headers["connection"]),
        (404, 0, &"Close".parse().unwrap())
    );

    let mut nobody = Session::dial(cluster.coordinator(0)).await.authorized("");
    let hidden = nobody.get("/_db/nowhere/_api/version").await;
    assert_eq!((hidden.status, hidden.error_num()), (401, 11));
}

#[tokio::test]
async fn what_is_not_simulated_is_said_and_reported() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    for _ in 0..2 {
        let answer = session.get("/_api/wal/tail").await;
        assert_eq!((answer.status, answer.error_num()), (501, 9));
    }

    assert_eq!(cluster.unsupported(), ["GET /_api/wal/tail"]);
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    use std::io::Write as _;
    let cluster = in_memory().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(br#"{"name":"books"}"#).unwrap();
    let body = encoder.finish().unwrap();
    let mut stream = cluster.coordinator(0).dial().unwrap();
    let head = format!(
        "POST /_api/collection HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: bearer {}\r\n\
         Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        cluster.superuser_token(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();

    assert!(seen.starts_with("HTTP/1.1 200 OK"), "{seen}");
}

#[tokio::test]
async fn chunked_bodies_are_refused_as_the_server_refuses_them() {
    let cluster = in_memory().await;
    let chunked =
        "POST /_api/collection HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let seen = raw(&cluster, chunked).await;

    assert!(seen.starts_with("HTTP/1.1 501"), "{seen}");
}

#[tokio::test]
async fn without_authentication_everybody_is_the_superuser() {
    let cluster =
        TestCluster::builder().authentication(Authentication::Off).in_memory().start().await.unwrap();
    let mut session = Session::dial(cluster.coordinator(0)).await.authorized("");

    assert_eq!(session.get("/_admin/cluster/rebalance").await.status, 200);
    assert_eq!(session.post("/_open/auth", &json!({})).await.status, 404);
}

#[tokio::test]
async fn the_prefix_of_api_versions_exists_where_it_does() {
    for (version, prefix, status) in [
        ("3.11", "/_arango/v0", 404),
        ("4.0", "/_arango/v1", 200),
        ("4.0", "/_arango/v0", 404),
        ("4.0", "/_arango/v01", 400),
        ("3.12.10", "/_arango/v0", 200),
    ] {
        let cluster = TestCluster::builder().version(version).in_memory().start().await.unwrap();
        let mut session = Session::dial(cluster.coordinator(0)).await;
        assert_eq!(session.get(&format!("{prefix}/_api/version")).await.status, status, "{version} {prefix}");
    }
}

#[tokio::test]
async fn a_client_may_wait_for_leave_to_send_its_body() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let request = Request::post("/_api/collection").header("expect", "100-continue");
    let answer = session.send(request, r#"{"name":"books"}"#).await.unwrap();

    assert_eq!(answer.status, 200);
}
