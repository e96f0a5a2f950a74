//! Compression of bodies, as each version does it.

use std::io::Read as _;

use arango_test_cluster::TestCluster;
use flate2::read::ZlibDecoder;
use http::{Method, Request};

use crate::client::{Session, TestResponse};

async fn cluster(version: &str) -> TestCluster {
    let builder = TestCluster::builder().version(version).compress_responses_from(100);
    builder.in_memory().seed(42).start().await.expect("a cluster in memory starts")
}

async fn send_request(session: &mut Session, accepted: &str) -> TestResponse {
    let request = Request::get("/_admin/cluster/health").header("accept-encoding", accepted);
    session.send(request, "").await.expect("a response")
}

#[tokio::test]
async fn a_response_is_compressed_from_3_12_on_for_a_single_accepted_encoding() {
    for (version, accepted, encoding) in [
        ("3.10", "deflate", None),
        ("3.11", "deflate", None),
        ("3.12", "deflate", Some("deflate")),
        ("3.12", "gzip", Some("gzip")),
        ("3.12", "gzip, deflate", None),
        ("4.0", "deflate", Some("deflate")),
    ] {
        let cluster = cluster(version).await;
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let response = send_request(&mut session, accepted).await;
        let content_encoding = response.headers.get("content-encoding").map(|value| value.to_str().unwrap());
        assert_eq!(content_encoding, encoding, "{version} {accepted}");
        assert_eq!(response.headers["content-length"], *response.body.len().to_string());
    }
}

#[tokio::test]
async fn a_compressed_response_decodes_to_the_original() {
    let cluster = cluster("3.12").await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut undone = Vec::new();
    ZlibDecoder::new(&*send_request(&mut session, "deflate").await.body).read_to_end(&mut undone).unwrap();

    let health: serde_json::Value = serde_json::from_slice(&undone).unwrap();
    assert_eq!(health["Health"].as_object().unwrap().len(), 9);
}

#[tokio::test]
async fn small_responses_are_not_compressed_and_none_by_default() {
    let small = cluster("3.12").await;
    let mut session = Session::connect_in_memory(small.coordinator(0)).await;
    let request = Request::get("/_api/version").header("accept-encoding", "deflate");
    assert!(!session.send(request, "").await.unwrap().headers.contains_key("content-encoding"));

    let uncompressed = TestCluster::builder().in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(uncompressed.coordinator(0)).await;
    assert!(!send_request(&mut session, "deflate").await.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn compressed_requests_without_login_are_rejected_from_3_12_on() {
    for (version, status) in [("3.11", 400), ("3.12", 401), ("4.0", 401)] {
        let cluster = cluster(version).await;
        let mut anonymous = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");
        let request = Request::builder().method(Method::POST).uri("/_open/auth");
        let response = anonymous.send(request.header("content-encoding", "gzip"), "nonsense").await.unwrap();
        assert_eq!(response.status, status, "{version}");
    }
}

#[tokio::test]
async fn the_journal_records_the_request_encoding() {
    let cluster = cluster("3.12").await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::post("/_api/collection").header("content-encoding", "deflate");
    assert_eq!(session.send(request, "nonsense").await.unwrap().status, 400);

    let entry = &cluster.journal().entries()[0];
    assert_eq!((entry.length, entry.encoding.as_deref(), entry.executed), (8, Some("deflate"), false));
}
