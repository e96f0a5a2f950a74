//! Operations on arrays of documents.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, in_memory};

const BOOKS: &str = "/_api/document/books";

async fn books() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    session.post(BOOKS, &json!([{ "_key": "a", "x": 1 }, { "_key": "b", "x": 2 }])).await;
    (cluster, session)
}

fn numbers(body: &Value) -> Vec<Option<u64>> {
    body.as_array().expect("an array").iter().map(|element| element["errorNum"].as_u64()).collect()
}

#[tokio::test]
async fn each_element_of_an_insert_succeeds_or_fails_and_failures_are_counted() {
    let (_cluster, mut session) = books().await;
    let body = json!([{ "_key": "c" }, { "_key": "a" }, 7, { "_key": "b" }, { "_key": "x/y" }]);
    let response = session.post(BOOKS, &body).await;
    assert_eq!(response.status, 202);
    assert_eq!(numbers(&response.json()), [None, Some(1210), Some(1227), Some(1210), Some(1221)]);
    assert_eq!(response.json()[1]["error"], true);
    let counts: Value =
        serde_json::from_str(response.headers["x-arango-error-codes"].to_str().unwrap()).unwrap();
    assert_eq!(counts, json!({ "1210": 2, "1221": 1, "1227": 1 }));
    assert!(!response.headers.contains_key("etag") && !response.headers.contains_key("location"));
}

#[tokio::test]
async fn an_illegal_key_failed_the_whole_insert_before_3_11_1() {
    let cluster = TestCluster::builder().in_memory().version("3.11.0").start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let refused = session.post(BOOKS, &json!([{ "_key": "a" }, { "_key": "x/y" }])).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1221));
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
    assert_eq!(session.put("/_api/document/books?onlyget=true", &json!([])).await.error_num(), 4);
}

#[tokio::test]
async fn documents_are_read_by_key_and_by_object() {
    let (_cluster, mut session) = books().await;
    let body = json!(["a", "books/b", { "_key": "a" }, "missing", { "_key": "a", "_rev": "_x" }]);
    let read = session.put("/_api/document/books?onlyget=true", &body).await;
    assert_eq!((read.status, numbers(&read.json())), (200, vec![None, None, None, Some(1202), None]));
    assert_eq!(read.json()[1]["x"], 2);
    assert!(!read.headers.contains_key("x-arango-error-codes"));
    let compared = session.put("/_api/document/books?onlyget&ignoreRevs=false", &body).await.json();
    assert_eq!(numbers(&compared)[4], Some(1200));
    assert_eq!(session.put("/_api/document/books?onlyget=true", &json!([])).await.json(), json!([]));
}

#[tokio::test]
async fn only_get_counts_by_its_presence() {
    let (_cluster, mut session) = books().await;
    let read = session.put("/_api/document/books?onlyget=false", &json!([{ "_key": "a" }])).await;
    assert_eq!((read.status, &read.json()[0]["x"]), (200, &json!(1)));
    let replaced = session.put(BOOKS, &json!([{ "_key": "a" }, {}])).await;
    assert_eq!((replaced.status, numbers(&replaced.json())), (202, vec![None, Some(1226)]));
    assert_eq!(session.get("/_api/document/books/a").await.json().get("x"), None);
}

#[tokio::test]
async fn arrays_are_updated_and_removed() {
    let (_cluster, mut session) = books().await;
    let body = json!([{ "_key": "a", "y": 1 }, { "_key": "z" }]).to_string();
    let path = "/_api/document/books?returnNew=true";
    let updated = session.request(Method::PATCH, path, &body).await.unwrap().json();
    assert_eq!((&updated[0]["new"]["x"], &updated[0]["new"]["y"]), (&json!(1), &json!(1)));
    assert_eq!(updated[1]["errorNum"], 1202);

    let body = json!(["a", { "_key": "b", "_rev": "_x" }, "c"]).to_string();
    let path = "/_api/document/books?ignoreRevs=false&returnOld=true";
    let removed = session.request(Method::DELETE, path, &body).await.unwrap();
    assert_eq!((removed.status, numbers(&removed.json())), (202, vec![None, Some(1200), Some(1202)]));
    assert_eq!(removed.json()[0]["old"]["x"], 1);
    let one = session.request(Method::DELETE, BOOKS, r#"{"_key":"b"}"#).await.unwrap();
    assert_eq!((one.status, &one.json()["_key"]), (202, &json!("b")));
}

#[tokio::test]
async fn an_error_within_an_array_does_not_name_the_document() {
    let (_cluster, mut session) = books().await;
    let body = json!([{ "_key": "a", "_rev": "_x" }]).to_string();
    for (method, more) in
        [(Method::PUT, ""), (Method::PATCH, ""), (Method::DELETE, ""), (Method::PUT, "&onlyget=true")]
    {
        let path = format!("/_api/document/books?ignoreRevs=false{more}");
        let found = session.request(method, &path, &body).await.unwrap().json();
        let names: Vec<_> = found[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["error", "errorMessage", "errorNum"]);
        assert_eq!(numbers(&found), [Some(1200)]);
    }
}

#[tokio::test]
async fn a_silent_array_returns_errors_only() {
    let (_cluster, mut session) = books().await;
    let path = "/_api/document/books?silent=true";
    assert_eq!(session.post(path, &json!([{}, {}])).await.json(), json!({}));
    let failed = session.post(path, &json!([{}, { "_key": "a" }])).await.json();
    assert_eq!(numbers(&failed), [Some(1210)]);
}

#[tokio::test]
async fn a_lost_leader_fails_the_elements_of_its_shard_and_not_the_others() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    cluster.stop_db_server(0);
    let many: Vec<_> = (0..30).map(|key| json!({ "_key": format!("k{key}") })).collect();
    let written = session.post(BOOKS, &json!(many)).await;
    let read = session
        .request(Method::PUT, &format!("{BOOKS}?onlyget=true"), &json!(many).to_string())
        .await
        .unwrap();
    assert_eq!((written.status, read.status), (202, 200));
    assert_eq!(written.headers.get("x-arango-error-codes"), None, "lost elements are not counted");
    let lost = |found: &Value| numbers(found).iter().filter(|number| **number == Some(1478)).count();
    let without_leader = lost(&written.json());
    assert_eq!(lost(&read.json()), without_leader);
    let first =
        written.json().as_array().unwrap().iter().find(|element| element["errorNum"] == 1478).cloned();
    assert_eq!(first, Some(json!({ "error": true, "errorNum": 1478 })));
    cluster.start_db_server(0);
    let count = session.get("/_api/collection/books/count").await.json()["count"].as_u64().unwrap();
    assert!(0 < count && count < 30 && count + without_leader as u64 == 30, "{count}");
}

#[tokio::test]
async fn an_array_of_which_no_shard_responds_fails_as_a_whole() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    (0..3).for_each(|index| cluster.stop_db_server(index));
    let lost = session.post(BOOKS, &json!([{ "_key": "a" }, { "_key": "b" }])).await;
    assert_eq!((lost.status, lost.error_num()), (500, 4));
}

#[tokio::test]
async fn a_misspelled_parameter_that_clients_send_with_removals_has_no_effect() {
    let (cluster, mut session) = books().await;
    let removed =
        session.request(Method::DELETE, &format!("{BOOKS}?refillCaches=true"), r#"["a"]"#).await.unwrap();
    assert_eq!((removed.status, numbers(&removed.json())), (202, vec![None]));
    assert!(cluster.unsupported().is_empty());
}
