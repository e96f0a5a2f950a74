//! Databases, collections, documents and users, as far as administration and failover tests need them.

use http::{Method, Request};
use serde_json::json;

use crate::client::{Session, basic, in_memory};

#[tokio::test]
async fn a_document_is_created_changed_and_removed_through_different_coordinators() {
    let cluster = in_memory().await;
    let mut one = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    one.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/document/books";
    let body = json!({ "_key": "a", "title": "x" }).to_string();
    let made = one.request_with_marker(Method::POST, path, "insert", &body).await.unwrap();
    assert_eq!((made.status, cluster.journal().executions("insert")), (202, 1));
    assert!(
        made.headers.contains_key("etag") && made.headers["location"] == "/_db/_system/_api/document/books/a"
    );

    let again = one.post(path, &json!({ "_key": "a" })).await;
    assert_eq!((again.status, again.error_num()), (409, 1210));
    assert_eq!(other.get("/_api/document/books/a").await.json()["title"], "x");
    assert_eq!(other.get("/_api/collection/books/count").await.json()["count"], 1);
    let patched =
        other.request(Method::PATCH, "/_api/document/books/a", r#"{"pages":7}"#).await.unwrap().json();
    assert!(patched["_oldRev"].is_string());
    let read = one.get("/_api/document/books/a").await.json();
    assert_eq!((&read["title"], &read["pages"]), (&json!("x"), &json!(7)));
    one.put("/_api/document/books/a", &json!({ "title": "y" })).await;
    assert_eq!(one.get("/_api/document/books/a").await.json().get("pages"), None);

    assert_eq!(one.delete("/_api/document/books/a").await.status, 202);
    assert_eq!(other.delete("/_api/document/books/a").await.error_num(), 1202);
    assert_eq!(other.get("/_api/document/nothing/a").await.error_num(), 1203);
}

#[tokio::test]
async fn a_revision_is_a_precondition() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    let request = Request::put("/_api/document/books/a").header("if-match", "\"_old\"");
    let refused = session.send(request, "{}").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (412, 1200));

    let revision = session.get("/_api/document/books/a").await.json()["_rev"].as_str().unwrap().to_owned();
    let unchanged = Request::get("/_api/document/books/a").header("if-none-match", format!("\"{revision}\""));
    assert_eq!(session.send(unchanged, "").await.unwrap().status, 304);
}

#[tokio::test]
async fn the_response_to_a_repeated_insert_depends_on_the_overwrite_mode() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "_key": "a" });
    let first = session.post("/_api/document/books", &body).await.json();
    let ignored = session.post("/_api/document/books?overwriteMode=ignore", &body).await.json();
    assert_eq!(ignored["_rev"], first["_rev"]);
    let replaced = session.post("/_api/document/books?overwriteMode=replace", &body).await.json();
    assert_eq!(replaced["_oldRev"], first["_rev"]);
}

#[tokio::test]
async fn databases_are_created_and_dropped() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.post("/_api/database", &json!({ "name": "shop" })).await.status, 201);
    assert_eq!(session.post("/_api/database", &json!({ "name": "shop" })).await.error_num(), 1207);
    assert_eq!(session.post("/_api/database", &json!({ "name": "1x" })).await.error_num(), 1208);
    assert_eq!(session.get("/_api/database").await.json()["result"], json!(["_system", "shop"]));
    assert_eq!(session.get("/_db/shop/_api/database").await.error_num(), 1230);
    assert_eq!(session.get("/_db/shop/_api/database/current").await.json()["result"]["name"], "shop");
    assert_eq!(session.delete("/_api/database/shop").await.json()["result"], true);
    assert_eq!(session.delete("/_api/database/shop").await.error_num(), 1228);
}

#[tokio::test]
async fn creating_an_equal_index_returns_the_existing_one() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "type": "persistent", "fields": ["a"] });
    let made = session.post("/_api/index?collection=books", &body).await;
    assert_eq!((made.status, &made.json()["isNewlyCreated"]), (201, &json!(true)));
    let again = session.post("/_api/index?collection=books", &body).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &made.json()["id"]));
    let all = session.get("/_api/index?collection=books").await.json();
    assert_eq!(all["indexes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn users_and_grants_work_at_once() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(root.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await.status, 201);
    assert_eq!(root.post("/_api/user", &json!({ "user": "anna" })).await.error_num(), 1702);
    let mut anna =
        Session::connect_in_memory(cluster.coordinator(1)).await.with_authorization(basic("anna", "x"));
    assert_eq!(anna.get("/_api/version").await.status, 401);
    root.put("/_api/user/anna/database/_system", &json!({ "grant": "ro" })).await;
    assert_eq!(anna.get("/_api/version").await.status, 200);
    assert_eq!(anna.post("/_api/collection", &json!({ "name": "books" })).await.status, 403);
    assert_eq!(root.delete("/_api/user/anna").await.status, 202);
    assert_eq!(anna.get("/_api/version").await.status, 401);
}

#[tokio::test]
async fn a_graph_creates_its_collections() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.post("/_api/gharial", &json!({ "name": "g" })).await.status, 202);
    session.post("/_api/gharial/g/vertex", &json!({ "collection": "towns" })).await;
    let edge = json!({ "collection": "roads", "from": ["towns"], "to": ["towns"] });
    let graph = session.post("/_api/gharial/g/edge", &edge).await.json()["graph"].clone();

    assert_eq!((&graph["orphanCollections"], &graph["edgeDefinitions"]), (&json!([]), &json!([edge])));
    assert_eq!(session.get("/_api/collection/roads").await.json()["type"], 3);
}

#[tokio::test]
async fn a_patch_of_a_user_keeps_the_extra_data_that_it_does_not_name() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    root.post("/_api/user", &json!({ "user": "anna", "extra": { "a": 1, "b": 1 } })).await;
    let body = json!({ "extra": { "b": 2 } }).to_string();
    let patched = root.request(Method::PATCH, "/_api/user/anna", &body).await.unwrap().json();
    assert_eq!(patched["extra"], json!({ "a": 1, "b": 2 }));
    let replaced = root.put("/_api/user/anna", &json!({ "extra": { "c": 3 } })).await.json();
    assert_eq!(replaced["extra"], json!({ "c": 3 }));
}

#[tokio::test]
async fn a_name_that_may_not_be_in_normal_form_is_refused_rather_than_created() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let refused = session.post("/_api/database", &json!({ "name": "a\u{308}" })).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    assert_eq!(session.post("/_api/database", &json!({ "name": "ä" })).await.status, 201);
}

#[tokio::test]
async fn a_body_with_an_attribute_twice_is_not_json() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    for (path, body) in [
        ("/_api/document/books", r#"{"a":1,"a":2}"#),
        ("/_api/document/books", r#"[{"a":{"b":1,"b":1}}]"#),
        ("/_api/collection", r#"{"name":"x","name":"y"}"#),
        ("/_api/cursor", r#"{"query":"RETURN @x","bindVars":{"x":1,"x":2}}"#),
    ] {
        let refused = session.request(Method::POST, path, body).await.expect("a response");
        assert_eq!((refused.status, refused.error_num()), (400, 600), "{path} {body}");
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
}
