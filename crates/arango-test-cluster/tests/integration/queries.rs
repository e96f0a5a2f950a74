//! The supported queries, and the responses to all others. Test names contain `cursor`, the path of the calls.

use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, TestResponse, in_memory};

/// Starts a cluster with a collection `books`, and connects to its first coordinator.
async fn books() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    (cluster, session)
}

async fn send_request(session: &mut Session, query: &str, variables: Value) -> TestResponse {
    session.post("/_api/cursor", &json!({ "query": query, "bindVars": variables })).await
}

#[tokio::test]
async fn a_cursor_of_one_value_returns_it_at_once() {
    let (cluster, mut session) = books().await;
    for (query, variables, result) in [
        ("RETURN null", json!({}), json!([null])),
        ("return {\"a\": [1, 2]}", json!({}), json!([{ "a": [1, 2] }])),
        ("RETURN @x", json!({ "x": "ä" }), json!(["ä"])),
        ("FOR i IN 3..1 RETURN i", json!({}), json!([3, 2, 1])),
    ] {
        let response = send_request(&mut session, query, variables).await;
        let body = response.json();
        assert_eq!(
            (response.status, &body["result"], &body["hasMore"]),
            (201, &result, &json!(false)),
            "{query}"
        );
        assert_eq!(
            (&body["error"], &body["code"], &body["cached"]),
            (&json!(false), &json!(201), &json!(false))
        );
        assert!(body.get("id").is_none() && body.get("nextBatchId").is_none(), "there are no more batches");
    }
    assert!(cluster.unsupported().is_empty());
}

#[tokio::test]
async fn an_insert_by_cursor_is_visible_everywhere_and_counted_where_it_is_executed() {
    let (cluster, mut session) = books().await;
    let insert =
        json!({ "query": "INSERT @doc INTO @@c", "bindVars": { "doc": { "_key": "a" }, "@c": "books" } });
    let made = session
        .request_with_marker(Method::POST, "/_api/cursor", "m", &insert.to_string())
        .await
        .unwrap()
        .json();
    assert_eq!((&made["result"], &made["extra"]["stats"]["writesExecuted"]), (&json!([]), &json!(1)));
    assert_eq!(cluster.journal().executions("m"), 1);

    let again = send_request(&mut session, r#"INSERT {"_key": "a"} INTO books"#, json!({})).await;
    assert_eq!((again.status, again.error_num()), (409, 1210));
    let fault = Fault::close(Phase::AfterExecution).on(Match::post("/_api/cursor")).times(1);
    let _fault = cluster.coordinator(0).inject(fault);
    let body = json!({ "query": r#"INSERT {"_key": "b"} INTO books"# }).to_string();
    assert!(session.request_with_marker(Method::POST, "/_api/cursor", "n", &body).await.is_err());
    assert_eq!(cluster.journal().executions("n"), 1);

    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let all = send_request(&mut other, "FOR d IN books RETURN d", json!({})).await.json();
    let mut keys: Vec<_> =
        all["result"].as_array().unwrap().iter().map(|book| book["_key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["a", "b"]);
}

#[tokio::test]
async fn a_cursor_for_an_unsupported_query_is_not_simulated_rather_than_empty() {
    let (cluster, mut session) = books().await;
    let query = "FOR p IN 1..2 OUTBOUND K_PATHS 'books/a' TO 'books/b' GRAPH 'g' RETURN p";
    let refused = send_request(&mut session, query, json!({})).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    assert!(refused.json()["errorMessage"].as_str().unwrap().starts_with("sim: "));
    assert_eq!(cluster.unsupported(), [format!("POST /_api/cursor: {query}")]);
}

#[tokio::test]
async fn a_cursor_for_an_invalid_request_is_refused_as_by_a_server() {
    let (_cluster, mut session) = books().await;
    for (body, status, number) in [
        (json!({}), 400, 600),
        (json!({ "query": " " }), 400, 1502),
        (json!({ "query": "RETURN 1", "bindVars": [] }), 400, 17),
        (json!({ "query": "RETURN 1", "batchSize": 0 }), 400, 17),
        (json!({ "query": "RETURN @x" }), 400, 1551),
        (json!({ "query": "RETURN 1", "bindVars": { "x": 1 } }), 400, 1552),
        (json!({ "query": "INSERT {} INTO @@c", "bindVars": { "@c": 1 } }), 400, 1553),
        (json!({ "query": "INSERT 7 INTO books" }), 400, 1227),
        (json!({ "query": "INSERT {} INTO nothing" }), 404, 1203),
        (json!({ "query": "FOR d IN nothing RETURN d" }), 404, 1203),
    ] {
        let refused = session.post("/_api/cursor", &body).await;
        assert_eq!((refused.status, refused.error_num()), (status, number), "{body}");
    }
    assert_eq!(session.get("/_api/cursor").await.status, 405);
}

#[tokio::test]
async fn a_cursor_that_inserts_needs_the_right_to_write() {
    let (_cluster, mut root) = books().await;
    root.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await;
    root.put("/_api/user/anna/database/_system", &json!({ "grant": "ro" })).await;
    let mut anna = root.with_authorization(crate::client::basic("anna", "x"));
    assert_eq!(send_request(&mut anna, "INSERT {} INTO books", json!({})).await.status, 403);
    assert_eq!(
        send_request(&mut anna, "FOR d IN books RETURN d", json!({})).await.json()["result"],
        json!([])
    );
}
