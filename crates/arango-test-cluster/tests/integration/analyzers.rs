//! Definitions of analyzers.

use arango_test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::client::{Session, TestResponse, basic, in_memory};

async fn session() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let session = Session::connect_in_memory(cluster.coordinator(0)).await;
    (cluster, session)
}

fn seen(response: &TestResponse) -> (u16, u64) {
    (response.status, response.error_num())
}

fn identity(name: &str) -> Value {
    json!({ "name": name, "type": "identity" })
}

#[tokio::test]
async fn an_analyzer_is_created_once_read_and_removed() {
    let (_cluster, mut session) = session().await;
    let body = json!({
        "name": "stems", "type": "text", "properties": { "locale": "en" },
        "features": ["frequency", "position", "frequency"],
    });
    let made = session.post("/_api/analyzer", &body).await;
    let expected = json!({
        "name": "_system::stems", "type": "text", "features": ["frequency", "position"],
        "properties": { "locale": "en", "case": "lower", "stopwords": [], "accent": false, "stemming": true },
    });
    assert_eq!((made.status, made.json()), (201, expected.clone()), "without an envelope");
    assert_eq!(session.post("/_api/analyzer", &body).await.status, 200, "the same again");
    let other = json!({ "name": "stems", "type": "text", "properties": { "locale": "de" } });
    assert_eq!(seen(&session.post("/_api/analyzer", &other).await), (400, 10));
    for name in ["stems", "_system::stems", "::stems"] {
        let read = session.get(&format!("/_api/analyzer/{name}")).await.json();
        assert_eq!(
            (&read["name"], &read["properties"]),
            (&expected["name"], &expected["properties"]),
            "{name}"
        );
    }
    let removed = session.delete("/_api/analyzer/stems").await;
    assert_eq!((removed.status, &removed.json()["name"]), (200, &json!("_system::stems")));
    assert_eq!(seen(&session.get("/_api/analyzer/stems").await), (404, 1202));
    assert_eq!(seen(&session.delete("/_api/analyzer/stems").await), (404, 1202));
}

#[tokio::test]
async fn every_database_has_the_built_in_analyzers_and_those_of_the_system() {
    let (cluster, mut session) = session().await;
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    session.post("/_api/database", &json!({ "name": "shop", "users": users })).await;
    session.put("/_api/user/root/database/shop", &json!({ "grant": "rw" })).await;
    session.post("/_api/analyzer", &identity("one")).await;
    session.post("/_db/shop/_api/analyzer", &identity("shop::two")).await;
    let names = |response: TestResponse| -> Vec<String> {
        let all = response.json()["result"].as_array().unwrap().clone();
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let listed = names(session.get("/_db/shop/_api/analyzer").await);
    assert_eq!((listed.len(), listed[0].as_str()), (15, "identity"));
    assert_eq!(listed[12..], ["text_zh", "shop::two", "_system::one"]);
    assert_eq!(session.get("/_db/shop/_api/analyzer/_system::one").await.status, 200);
    assert_eq!(seen(&session.get("/_db/shop/_api/analyzer/one").await), (404, 1202));
    assert_eq!(seen(&session.get("/_api/analyzer/shop::two").await), (403, 11));
    assert_eq!(seen(&session.post("/_db/shop/_api/analyzer", &identity("_system::x")).await), (403, 11));
    assert_eq!(seen(&session.delete("/_db/shop/_api/analyzer/_system::one").await), (403, 11));
    assert_eq!(seen(&session.delete("/_api/analyzer/identity?force=true").await), (403, 11));

    let mut anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    let listed = names(anna.get("/_db/shop/_api/analyzer").await);
    assert_eq!(listed[12..], ["text_zh", "shop::two"], "without access to `_system`");
}

#[tokio::test]
async fn invalid_definitions_are_refused() {
    let (_cluster, mut session) = session().await;
    let typed =
        |kind: &str, properties: Value| json!({ "name": "a", "type": kind, "properties": properties });
    let with_features = |features: Value| json!({ "name": "a", "type": "identity", "features": features });
    for (analyzer, expected) in [
        (json!({}), (400, 600)),
        (json!({ "type": "identity" }), (400, 10)),
        (json!({ "name": "a" }), (400, 10)),
        (identity("a:b"), (400, 10)),
        (identity("1a"), (400, 10)),
        (typed("other", json!({})), (501, 9)),
        (typed("text", json!({})), (400, 10)),
        (typed("text", json!({ "locale": 7 })), (400, 10)),
        (typed("text", json!({ "locale": "en", "x": 1 })), (501, 9)),
        (typed("ngram", json!({ "min": 2, "max": 3 })), (400, 10)),
        (typed("pipeline", json!({ "pipeline": [{ "type": "text", "properties": {} }] })), (400, 10)),
        (typed("identity", json!(7)), (400, 10)),
        (with_features(json!("frequency")), (400, 10)),
        (with_features(json!(["other"])), (400, 10)),
        (with_features(json!(["position"])), (400, 10)),
        (with_features(json!(["frequency", "offset"])), (400, 10)),
    ] {
        assert_eq!(seen(&session.post("/_api/analyzer", &analyzer).await), expected, "{analyzer}");
    }
    let parts = json!([{ "type": "norm", "properties": { "locale": "en" } }, { "type": "identity" }]);
    let made = session.post("/_api/analyzer", &typed("pipeline", json!({ "pipeline": parts }))).await.json();
    assert_eq!(
        made["properties"]["pipeline"],
        json!([
            { "type": "norm", "properties": { "locale": "en", "case": "none", "accent": true } },
            { "type": "identity", "properties": {} },
        ])
    );
}

#[tokio::test]
async fn an_analyzer_in_use_is_removed_only_by_force() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    for name in ["one", "two", "three"] {
        session.post("/_api/analyzer", &identity(name)).await;
    }
    let links = json!({ "books": { "fields": { "title": { "analyzers": ["one"] } } } });
    session.post("/_api/view", &json!({ "name": "v", "type": "arangosearch", "links": links })).await;
    let index = json!({ "type": "inverted", "fields": [{ "name": "title", "analyzer": "_system::two" }] });
    session.post("/_api/index?collection=books", &index).await;
    for used in ["one", "two"] {
        assert_eq!(seen(&session.delete(&format!("/_api/analyzer/{used}")).await), (409, 1200), "{used}");
    }
    assert_eq!(session.delete("/_api/analyzer/three").await.status, 200);
    assert_eq!(session.delete("/_api/analyzer/one?force=true").await.status, 200);
}

#[tokio::test]
async fn types_come_with_their_versions() {
    for (version, kind, properties, status) in [
        ("3.10.4", "geo_s2", json!({}), 501),
        ("3.10.5", "geo_s2", json!({}), 201),
        ("3.11.14", "multi_delimiter", json!({ "delimiters": [","] }), 501),
        ("3.12.0", "multi_delimiter", json!({ "delimiters": [","] }), 201),
    ] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let body = json!({ "name": "a", "type": kind, "properties": properties });
        assert_eq!(session.post("/_api/analyzer", &body).await.status, status, "{version} {kind}");
    }
}
