//! Options and errors of operations on single documents.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{Session, TestResponse, in_memory};

async fn books() -> (arango_test_cluster::TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    (cluster, session)
}

async fn patch(session: &mut Session, path: &str, body: Value) -> TestResponse {
    session.request(Method::PATCH, path, &body.to_string()).await.expect("a response")
}

/// The attributes that a client has set.
async fn stored(session: &mut Session, path: &str) -> Value {
    let mut document = session.get(path).await.json();
    let attributes = document.as_object_mut().expect("a document");
    attributes.retain(|name, _| !["_id", "_key", "_rev"].contains(&name.as_str()));
    document
}

#[tokio::test]
async fn null_in_a_patch_is_kept_unless_keep_null_is_false() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/document/books", &json!({ "_key": "a", "x": 1, "n": { "y": 1 } })).await;
    let path = "/_api/document/books/a";
    patch(&mut session, path, json!({ "x": null })).await;
    assert_eq!(stored(&mut session, path).await, json!({ "x": null, "n": { "y": 1 } }));
    patch(&mut session, "/_api/document/books/a?keepNull=false", json!({ "x": null, "n": { "y": null } }))
        .await;
    assert_eq!(stored(&mut session, path).await, json!({ "n": {} }));
    let insert = "/_api/document/books?overwriteMode=update&keepNull=false";
    session.post(insert, &json!({ "_key": "a", "n": null })).await;
    assert_eq!(stored(&mut session, path).await, json!({}));
}

#[tokio::test]
async fn objects_in_a_patch_replace_those_of_the_document_if_they_are_not_merged() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/document/books", &json!({ "_key": "a", "n": { "x": 1, "y": 1 } })).await;
    let path = "/_api/document/books/a";
    patch(&mut session, path, json!({ "n": { "x": 2 } })).await;
    assert_eq!(stored(&mut session, path).await["n"], json!({ "x": 2, "y": 1 }));
    patch(&mut session, "/_api/document/books/a?mergeObjects=false", json!({ "n": { "x": 3 } })).await;
    assert_eq!(stored(&mut session, path).await["n"], json!({ "x": 3 }));
}

#[tokio::test]
async fn a_revision_in_the_body_is_a_precondition_if_revisions_are_not_ignored() {
    let (_cluster, mut session) = books().await;
    let made = session.post("/_api/document/books", &json!({ "_key": "a" })).await.json();
    let wrong = json!({ "_rev": "_wrong", "x": 1 });
    assert_eq!(session.put("/_api/document/books/a", &wrong).await.status, 202);
    let current = session.get("/_api/document/books/a").await.json()["_rev"].clone();
    assert_ne!(current, made["_rev"]);
    for method in [Method::PUT, Method::PATCH] {
        let path = "/_api/document/books/a?ignoreRevs=false";
        let refused = session.request(method, path, &wrong.to_string()).await.unwrap();
        assert_eq!((refused.status, refused.error_num()), (412, 1200));
        assert_eq!(refused.json()["_rev"], current);
        assert_eq!(refused.headers["etag"], format!("\"{}\"", current.as_str().unwrap()));
    }
    let right = json!({ "_rev": current, "x": 2 });
    assert_eq!(session.put("/_api/document/books/a?ignoreRevs=false", &right).await.status, 202);
}

#[tokio::test]
async fn a_revision_header_counts_for_every_operation_with_quotes_or_without() {
    let (_cluster, mut session) = books().await;
    let made = session.post("/_api/document/books", &json!({ "_key": "a" })).await.json();
    let revision = made["_rev"].as_str().unwrap().to_owned();
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
        let request = Request::builder().method(method).uri("/_api/document/books/a").header("if-match", "x");
        assert_eq!(session.send(request, "{}").await.unwrap().status, 412, "{method}");
    }
    for tag in [revision.clone(), format!("\"{revision}\""), format!("'{revision}'")] {
        let request = Request::get("/_api/document/books/a").header("if-match", tag);
        assert_eq!(session.send(request, "").await.unwrap().status, 200);
    }
    let request = Request::delete("/_api/document/books/a").header("if-match", revision);
    assert_eq!(session.send(request, "").await.unwrap().status, 202);
}

#[tokio::test]
async fn a_version_that_is_not_higher_writes_nothing_from_3_12_on() {
    for (version, is_written) in [("3.12.0", false), ("3.11.14", true)] {
        let cluster =
            arango_test_cluster::TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        session.post("/_api/collection", &json!({ "name": "books" })).await;
        session.post("/_api/document/books", &json!({ "_key": "a", "w": 5 })).await;
        let path = "/_api/document/books/a?versionAttribute=w&returnNew=true";
        for lower in [json!({ "w": 5 }), json!({ "w": 4.5 })] {
            let result = session.put(path, &lower).await.json();
            assert_eq!(result["_rev"] != result["_oldRev"], is_written, "{version}");
        }
        if !is_written {
            let insert = "/_api/document/books?overwriteMode=replace&versionAttribute=w";
            let result = session.post(insert, &json!({ "_key": "a", "w": 1 })).await.json();
            assert_eq!(result["_rev"], result["_oldRev"]);
            for usual in [json!({ "w": 6 }), json!({ "x": 1 }), json!({ "w": -1 }), json!({ "w": "9" })] {
                let result = session.put(path, &usual).await.json();
                assert_ne!(result["_rev"], result["_oldRev"], "{usual}");
            }
        }
    }
}

#[tokio::test]
async fn a_silent_write_returns_neither_body_nor_tag_nor_location() {
    let (_cluster, mut session) = books().await;
    let silent = session.post("/_api/document/books?silent=true", &json!({ "_key": "a" })).await;
    assert_eq!((silent.status, silent.json()), (202, json!({})));
    assert!(!silent.headers.contains_key("etag") && !silent.headers.contains_key("location"));
    let missing = session.put("/_api/document/books/b?silent=true", &json!({})).await;
    assert_eq!((missing.status, missing.error_num()), (404, 1202));
}

#[tokio::test]
async fn old_and_new_documents_are_returned_on_request() {
    let (_cluster, mut session) = books().await;
    let path = "/_api/document/books?returnNew=true&returnOld=true&overwriteMode=replace";
    let made = session.post(path, &json!({ "_key": "a", "x": 1 })).await.json();
    assert_eq!((&made["new"]["x"], made.get("old"), made.get("_oldRev")), (&json!(1), None, None));
    let replaced = session.post(path, &json!({ "_key": "a", "x": 2 })).await.json();
    assert_eq!((&replaced["old"]["x"], &replaced["new"]["x"]), (&json!(1), &json!(2)));
    assert_eq!(replaced["_oldRev"], made["_rev"]);
    let removed = session.delete("/_api/document/books/a?returnOld=true").await.json();
    assert_eq!((&removed["old"]["x"], &removed["_rev"]), (&json!(2), &replaced["_rev"]));
    assert_eq!(removed.get("_oldRev"), None);
}

#[tokio::test]
async fn waiting_for_the_disk_changes_the_status_and_not_more() {
    let (_cluster, mut session) = books().await;
    let path = "/_api/document/books?waitForSync=true";
    assert_eq!(session.post(path, &json!({ "_key": "a" })).await.status, 201);
    assert_eq!(session.put("/_api/document/books/a?waitForSync=true", &json!({})).await.status, 201);
    assert_eq!(session.delete("/_api/document/books/a?waitForSync=true").await.status, 200);
    session.post("/_api/collection", &json!({ "name": "safe", "waitForSync": true })).await;
    let made = session.post("/_api/document/safe", &json!([{ "_key": "x" }])).await;
    let some = session.post("/_api/document/safe", &json!([{ "_key": "x" }, { "_key": "y" }])).await;
    let none = session.post("/_api/document/safe", &json!([{ "_key": "x" }])).await;
    assert_eq!((made.status, some.status, none.status), (201, 201, 202), "202 if nothing was written");
    let none = session.post("/_api/document/safe?waitForSync=true", &json!([{ "_key": "x" }])).await;
    assert_eq!(none.status, 201);
    assert_eq!(session.post("/_api/document/safe?waitForSync=false", &json!({})).await.status, 201);
}

#[tokio::test]
async fn an_edge_needs_both_of_its_ends() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/collection", &json!({ "name": "links", "type": 3 })).await;
    for bad in [json!({}), json!({ "_from": "books/a" }), json!({ "_from": "a", "_to": "books/b" })] {
        let refused = session.post("/_api/document/links", &bad).await;
        assert_eq!((refused.status, refused.error_num()), (400, 1233), "{bad}");
    }
    let edge = json!({ "_key": "e", "_from": "books/a", "_to": "books/b" });
    assert_eq!(session.post("/_api/document/links", &edge).await.status, 202);
    assert_eq!(session.put("/_api/document/links/e", &json!({})).await.error_num(), 1233);
    assert_eq!(patch(&mut session, "/_api/document/links/e", json!({ "x": 1 })).await.status, 202);
}

#[tokio::test]
async fn whole_numbers_are_printed_without_a_fraction() {
    let (_cluster, mut session) = books().await;
    let body = r#"{"_key":"a","n":[1.0,1e2,1.5,18446744073709551615],"t":"ä"}"#;
    session.request(Method::POST, "/_api/document/books", body).await.unwrap();
    let read = session.get("/_api/document/books/a").await;
    let text = String::from_utf8(read.body.to_vec()).unwrap();
    assert!(text.ends_with(r#""n":[1,100,1.5,18446744073709551615],"t":"\u00E4"}"#), "{text}");
}

#[tokio::test]
async fn an_insert_overwrites_by_the_old_parameter_before_4_0_only() {
    for (version, status) in [("3.12.5", 202), ("4.0", 409)] {
        let cluster =
            arango_test_cluster::TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        session.post("/_api/collection", &json!({ "name": "books" })).await;
        session.post("/_api/document/books", &json!({ "_key": "a" })).await;
        let again = session.post("/_api/document/books?overwrite=true", &json!({ "_key": "a" })).await;
        assert_eq!(again.status, status, "{version}");
    }
}

#[tokio::test]
async fn bad_keys_and_bodies_have_their_errors() {
    let (_cluster, mut session) = books().await;
    for (body, number) in [(r#"{"_key":1}"#, 1221), (r#"{"_key":"a/b"}"#, 1221), ("7", 1227), ("{", 600)] {
        let refused = session.request(Method::POST, "/_api/document/books", body).await.unwrap();
        assert_eq!((refused.status, refused.error_num()), (400, number), "{body}");
    }
    assert_eq!(session.delete("/_api/document/books/a/b").await.error_num(), 601);
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(150), "]".repeat(150));
    assert_eq!(session.request(Method::POST, "/_api/document/books", &deep).await.unwrap().status, 202);
}

#[tokio::test]
async fn a_read_that_may_come_from_a_follower_says_so() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    let request = Request::get("/_api/document/books/a").header("x-arango-allow-dirty-read", "true");
    let read = session.send(request, "").await.unwrap();
    assert_eq!(read.headers["x-arango-potential-dirty-read"], "true");
    let strong = session.get("/_api/document/books/a").await;
    assert!(!strong.headers.contains_key("x-arango-potential-dirty-read"));
}

#[tokio::test]
async fn documents_of_collections_that_a_server_fills_are_refused_rather_than_missing() {
    let (_cluster, mut session) = books().await;
    let refused = session.get("/_api/document/_jobs/1").await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
}
