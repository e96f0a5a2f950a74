//! Definitions of views.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, TestResponse};

async fn books(version: &str) -> (TestCluster, Session) {
    let cluster = TestCluster::builder()
        .in_memory()
        .version(version)
        .seed(42)
        .start()
        .await
        .expect("a cluster in memory starts");
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let inverted = json!({ "type": "inverted", "name": "titles", "fields": ["title"] });
    session.post("/_api/index?collection=books", &inverted).await;
    session
        .post(
            "/_api/index?collection=books",
            &json!({ "type": "persistent", "name": "years", "fields": ["year"] }),
        )
        .await;
    (cluster, session)
}

async fn patch(session: &mut Session, path: &str, body: &Value) -> TestResponse {
    session.request(Method::PATCH, path, &body.to_string()).await.expect("a response")
}

fn seen(response: &TestResponse) -> (u16, u64) {
    (response.status, response.error_num())
}

#[tokio::test]
async fn a_view_is_created_listed_read_and_dropped() {
    let (_cluster, mut session) = books("3.12.5").await;
    let made = session.post("/_api/view", &json!({ "name": "v", "type": "arangosearch" })).await;
    let body = made.json();
    assert_eq!((made.status, &body["name"], body.get("error")), (201, &json!("v"), None));
    session.post("/_api/view", &json!({ "name": "a", "type": "search-alias" })).await;

    let basic = session.get("/_api/view/v").await.json();
    let id = body["id"].as_str().unwrap();
    let expected = json!({
        "id": id, "name": "v", "type": "arangosearch", "globallyUniqueId": format!("c{id}/"), "error": false, "code": 200,
    });
    assert_eq!(basic, expected);
    assert_eq!(session.get(&format!("/_api/view/{id}")).await.json(), expected, "by its id");
    let listed = session.get("/_api/view").await.json()["result"].clone();
    assert_eq!(
        (&listed[0]["name"], &listed[1]["name"], listed.as_array().unwrap().len()),
        (&json!("a"), &json!("v"), 2)
    );
    assert_eq!(listed[0].get("indexes"), None);

    let dropped = session.delete("/_api/view/v").await;
    assert_eq!((dropped.status, &dropped.json()["result"]), (200, &json!(true)));
    for path in ["/_api/view/v", "/_api/view/v/properties"] {
        assert_eq!(seen(&session.get(path).await), (404, 1203), "{path}");
    }
    assert_eq!(seen(&session.delete("/_api/view/v").await), (404, 1203));
    assert_eq!(seen(&session.put("/_api/view/v/properties", &json!({})).await), (404, 1203));
}

#[tokio::test]
async fn the_properties_of_a_view_have_the_defaults_of_their_version() {
    for (version, interval, policy, has_top_k) in [
        ("3.11.14", 1000, "segmentsMin", false),
        ("3.12.5", 1000, "segmentsMin", true),
        ("3.12.8", 5000, "maxSkewThreshold", true),
    ] {
        let (_cluster, mut session) = books(version).await;
        session.post("/_api/view", &json!({ "name": "v", "type": "arangosearch" })).await;
        let properties = session.get("/_api/view/v/properties").await.json();
        assert_eq!(properties["consolidationIntervalMsec"], interval, "{version}");
        assert!(properties["consolidationPolicy"].get(policy).is_some(), "{version}");
        assert_eq!(properties.get("optimizeTopK").is_some(), has_top_k, "{version}");
        assert_eq!((&properties["links"], &properties["writebufferIdle"]), (&json!({}), &json!(64)));
    }
}

#[tokio::test]
async fn properties_are_reported_in_the_long_form() {
    let (_cluster, mut session) = books("3.12.5").await;
    let view = json!({
        "name": "v", "type": "arangosearch", "commitIntervalMsec": 7, "primarySortCache": false,
        "primaryKeyCache": true, "primarySort": [{ "field": "year", "direction": "desc" }, { "field": "x", "asc": true }],
        "storedValues": ["a", ["b", "c"], { "fields": ["d"], "compression": "none", "cache": true }],
        "consolidationPolicy": { "type": "bytes_accum", "threshold": 0.5 },
        "links": { "books": { "inBackground": true, "fields": { "title": { "analyzers": ["text_en"] } } } },
    });
    let made = session.post("/_api/view", &view).await.json();
    assert_eq!(
        made["primarySort"],
        json!([{ "field": "year", "asc": false }, { "field": "x", "asc": true }])
    );
    assert_eq!(
        made["storedValues"],
        json!([
            { "fields": ["a"], "compression": "lz4" },
            { "fields": ["b", "c"], "compression": "lz4" },
            { "fields": ["d"], "compression": "none", "cache": true },
        ])
    );
    assert_eq!(made["consolidationPolicy"], json!({ "type": "bytes_accum", "threshold": 0.5 }));
    assert_eq!((made.get("primarySortCache"), &made["primaryKeyCache"]), (None, &json!(true)));
    let link = json!({
        "analyzers": ["identity"], "fields": { "title": { "analyzers": ["text_en"] } }, "includeAllFields": false,
        "storeValues": "none", "trackListPositions": false,
    });
    assert_eq!((&made["commitIntervalMsec"], &made["links"]["books"]), (&json!(7), &link));
    let mut read = session.get("/_api/view/v/properties").await.json();
    read.as_object_mut().unwrap().retain(|name, _| name != "error" && name != "code");
    assert_eq!(read, made);
}

#[tokio::test]
async fn a_view_is_changed_in_part_or_as_a_whole_and_never_in_what_is_fixed() {
    let (_cluster, mut session) = books("3.12.5").await;
    session.post("/_api/collection", &json!({ "name": "films" })).await;
    let view = json!({
        "name": "v", "type": "arangosearch", "cleanupIntervalStep": 9, "commitIntervalMsec": 9,
        "writebufferIdle": 9, "links": { "books": {} },
    });
    session.post("/_api/view", &view).await;
    let path = "/_api/view/v/properties";
    let change = json!({ "commitIntervalMsec": 8, "writebufferIdle": 8, "links": { "films": {} } });
    let changed = patch(&mut session, path, &change).await.json();
    let numbers = |body: &Value| {
        ["cleanupIntervalStep", "commitIntervalMsec", "writebufferIdle"]
            .map(|name| body[name].as_u64().unwrap())
    };
    let linked = |body: &Value| body["links"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (numbers(&changed), linked(&changed)),
        ([9, 8, 9], vec!["books".to_owned(), "films".to_owned()])
    );
    let changed = patch(&mut session, path, &json!({ "links": { "books": null } })).await.json();
    assert_eq!((numbers(&changed), linked(&changed)), ([9, 8, 9], vec!["films".to_owned()]));
    let replaced =
        session.put(path, &json!({ "commitIntervalMsec": 7, "links": { "books": {} } })).await.json();
    assert_eq!((numbers(&replaced), linked(&replaced)), ([2, 7, 9], vec!["books".to_owned()]));
    assert_eq!(session.put(path, &session_body(&replaced)).await.status, 200, "a view can be sent back");
}

fn session_body(view: &Value) -> Value {
    let mut view = view.clone();
    view["error"] = false.into();
    view["code"] = 200.into();
    view
}

#[tokio::test]
async fn an_alias_has_inverted_indexes_that_are_added_and_removed() {
    let (_cluster, mut session) = books("3.12.5").await;
    let titles = json!({ "collection": "books", "index": "titles" });
    let made = session
        .post("/_api/view", &json!({ "name": "a", "type": "search-alias", "indexes": [titles] }))
        .await;
    assert_eq!((made.status, &made.json()["indexes"]), (201, &json!([titles])));
    let indexes = session.get("/_api/index?collection=books").await.json()["indexes"].clone();
    let inverted = indexes.as_array().unwrap().iter().find(|index| index["type"] == "inverted").unwrap();
    let number = inverted["id"].as_str().unwrap().split_once('/').unwrap().1.to_owned();

    let path = "/_api/view/a/properties";
    let operation = |operation: &str| json!({ "indexes": [{ "collection": "books", "index": number, "operation": operation }] });
    assert_eq!(patch(&mut session, path, &operation("add")).await.json()["indexes"], json!([titles]));
    assert_eq!(patch(&mut session, path, &operation("del")).await.json()["indexes"], json!([]));
    assert_eq!(seen(&patch(&mut session, path, &operation("del")).await), (400, 10));
    assert_eq!(seen(&patch(&mut session, path, &operation("move")).await), (400, 10));
    assert_eq!(session.put(path, &json!({ "indexes": [titles] })).await.json()["indexes"], json!([titles]));
    assert_eq!(patch(&mut session, path, &json!({})).await.json()["indexes"], json!([titles]));

    session.delete("/_api/index/books/titles").await;
    assert_eq!(session.get(path).await.json()["indexes"], json!([]));
}

#[tokio::test]
async fn invalid_definitions_are_refused() {
    let (cluster, mut session) = books("3.12.5").await;
    let with = |attribute: &str, value: Value| {
        let mut view = json!({ "name": "v", "type": "arangosearch" });
        view[attribute] = value;
        view
    };
    let alias = |index: Value| json!({ "name": "v", "type": "search-alias", "indexes": [index] });
    for (view, expected) in [
        (json!([]), (400, 10)),
        (json!({}), (400, 600)),
        (json!({ "type": "arangosearch" }), (400, 10)),
        (json!({ "name": "v" }), (400, 10)),
        (json!({ "name": "v", "type": "other" }), (400, 10)),
        (json!({ "name": "a/b", "type": "arangosearch" }), (400, 1208)),
        (json!({ "name": "_v", "type": "arangosearch" }), (400, 1208)),
        (with("links", json!([])), (400, 10)),
        (with("links", json!({ "nothing": {} })), (404, 1203)),
        (with("links", json!({ "books": 7 })), (400, 10)),
        (with("links", json!({ "books": { "analyzers": ["nothing"] } })), (400, 10)),
        (with("links", json!({ "books": { "includeAllFields": 1 } })), (400, 10)),
        (with("links", json!({ "books": { "x": 1 } })), (501, 9)),
        (with("commitIntervalMsec", json!(-1)), (400, 10)),
        (with("consolidationPolicy", json!({ "type": "other" })), (400, 10)),
        (with("consolidationPolicy", json!({ "type": "bytes_accum", "threshold": 2 })), (400, 10)),
        (with("primarySort", json!([{ "field": "x" }])), (400, 10)),
        (with("storedValues", json!([7])), (400, 10)),
        (with("optimizeTopK", json!([7])), (400, 10)),
        (with("x", json!(1)), (501, 9)),
        (alias(json!({ "collection": "books" })), (400, 10)),
        (alias(json!({ "collection": "nothing", "index": "titles" })), (400, 10)),
        (alias(json!({ "collection": "books", "index": "years" })), (400, 10)),
    ] {
        assert_eq!(seen(&session.post("/_api/view", &view).await), expected, "{view}");
    }
    assert_eq!(session.get("/_api/view").await.json()["result"], json!([]));
    assert!(cluster.unsupported().contains(&"the attribute `x` of POST /_api/view".to_owned()));
}

#[tokio::test]
async fn collections_and_views_share_their_names() {
    let (_cluster, mut session) = books("3.12.5").await;
    let view = |name: &str| json!({ "name": name, "type": "arangosearch" });
    assert_eq!(session.post("/_api/view", &view("v")).await.status, 201);
    for taken in ["v", "books"] {
        assert_eq!(seen(&session.post("/_api/view", &view(taken)).await), (409, 1207), "{taken}");
    }
    assert_eq!(seen(&session.post("/_api/collection", &json!({ "name": "v" })).await), (409, 1207));
}

#[tokio::test]
async fn a_dropped_collection_leaves_no_link_behind() {
    let (_cluster, mut session) = books("3.12.5").await;
    session
        .post("/_api/view", &json!({ "name": "v", "type": "arangosearch", "links": { "books": {} } }))
        .await;
    let index = json!({ "collection": "books", "index": "titles" });
    session.post("/_api/view", &json!({ "name": "a", "type": "search-alias", "indexes": [index] })).await;
    session.delete("/_api/collection/books").await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    assert_eq!(session.get("/_api/view/v/properties").await.json()["links"], json!({}));
    assert_eq!(session.get("/_api/view/a/properties").await.json()["indexes"], json!([]));
}

#[tokio::test]
async fn a_view_is_not_renamed_in_a_cluster_and_not_searched_here() {
    let (_cluster, mut session) = books("3.12.5").await;
    session.post("/_api/view", &json!({ "name": "v", "type": "arangosearch" })).await;
    assert_eq!(seen(&session.put("/_api/view/v/rename", &json!({ "name": "w" })).await), (501, 1470));
    assert_eq!(
        seen(&session.post("/_api/cursor", &json!({ "query": "FOR d IN v RETURN d" })).await),
        (501, 9)
    );
    assert_eq!(seen(&session.get("/_api/view/v/links").await), (400, 10));
}
