//! Bodies are compressed where both ends want it, as each version does it.

use std::io::Read as _;

use arango_test_cluster::TestCluster;
use flate2::read::ZlibDecoder;
use http::{Method, Request};

use crate::session::{Answer, Session};

async fn cluster(version: &str) -> TestCluster {
    let builder = TestCluster::builder().version(version).compress_answers_from(100);
    builder.in_memory().seed(42).start().await.expect("a cluster in memory starts")
}

async fn ask(session: &mut Session, accepted: &str) -> Answer {
    let request = Request::get("/_admin/cluster/health").header("accept-encoding", accepted);
    session.send(request, "").await.expect("an answer")
}

#[tokio::test]
async fn an_answer_is_compressed_from_3_12_on_for_whoever_asks_by_the_one_name() {
    for (version, accepted, encoding) in [
        ("3.10", "deflate", None),
        ("3.11", "deflate", None),
        ("3.12", "deflate", Some("deflate")),
        ("3.12", "gzip", Some("gzip")),
        ("3.12", "gzip, deflate", None),
        ("4.0", "deflate", Some("deflate")),
    ] {
        let cluster = cluster(version).await;
        let mut session = Session::dial(cluster.coordinator(0)).await;
        let answer = ask(&mut session, accepted).await;
        let said = answer.headers.get("content-encoding").map(|value| value.to_str().unwrap());
        assert_eq!(said, encoding, "{version} {accepted}");
        assert_eq!(answer.headers["content-length"], *answer.body.len().to_string());
    }
}

#[tokio::test]
async fn a_compressed_answer_is_what_it_was() {
    let cluster = cluster("3.12").await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let mut undone = Vec::new();
    ZlibDecoder::new(&*ask(&mut session, "deflate").await.body).read_to_end(&mut undone).unwrap();

    let health: serde_json::Value = serde_json::from_slice(&undone).unwrap();
    assert_eq!(health["Health"].as_object().unwrap().len(), 9);
}

#[tokio::test]
async fn what_is_small_stays_as_it_is_and_so_does_everything_by_default() {
    let small = cluster("3.12").await;
    let mut session = Session::dial(small.coordinator(0)).await;
    let request = Request::get("/_api/version").header("accept-encoding", "deflate");
    assert!(!session.send(request, "").await.unwrap().headers.contains_key("content-encoding"));

    let silent = TestCluster::builder().in_memory().start().await.unwrap();
    let mut session = Session::dial(silent.coordinator(0)).await;
    assert!(!ask(&mut session, "deflate").await.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn who_is_not_logged_in_may_say_nothing_compressed_from_3_12_on() {
    for (version, status) in [("3.11", 400), ("3.12", 401), ("4.0", 401)] {
        let cluster = cluster(version).await;
        let mut nobody = Session::dial(cluster.coordinator(0)).await.authorized("");
        let request = Request::builder().method(Method::POST).uri("/_open/auth");
        let answer = nobody.send(request.header("content-encoding", "gzip"), "nonsense").await.unwrap();
        assert_eq!(answer.status, status, "{version}");
    }
}

#[tokio::test]
async fn the_journal_tells_how_a_body_came() {
    let cluster = cluster("3.12").await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let request = Request::post("/_api/collection").header("content-encoding", "deflate");
    assert_eq!(session.send(request, "nonsense").await.unwrap().status, 400);

    let entry = &cluster.journal().entries()[0];
    assert_eq!((entry.length, entry.encoding.as_deref(), entry.executed), (8, Some("deflate"), false));
}
