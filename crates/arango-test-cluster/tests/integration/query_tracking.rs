//! Explaining, parsing, listing and killing queries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn a_query_is_explained_without_running_it() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "query": "FOR i IN 1..@n INSERT {} INTO @@c", "bindVars": { "n": 1, "@c": "books" } });
    let explained = session.post("/_api/explain", &body).await;
    assert_eq!(explained.status, 200);
    let plan = &explained.json()["plan"];
    assert_eq!(plan["isModificationQuery"], true);
    assert_eq!(plan["collections"], json!([{ "name": "books", "type": "write" }]));
    assert!(plan["nodes"][0]["type"].as_str().unwrap().starts_with("sim:"));
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
    let missing = session.post("/_api/explain", &json!({ "query": "FOR d IN x RETURN d" })).await;
    assert_eq!((missing.status, missing.error_num()), (404, 1203));
    assert_eq!(session.post("/_api/explain", &json!({ "query": "RETURN @x" })).await.error_num(), 1551);
}

#[tokio::test]
async fn a_query_is_parsed_without_its_parameters() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let parsed =
        session.post("/_api/query", &json!({ "query": "FOR d IN books FILTER d.x == @x RETURN d" })).await;
    assert_eq!(parsed.status, 200);
    let parsed = parsed.json();
    assert_eq!((&parsed["parsed"], &parsed["collections"]), (&json!(true), &json!(["books"])));
    assert_eq!(parsed["bindVars"], json!(["x"]));
    let invalid = session.post("/_api/query", &json!({ "query": "FOR" })).await;
    assert_eq!((invalid.status, invalid.error_num()), (400, 1501));
}

#[tokio::test(start_paused = true)]
async fn queries_in_progress_are_listed_and_killed_through_any_coordinator() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let open = json!({ "query": "FOR i IN 1..9 RETURN i", "batchSize": 1, "stream": true });
    let open = session.post("/_api/cursor", &open).await.json();
    let sleeping =
        tokio::spawn(
            async move { session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(100)" })).await },
        );
    sleep(Duration::from_secs(2)).await;
    let listed = other.get("/_api/query/current").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!((&listed[0]["stream"], &listed[1]["query"]), (&json!(true), &json!("RETURN SLEEP(100)")));
    assert_eq!((&listed[1]["runTime"], &listed[1]["state"]), (&json!(2), &json!("executing")));
    assert_eq!(other.get("/_api/query/current?local=true").await.json(), json!([]));

    for query in listed.as_array().unwrap() {
        let path = format!("/_api/query/{}", query["id"].as_str().unwrap());
        assert_eq!(other.delete(&path).await.status, 200);
    }
    let killed = sleeping.await.unwrap();
    assert_eq!((killed.status, killed.error_num()), (410, 1500));
    let path = format!("/_api/cursor/{}", open["id"].as_str().unwrap());
    assert_eq!(other.request(http::Method::POST, &path, "").await.unwrap().error_num(), 1500);
    assert_eq!(other.get("/_api/query/current").await.json(), json!([]));
    let unknown = other.delete("/_api/query/7").await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 1591));
}

#[tokio::test(start_paused = true)]
async fn slow_queries_are_listed_until_they_are_cleared() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(9)" })).await;
    session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(11)" })).await;
    let slow: Value = session.get("/_api/query/slow").await.json();
    assert_eq!((slow.as_array().unwrap().len(), &slow[0]["runTime"]), (1, &json!(11)));
    assert_eq!(session.delete("/_api/query/slow").await.status, 200);
    assert_eq!(session.get("/_api/query/slow").await.json(), json!([]));
    assert_eq!(session.get("/_api/query/properties").await.json()["slowQueryThreshold"], 10);
}

#[tokio::test]
async fn a_list_needs_all_coordinators() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.coordinator(2).kill();
    let refused = session.get("/_api/query/current").await;
    assert_eq!((refused.status, refused.error_num()), (503, 1478));
    assert_eq!(session.get("/_api/query/current?local=true").await.status, 200);
}
