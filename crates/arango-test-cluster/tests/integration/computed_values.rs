//! Attributes that a collection computes when a document is written.

use arango_test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::client::{Session, in_memory};

/// Starts a cluster with the collection `books`, whose values have these names and expressions.
async fn books(values: &[(&str, &str)]) -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let value = |(name, expression): &(&str, &str)| json!({ "name": name, "expression": expression, "overwrite": true });
    let values: Vec<Value> = values.iter().map(value).collect();
    let made = session.post("/_api/collection", &json!({ "name": "books", "computedValues": values })).await;
    assert_eq!(made.status, 200);
    (cluster, session)
}

async fn insert(session: &mut Session, document: &Value) -> Value {
    session.post("/_api/document/books?returnNew=true", document).await.json()["new"].clone()
}

#[tokio::test]
async fn computed_values_are_set_when_a_document_is_written() {
    let (_cluster, mut session) = books(&[("n", "RETURN LENGTH(@doc.title)")]).await;
    assert_eq!(insert(&mut session, &json!({ "title": "abc" })).await["n"], 3);
}

#[tokio::test]
async fn an_expression_sees_the_document_as_it_will_be_stored() {
    let expression = "RETURN [@doc._key, @doc._id, @doc._rev]";
    let (_cluster, mut session) = books(&[("seen", expression)]).await;

    let generated = insert(&mut session, &json!({ "title": "a" })).await;
    assert_eq!(generated["seen"], json!([generated["_key"], generated["_id"], generated["_rev"]]));
    let replaced =
        session.put("/_api/document/books/k?returnNew=true&overwrite=true", &json!({ "title": "b" })).await;
    assert_eq!(replaced.status, 404);
    insert(&mut session, &json!({ "_key": "k" })).await;
    let path = "/_api/document/books/k?returnNew=true";
    let replaced = session.put(path, &json!({ "_id": "x/y", "title": "b" })).await.json()["new"].clone();
    assert_eq!(replaced["seen"], json!(["k", "books/k", replaced["_rev"]]));
}

#[tokio::test]
async fn no_expression_sees_what_another_one_of_the_same_write_has_computed() {
    let values = [("a", "RETURN 1"), ("b", "RETURN @doc.a"), ("c", "RETURN @doc.n")];
    let (_cluster, mut session) = books(&values).await;

    let made = insert(&mut session, &json!({ "_key": "k", "n": 5 })).await;
    assert_eq!((&made["a"], &made["b"], &made["c"]), (&json!(1), &Value::Null, &json!(5)));
    let path = "/_api/document/books/k?returnNew=true";
    let change = json!({ "n": 6 }).to_string();
    let updated = session.request(http::Method::PATCH, path, &change).await.expect("a response").json();
    // What is stored already can be seen.
    assert_eq!((&updated["new"]["b"], &updated["new"]["c"]), (&json!(1), &json!(6)));
}

#[tokio::test]
async fn the_time_and_random_values_are_those_of_the_write() {
    let values = [("now", "RETURN DATE_NOW()"), ("one", "RETURN RAND()"), ("other", "RETURN RAND()")];
    let (_cluster, mut session) = books(&values).await;
    let now = async |session: &mut Session| {
        let query = json!({ "query": "RETURN DATE_NOW()" });
        session.post("/_api/cursor", &query).await.json()["result"][0].as_i64().unwrap()
    };

    let before = now(&mut session).await;
    let made = insert(&mut session, &json!({})).await;
    let time = made["now"].as_i64().unwrap();
    assert!(before <= time && time <= now(&mut session).await, "{before} {time}");
    let second = insert(&mut session, &json!({})).await;
    assert!(made["one"] != made["other"] && made["one"] != second["one"] && made["one"] != second["other"]);
}
