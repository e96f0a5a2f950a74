//! Endpoints that depend on JavaScript: echo, scripts, tasks, routes of services.

use arango_test_cluster::{Authentication, TestCluster};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{Session, in_memory};

#[tokio::test]
async fn echo_returns_the_request_as_it_was_received() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let mut session = Session::connect_tcp(cluster.coordinator(1)).await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    let request = Request::post("/_db/shop/_admin/echo/a%20b/c?x=1&y").header("x-own", "7");
    let echo = session.send(request, "{\"ä\":1}").await.unwrap();
    assert_eq!(echo.status, 200);
    let mut echo = echo.json();
    let address = cluster.coordinator(1).address();
    assert_eq!(
        echo["server"],
        json!({ "address": "127.0.0.1", "port": address.port(), "endpoint": format!("http://{address}") })
    );
    assert_eq!((&echo["client"]["address"], &echo["client"]["id"]), (&json!("127.0.0.1"), &json!("0")));
    assert!(echo["client"]["port"].as_u64().is_some_and(|port| port > 0));
    let headers = echo["headers"].take();
    assert_eq!((&headers["x-own"], &headers["content-length"]), (&json!("7"), &json!("8")));
    assert!(headers["authorization"].as_str().unwrap().starts_with("Basic "));
    for taken in ["server", "client", "headers"] {
        echo.as_object_mut().unwrap().remove(taken);
    }
    let expected = json!({
        "authorized": true, "user": "root", "isAdminUser": true, "database": "shop",
        "url": "/_db/shop/_admin/echo/a%20b/c?x=1&y", "protocol": "http", "portType": "tcp/ip", "internals": {},
        "prefix": "/", "requestType": "POST", "requestBody": "{\"ä\":1}",
        "rawRequestBody": "{\"ä\":1}".as_bytes(), "parameters": { "x": "1", "y": "" }, "cookies": {},
        "suffix": ["a b", "c"], "rawSuffix": ["a%20b", "c"], "path": "/a b/c",
    });
    assert_eq!(echo, expected);
}

#[tokio::test]
async fn echo_of_a_request_without_a_body_has_none() {
    let cluster = in_memory().await;
    let token = format!("bearer {}", cluster.superuser_token());
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(token);
    let echo = session.get("/_admin/echo").await.json();
    assert_eq!(
        (&echo["requestType"], echo.get("requestBody"), &echo["rawRequestBody"], &echo["path"]),
        (&json!("GET"), None, &json!([]), &json!("/"))
    );
    assert_eq!(
        (&echo["user"], &echo["isAdminUser"]),
        (&Value::Null, &json!(true)),
        "a superuser has no name"
    );
    let request = Request::get("/_admin/echo").header("cookie", "a=b");
    assert_eq!(session.send(request, "").await.unwrap().error_num(), 9);
    assert_eq!(session.get("/_admin/echo?a[]=1").await.error_num(), 9);

    let open = TestCluster::builder().in_memory().authentication(Authentication::Off).start().await.unwrap();
    let mut session = Session::connect_in_memory(open.coordinator(0)).await;
    let echo = session.get("/_admin/echo").await.json();
    assert_eq!((&echo["authorized"], &echo["isAdminUser"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn scripts_are_not_executed_since_that_is_off_by_default() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let missing = session.request(Method::POST, "/_admin/execute", "return 1").await.unwrap();
    assert_eq!((missing.status, missing.error_num()), (404, 404));
    assert!(cluster.unsupported().is_empty());
}

#[tokio::test]
async fn there_are_no_tasks_and_none_can_be_created() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.get("/_api/tasks").await.json(), json!([]));
    for missing in [session.get("/_api/tasks/7").await, session.delete("/_api/tasks/7").await] {
        assert_eq!((missing.status, missing.error_num()), (404, 1852));
    }
    assert_eq!(session.get("/_api/tasks/7/8").await.error_num(), 601);
    assert_eq!(session.delete("/_api/tasks").await.error_num(), 601);
    assert!(cluster.unsupported().is_empty());
    let refused = session.post("/_api/tasks", &json!({ "command": "1", "offset": 1 })).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
}

#[tokio::test]
async fn routes_can_be_loaded_again() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let loaded = session.request(Method::POST, "/_admin/routing/reload", "").await.unwrap();
    assert_eq!((loaded.status, loaded.body.len()), (204, 0));
    assert_eq!(session.get("/_admin/routing/routes").await.status, 404);
}
