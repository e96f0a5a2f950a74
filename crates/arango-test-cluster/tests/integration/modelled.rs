//! What is not modelled is refused by name.

use http::{Method, Request};
use serde_json::json;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn parameters_headers_and_attributes_that_are_not_modelled_are_refused_by_name() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    for (method, path, body, named) in [
        ("POST", "/_api/document/books?x=1", "{}", "the query parameter `x` of POST /_api/document"),
        ("GET", "/_api/collection?x", "", "the query parameter `x` of GET /_api/collection"),
        ("POST", "/_api/collection", r#"{"name":"a","x":1}"#, "the attribute `x` of POST /_api/collection"),
        ("POST", "/_api/cursor", r#"{"query":"RETURN 1","x":1}"#, "the attribute `x` of POST /_api/cursor"),
        (
            "POST",
            "/_api/cursor",
            r#"{"query":"RETURN 1","options":{"x":1}}"#,
            "the attribute `options.x` of POST /_api/cursor",
        ),
        ("POST", "/_api/index?collection=books", r#"{"x":1}"#, "the attribute `x` of POST /_api/index"),
        ("DELETE", "/_api/gharial/g?x=1", "", "the query parameter `x` of DELETE /_api/gharial"),
        ("POST", "/_api/database", r#"{"name":"a","x":1}"#, "the attribute `x` of POST /_api/database"),
        ("POST", "/_api/user", r#"{"user":"a","x":1}"#, "the attribute `x` of POST /_api/user"),
        ("PUT", "/_api/user/root/database/a", r#"{"x":"rw"}"#, "the attribute `x` of PUT /_api/user"),
        (
            "PUT",
            "/_admin/server/mode",
            r#"{"mode":"readonly","x":1}"#,
            "the attribute `x` of PUT /_admin/server",
        ),
        (
            "POST",
            "/_admin/cluster/resignLeadership",
            r#"{"x":1}"#,
            "the attribute `x` of POST /_admin/cluster",
        ),
        ("GET", "/_api/job/done?x=1", "", "the query parameter `x` of GET /_api/job"),
    ] {
        let method = Method::try_from(method).unwrap();
        let refused = session.request(method, path, body).await.unwrap();
        assert_eq!((refused.status, refused.error_num()), (501, 9), "{path} {body}");
        assert_eq!(refused.json()["errorMessage"], format!("sim: {named} is not modelled"));
        assert!(cluster.unsupported().contains(&named.to_owned()));
    }

    let deep = format!(r#"{{"name":"a","x":{}{}}}"#, "[".repeat(150), "]".repeat(150));
    let refused = session.request(Method::POST, "/_api/collection", &deep).await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (501, 9), "an attribute with deep content");

    let refused = session.get("/_api/simple/all").await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    assert_eq!(refused.json()["errorMessage"], "sim: GET /_api/simple/all is not modelled");

    let request = Request::get("/_api/document/books/a").header("x-arango-something", "1");
    let refused = session.send(request, "").await.unwrap();
    assert_eq!(
        refused.json()["errorMessage"],
        "sim: the header `x-arango-something` of GET /_api/document is not modelled"
    );
}

#[tokio::test]
async fn headers_that_every_client_sends_pass() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::get("/_api/collection")
        .header("x-arango-driver", "d/1")
        .header("x-arango-version", "31200")
        .header("x-arango-queue-time-seconds", "10")
        .header("x-request-id", "7")
        .header("user-agent", "u");
    assert_eq!(session.send(request, "").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_request_of_an_unknown_transaction_is_refused() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    for (method, path, body) in [
        ("POST", "/_api/document/books", "{}"),
        ("GET", "/_api/document/books/a", ""),
        ("POST", "/_api/cursor", r#"{"query":"RETURN 1"}"#),
        ("GET", "/_api/collection/books/count", ""),
        ("PUT", "/_api/collection/books/truncate", ""),
    ] {
        let request = |id: &str| Request::builder().method(method).uri(path).header("x-arango-trx-id", id);
        let unknown = session.send(request("12345"), body).await.unwrap();
        assert_eq!((unknown.status, unknown.error_num()), (404, 1655), "{path}");
        let malformed = session.send(request("x"), body).await.unwrap();
        assert_eq!((malformed.status, malformed.error_num()), (400, 10), "{path}");
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
}
