//! Imports, in all formats.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, TestResponse, in_memory};

async fn books(version: &str) -> (TestCluster, Session) {
    let cluster = TestCluster::builder()
        .in_memory()
        .version(version)
        .seed(42)
        .start()
        .await
        .expect("a cluster in memory starts");
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    session.post("/_api/collection", &json!({ "name": "wrote", "type": 3 })).await;
    session.post("/_api/document/books", &json!({ "_key": "a", "x": 1, "y": 1 })).await;
    (cluster, session)
}

async fn import(session: &mut Session, parameters: &str, body: &str) -> TestResponse {
    let path = format!("/_api/import?{parameters}");
    session.request(Method::POST, &path, body).await.expect("a response")
}

/// Returns created, errors, empty, updated and ignored.
fn counts(response: &TestResponse) -> [u64; 5] {
    assert_eq!(response.status, 201, "{}", response.json());
    ["created", "errors", "empty", "updated", "ignored"]
        .map(|name| response.json()[name].as_u64().expect("a count"))
}

async fn attribute(session: &mut Session, id: &str, name: &str) -> Value {
    session.get(&format!("/_api/document/{id}")).await.json()[name].clone()
}

#[tokio::test]
async fn a_body_is_read_in_each_format() {
    let (_cluster, mut session) = books("3.12.5").await;
    for (kind, body, expected) in [
        ("&type=documents", "{\"x\":2}\n\n{\"x\":3}\r\n", [2, 0, 1, 0, 0]),
        ("&type=array", r#"[{"x":2},{"x":3}]"#, [2, 0, 0, 0, 0]),
        ("&type=list", " [ {\"x\":2} ] ", [1, 0, 0, 0, 0]),
        ("&type=auto", "\n [{\"x\":2}]", [1, 0, 0, 0, 0]),
        ("&type=auto", "{\"x\":2}\n{\"x\":3}", [2, 0, 0, 0, 0]),
        ("", "[\"x\",\"z\"]\n[2,null]\n\n[3,4]\n", [2, 0, 1, 0, 0]),
        ("&type=", "[\"x\"]\n[2]", [1, 0, 0, 0, 0]),
    ] {
        let response = import(&mut session, &format!("collection=books{kind}"), body).await;
        assert_eq!(counts(&response), expected, "{kind} {body}");
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 12);
}

#[tokio::test]
async fn a_malformed_import_is_refused_and_imports_nothing() {
    let (_cluster, mut session) = books("3.12.5").await;
    for (parameters, body, status, number) in [
        ("type=array", "[]", 400, 1204),
        ("collection=nothing&type=array", "[]", 404, 1203),
        ("collection=books&type=array", "{}", 400, 400),
        ("collection=books&type=array", "[{", 400, 400),
        ("collection=books&type=xml", "[]", 400, 10),
        ("collection=books", "[\"x\"]", 400, 400),
        ("collection=books", "[1]\n[2]", 400, 400),
        ("collection=books&x=1", "[\"x\"]\n[2]", 501, 9),
    ] {
        let response = import(&mut session, parameters, body).await;
        assert_eq!((response.status, response.error_num()), (status, number), "{parameters} {body}");
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 1);
}

#[tokio::test]
async fn failures_are_counted_and_described_on_request() {
    let (_cluster, mut session) = books("3.12.5").await;
    let body = "{\"_key\":\"a\"}\n{\"x\"\n7\n{\"_key\":\"b\"}";
    let response = import(&mut session, "collection=books&type=documents&details=true", body).await;
    assert_eq!(counts(&response), [1, 3, 0, 0, 0]);
    let details = response.json()["details"].clone();
    assert_eq!(
        details,
        json!([
            "at position 2: invalid JSON type (expecting object, probably parse error), offending context: {\"x\"",
            "at position 3: invalid JSON type (expecting object), offending document: 7",
            "at position 0: creating document failed with error 'unique constraint violated', offending document: {\"_key\":\"a\"}",
        ])
    );
    let response = import(&mut session, "collection=books&type=documents", body).await;
    assert_eq!(response.json().get("details"), None);
}

#[tokio::test]
async fn documents_whose_keys_exist_are_updated_replaced_ignored_or_counted_as_errors() {
    let (_cluster, mut session) = books("3.12.5").await;
    let body = r#"[{"_key":"a","x":5,"y":null},{"_key":"b","x":6}]"#;
    for (mode, expected, x, y) in [
        ("error", [1, 1, 0, 0, 0], json!(1), json!(1)),
        ("ignore", [1, 0, 0, 0, 1], json!(1), json!(1)),
        ("update", [1, 0, 0, 1, 0], json!(5), json!(null)),
        ("replace", [1, 0, 0, 1, 0], json!(5), json!(null)),
    ] {
        let parameters = format!("collection=books&type=array&onDuplicate={mode}");
        let response = import(&mut session, &parameters, body).await;
        assert_eq!(counts(&response), expected, "{mode}");
        assert_eq!(attribute(&mut session, "books/a", "x").await, x, "{mode}");
        assert_eq!(attribute(&mut session, "books/a", "y").await, y, "{mode}");
        session.delete("/_api/document/books/b").await;
    }
    // Without a key a violation of another unique index is an error.
    let unique = json!({ "type": "persistent", "fields": ["_key", "x"], "unique": true });
    session.post("/_api/index?collection=books", &unique).await;
    session.put("/_api/document/books/a", &json!({ "x": 9, "z": 1 })).await;
    let parameters = "collection=books&type=array&onDuplicate=update";
    let response = import(&mut session, parameters, r#"[{"_key":"a","x":9}]"#).await;
    assert_eq!(counts(&response), [0, 0, 0, 1, 0]);
    assert_eq!(attribute(&mut session, "books/a", "z").await, 1, "an update keeps other attributes");
}

#[tokio::test]
async fn a_complete_import_is_made_as_a_whole_or_not_at_all() {
    let (cluster, mut session) = books("3.12.5").await;
    for (parameters, body, status, number) in [
        ("type=array&complete=true", r#"[{"_key":"b"},{"_key":"a"}]"#, 409, 1210),
        ("type=array&complete=true&overwrite=true", r#"[{"_key":"b"},{"_key":"b"}]"#, 409, 1210),
        ("type=array&complete=true", r#"[{"_key":"b"},7]"#, 400, 1227),
        ("type=documents&complete=true", "{\"_key\":\"b\"}\n{", 500, 4),
    ] {
        let response = import(&mut session, &format!("collection=books&{parameters}"), body).await;
        assert_eq!((response.status, response.error_num()), (status, number), "{parameters} {body}");
        assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 1);
    }
    let body = r#"[{"_key":"b"},{"_key":"c"}]"#;
    let path = "/_api/import?collection=books&type=array&complete=true";
    session.request_with_marker(Method::POST, path, "m", body).await.unwrap();
    assert_eq!((cluster.journal().executions("m"), cluster.journal().changes("m")), (1, 2));
}

#[tokio::test]
async fn an_import_can_remove_all_documents_first() {
    let (_cluster, mut session) = books("3.12.5").await;
    let response =
        import(&mut session, "collection=books&type=array&overwrite=yes", r#"[{"_key":"b"}]"#).await;
    assert_eq!(counts(&response), [1, 0, 0, 0, 0]);
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 1);
    assert_eq!(session.get("/_api/document/books/a").await.status, 404);
}

#[tokio::test]
async fn edges_need_both_ends_which_may_get_a_prefix() {
    let (_cluster, mut session) = books("3.12.5").await;
    let body =
        r#"[{"_key":"1","_from":"anna","_to":7},{"_key":"2","_from":"x/anna","_to":"y/7"},{"_from":"anna"}]"#;
    let parameters = "collection=wrote&type=array&fromPrefix=authors&toPrefix=books/&details=true";
    let response = import(&mut session, parameters, body).await;
    assert_eq!(counts(&response), [2, 1, 0, 0, 0]);
    let text = "at position 3: missing '_from' or '_to' attribute, offending document: {\"_from\":\"anna\"}";
    assert_eq!(response.json()["details"], json!([text]));
    assert_eq!(attribute(&mut session, "wrote/1", "_from").await, "authors/anna");
    assert_eq!(attribute(&mut session, "wrote/1", "_to").await, "books/7");
    assert_eq!(attribute(&mut session, "wrote/2", "_from").await, "x/anna");
    let parameters = format!("{parameters}&overwriteCollectionPrefix=true&overwrite=true");
    import(&mut session, &parameters, body).await;
    assert_eq!(attribute(&mut session, "wrote/2", "_from").await, "authors/anna");
}

#[tokio::test]
async fn prefixes_replace_no_collections_before_3_11() {
    let (_cluster, mut session) = books("3.10.14").await;
    let body = r#"[{"_key":"1","_from":"x/anna","_to":"y/7"}]"#;
    let parameters = "collection=wrote&type=array&fromPrefix=authors&overwriteCollectionPrefix=true";
    import(&mut session, parameters, body).await;
    assert_eq!(attribute(&mut session, "wrote/1", "_from").await, "x/anna");
}

#[tokio::test]
async fn tuples_of_another_length_are_errors_unless_that_is_ignored() {
    let (_cluster, mut session) = books("3.12.5").await;
    let body = "[\"_key\",\"x\"]\n[\"b\"]\n[\"c\",1,2]\n[\"d\",1]\n";
    let response = import(&mut session, "collection=books&details=true&line=10", body).await;
    assert_eq!(counts(&response), [1, 2, 0, 0, 0]);
    let text = "at position 11: wrong number of JSON values (got 1, expected 2)";
    assert_eq!(response.json()["details"][0], text);
    let response = import(&mut session, "collection=books&ignoreMissing=true&onDuplicate=ignore", body).await;
    assert_eq!(counts(&response), [2, 0, 0, 0, 1]);
    assert_eq!(attribute(&mut session, "books/c", "x").await, 1);
}

#[tokio::test]
async fn an_import_fails_if_a_leader_does_not_respond_although_other_shards_have_written() {
    let (cluster, mut session) = books("3.12.5").await;
    cluster.stop_db_server(0);
    let documents: Vec<_> = (0..30).map(|number| json!({ "_key": format!("k{number}") })).collect();
    let response = import(&mut session, "collection=books&type=array", &json!(documents).to_string()).await;
    assert_eq!((response.status, response.error_num()), (503, 1478));
    cluster.start_db_server(0);
    let count = session.get("/_api/collection/books/count").await.json()["count"].as_u64().unwrap();
    assert!(count > 1 && count < 31, "{count}");
}

#[tokio::test]
async fn an_illegal_key_failed_the_whole_import_before_3_11_1() {
    for (version, status) in [("3.11.0", 400), ("3.11.1", 201)] {
        let (_cluster, mut session) = books(version).await;
        let response =
            import(&mut session, "collection=books&type=array", r#"[{"_key":"b"},{"_key":"x/y"}]"#).await;
        assert_eq!(response.status, status, "{version}");
    }
}

#[tokio::test]
async fn only_posts_import() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let refused = session.get("/_api/import?collection=books").await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    assert_eq!(refused.json()["errorMessage"], "ILLEGAL /_api/import");
    assert_eq!(session.post("/_api/import/books", &json!([])).await.error_num(), 601);
}
