//! The form of every response, and the refusals before any handler.

use arango_test_cluster::{Authentication, Fault, Match, TestCluster};
use http::{Method, Request};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::{Session, in_memory};

/// Sends a request without a body. Returns the whole response as text.
async fn raw_request(cluster: &TestCluster, request: &str) -> String {
    let mut stream = cluster.coordinator(0).connect().expect("the coordinator accepts connections");
    stream.write_all(request.as_bytes()).await.expect("writing to memory cannot fail");
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.expect("the response is text");
    seen
}

#[tokio::test]
async fn a_response_has_the_wire_format_of_a_real_server() {
    let cluster = in_memory().await;
    let seen = raw_request(
        &cluster,
        "GET /_admin/server/availability HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
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
    let seen =
        raw_request(&cluster, "GET /_api/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;

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
    assert!(!raw_request(&cluster, quiet).await.contains("Www-Authenticate"));
}

#[tokio::test]
async fn options_needs_no_login() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");
    let response = session.request(Method::OPTIONS, "/_api/anything", "").await.unwrap();

    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(response.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

#[tokio::test]
async fn head_has_the_length_but_not_the_body() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let length = session.get("/_api/version").await.body.len().to_string();
    let head = session.request(Method::HEAD, "/_api/version", "").await.unwrap();

    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-length"], *length);
    assert_eq!(session.request(Method::HEAD, "/_admin/cluster/health", "").await.unwrap().status, 405);
}

#[tokio::test]
async fn unknown_names_are_refused_in_the_order_of_the_server() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let response = root.get("/_db/missing/_api/version").await;
    assert_eq!((response.status, response.error_num()), (404, 1228));
    for path in ["/nothing", "/_api/foo", "/_admin/foo/bar"] {
        let missing = root.get(path).await;
        assert_eq!((missing.status, missing.error_num()), (404, 404), "{path}");
        assert_eq!(missing.json()["errorMessage"], format!("unknown path '{path}'"));
    }

    let mut anonymous = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");
    let hidden = anonymous.get("/_db/missing/_api/version").await;
    assert_eq!((hidden.status, hidden.error_num()), (401, 11));
}

#[tokio::test]
async fn a_slash_behind_a_path_is_ignored_except_for_exact_paths() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    root.post("/_api/collection/", &json!({ "name": "books" })).await;
    for path in [
        "/_api/collection/books/",
        "/_api/collection/books/count/",
        "/_api/database/",
        "/_api/engine/",
        "/_api/index/?collection=books",
        "/_admin/cluster/health/",
        "/_admin/metrics/",
        "/_admin/server/role/",
    ] {
        assert_eq!(root.get(path).await.status, 200, "{path}");
    }
    for path in ["/_api/version", "/_admin/version", "/_admin/status", "/_admin/time", "/_admin/statistics"] {
        assert_eq!(root.get(path).await.status, 200, "{path}");
        let missing = root.get(&format!("{path}/")).await;
        assert_eq!((missing.status, missing.error_num()), (404, 404), "{path}/");
        assert_eq!(missing.json()["errorMessage"], format!("unknown path '{path}/'"));
    }
}

#[tokio::test]
async fn several_slashes_in_a_row_are_one_for_prefixes_permissions_and_faults() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    let current = session.get("//_db//shop//_api///database/current").await;
    assert_eq!((current.status, &current.json()["result"]["name"]), (200, &json!("shop")));
    let mut anonymous = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");
    assert_eq!(anonymous.get("//_admin//server//availability").await.status, 200);
    assert_eq!(anonymous.get("//_api/version").await.status, 401);

    let fault = cluster.coordinator(0).inject(Fault::response(503, 503, "x").on(Match::get("/_api/version")));
    assert_eq!((session.get("//_db/shop//_api//version").await.status, fault.hits()), (503, 1));
    assert_eq!(cluster.journal().entries().last().unwrap().path, "/_api/version");
}

#[tokio::test]
async fn unsupported_calls_are_501_and_reported() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for _ in 0..2 {
        let response = session.get("/_api/wal/tail").await;
        assert_eq!((response.status, response.error_num()), (501, 9));
    }

    assert_eq!(cluster.unsupported(), ["GET /_api/wal/tail"]);
}

#[tokio::test]
async fn compressed_bodies_are_decoded() {
    use std::io::Write as _;
    let cluster = in_memory().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(br#"{"name":"books"}"#).unwrap();
    let body = encoder.finish().unwrap();
    let mut stream = cluster.coordinator(0).connect().unwrap();
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
    let seen = raw_request(&cluster, chunked).await;

    assert!(seen.starts_with("HTTP/1.1 501"), "{seen}");
}

#[tokio::test]
async fn without_authentication_every_request_is_the_superusers() {
    let cluster =
        TestCluster::builder().authentication(Authentication::Off).in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");

    assert_eq!(session.get("/_admin/cluster/rebalance").await.status, 200);
    assert_eq!(session.post("/_open/auth", &json!({})).await.status, 404);
}

#[tokio::test]
async fn the_api_version_prefix_is_accepted_in_the_right_versions() {
    for (version, prefix, status) in [
        ("3.11", "/_arango/v0", 404),
        ("4.0", "/_arango/v1", 200),
        ("4.0", "/_arango/v0", 404),
        ("4.0", "/_arango/v01", 400),
        ("3.12.10", "/_arango/v0", 200),
    ] {
        let cluster = TestCluster::builder().version(version).in_memory().start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        assert_eq!(session.get(&format!("{prefix}/_api/version")).await.status, status, "{version} {prefix}");
    }
}

#[tokio::test]
async fn expect_100_continue_gets_a_response() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::post("/_api/collection").header("expect", "100-continue");
    let response = session.send(request, r#"{"name":"books"}"#).await.unwrap();

    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn paths_that_4_0_has_no_more_are_404_without_a_body() {
    let cluster = TestCluster::builder().in_memory().version("4.0").start().await.unwrap();
    for path in [
        "/nothing",
        "/_api/tasks",
        "/_api/simple/all",
        "/_api/aqlfunction",
        "/_admin/job/1",
        "/_admin/echo",
        "/_api/batch",
    ] {
        let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
        let missing = root.get(path).await;
        assert_eq!((missing.status, missing.body.len()), (404, 0), "{path}");
        assert_eq!(missing.headers["connection"], "Close", "{path}");
    }
    assert!(cluster.unsupported().is_empty());
}

#[tokio::test]
async fn scripts_of_other_origins_are_allowed() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::get("/_api/version").header("origin", "http://a.b");
    let response = root.send(request, "").await.unwrap();
    assert_eq!(response.headers["access-control-allow-origin"], "http://a.b");
    assert!(response.headers.contains_key("access-control-expose-headers"));
    assert!(!response.headers.contains_key("access-control-allow-methods"));
    let request = Request::options("/_api/version")
        .header("origin", "http://a.b")
        .header("access-control-request-headers", "x");
    let response = root.send(request, "").await.unwrap();
    assert_eq!(response.headers["access-control-allow-headers"], "x");
    assert!(response.headers.contains_key("access-control-allow-methods"));
    assert!(!root.get("/_api/version").await.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_connection_of_http_1_0_says_that_it_closes() {
    let cluster = in_memory().await;
    for (header, says) in
        [("", "Connection: Close"), ("Connection: Keep-Alive\r\n", "Connection: Keep-Alive")]
    {
        let mut stream = cluster.coordinator(0).connect().unwrap();
        let head = format!("GET /_admin/server/availability HTTP/1.0\r\n{header}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut seen = vec![0; 1024];
        let length = stream.read(&mut seen).await.unwrap();
        let text = String::from_utf8_lossy(&seen[..length]).into_owned();
        assert!(text.contains(says), "{text}");
    }
}

#[tokio::test]
async fn bytes_after_a_request_do_not_lose_its_response() {
    let cluster = in_memory().await;
    let mut stream = cluster.coordinator(0).connect().unwrap();
    let bytes = b"GET /_admin/server/availability HTTP/1.1\r\nHost: x\r\n\r\nthis is not HTTP\r\n\r\n";
    stream.write_all(bytes).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\n"), "{seen}");
    assert!(seen.contains("HTTP/1.1 400 Bad Request\r\n"), "{seen}");
}

#[tokio::test]
async fn a_body_of_more_than_one_gibibyte_is_refused_before_it_is_read() {
    let cluster = in_memory().await;
    let mut stream = cluster.coordinator(0).connect().unwrap();
    let head = "POST /_api/document/books HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483648\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 413 ") && seen.contains("Connection: Close\r\n"), "{seen}");
}

#[tokio::test]
async fn an_unknown_version_of_http_is_505_and_closes_the_connection() {
    let cluster = in_memory().await;
    for version in ["1.2", "2.0", "3.0"] {
        let seen =
            raw_request(&cluster, &format!("GET /_api/version HTTP/{version}\r\nHost: x\r\n\r\n")).await;
        assert_eq!(
            seen,
            "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n"
        );
    }
    assert_eq!(cluster.journal().requests_to(0), 0);
}

#[tokio::test]
async fn a_connection_that_begins_with_other_bytes_is_closed_without_a_response() {
    let cluster = in_memory().await;
    for bytes in [&b"this is not HTTP\r\n\r\n"[..], b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"] {
        let mut stream = cluster.coordinator(0).connect().unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut seen = Vec::new();
        stream.read_to_end(&mut seen).await.unwrap();
        assert!(seen.is_empty(), "{}", String::from_utf8_lossy(&seen));
    }
}
