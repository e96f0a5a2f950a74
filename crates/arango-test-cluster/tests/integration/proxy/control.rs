//! The control address of proxies.

use http::Method;
use serde_json::json;

use super::{proxied, session};
use crate::control::send_request;

#[tokio::test]
async fn faults_are_injected_listed_and_ended() {
    let (_cluster, proxy) = proxied().await;
    let control = proxy.control().await.unwrap();
    let fault = json!({ "kind": "response", "status": 503, "error_num": 503, "times": 1 });
    let made = send_request(&control, Method::POST, "/coordinators/0/faults", &fault).await;
    assert_eq!(made, (200, json!({ "id": 1 })));
    let mut session = session(proxy.coordinator(0).address()).await;
    assert_eq!(session.get("/_api/version").await.status, 503);

    let (_, listed) = send_request(&control, Method::GET, "/faults", &json!({})).await;
    assert_eq!(listed["faults"], json!([{ "id": 1, "coordinator": 0, "fault": fault, "hits": 1 }]));
    let ended = send_request(&control, Method::DELETE, "/faults/1", &json!({})).await;
    assert_eq!(ended, (200, json!({ "ok": true, "hits": 1 })));
    assert_eq!(send_request(&control, Method::DELETE, "/faults/1", &json!({})).await.0, 404);
    assert_eq!(session.get("/_api/version").await.status, 200);
}

#[tokio::test]
async fn what_a_proxy_cannot_cause_is_refused_by_name() {
    let (_cluster, proxy) = proxied().await;
    let control = proxy.control().await.unwrap();
    for (path, body, status, words) in [
        (
            "/coordinators/0/faults",
            json!({ "kind": "late-copy", "ms": 1 }),
            400,
            "`late-copy`: it happens within a server",
        ),
        (
            "/coordinators/0/faults",
            json!({ "kind": "queue-full" }),
            400,
            "`queue-full`: it is a state of a server",
        ),
        ("/coordinators/0/faults", json!({ "kind": "boom" }), 400, "expected one of `latency`"),
        ("/coordinators/7/faults", json!({ "kind": "hang" }), 404, "no coordinator has the index 7"),
        ("/faults", json!({ "kind": "agency-down" }), 501, "no conditions"),
        ("/coordinators/0/upgrade", json!({ "version": "3.12" }), 501, "cannot upgrade"),
        ("/tokens/expire", json!({}), 501, "POST tokens/expire"),
    ] {
        let (refused, reason) = send_request(&control, Method::POST, path, &body).await;
        assert_eq!(refused, status, "{path} {body}");
        assert!(reason["error"].as_str().unwrap().contains(words), "{reason}");
    }
}

#[tokio::test]
async fn the_journal_is_read_and_cleared() {
    let (_cluster, proxy) = proxied().await;
    let control = proxy.control().await.unwrap();
    let mut session = session(proxy.coordinator(0).address()).await;
    session.request_with_marker(Method::GET, "/_api/version?details=true", "p-1", "").await.unwrap();
    session.request_with_marker(Method::GET, "/_api/nothing", "p-2", "").await.unwrap();

    let get = async |path| send_request(&control, Method::GET, path, &json!({})).await.1;
    assert_eq!(
        get("/journal/markers?prefix=p").await["markers"],
        json!({ "p-1": { "received": 1, "forwarded": 1 }, "p-2": { "received": 1, "forwarded": 1 } })
    );
    assert_eq!(get("/journal/summary").await["requests_per_coordinator"], json!([2]));
    let entries = get("/journal/entries").await["entries"].clone();
    assert_eq!((&entries[0]["path"], &entries[0]["status"]), (&json!("/_api/version"), &json!(200)));
    assert!(entries[0]["begin_ms"].as_u64().is_some_and(|since| since > 0), "{entries}");
    assert!(!entries.to_string().contains("details") && !entries.to_string().contains("Basic"), "{entries}");
    let failed = get("/journal/entries?failed=true&last=5").await["entries"].clone();
    assert_eq!(failed.as_array().map(Vec::len), Some(1));
    assert_eq!(failed[0]["marker"], "p-2");
    send_request(&control, Method::POST, "/journal/clear", &json!({})).await;
    assert_eq!(get("/journal/entries").await["entries"], json!([]));
}

#[tokio::test]
async fn proxies_are_listed_killed_and_restarted() {
    let (_cluster, proxy) = proxied().await;
    let control = proxy.control().await.unwrap();
    let post = async |path| send_request(&control, Method::POST, path, &json!({})).await.0;
    let listed = async || send_request(&control, Method::GET, "/cluster", &json!({})).await.1;
    let address = proxy.coordinator(0).url();

    assert_eq!(post("/coordinators/0/kill").await, 200);
    assert_eq!(
        listed().await["coordinators"],
        json!([{ "index": 0, "url": address, "up": false, "paused": false, "connections": 0 }])
    );
    assert_eq!(post("/coordinators/0/restart").await, 200);
    assert_eq!(post("/coordinators/0/pause").await, 200);
    assert_eq!(listed().await["coordinators"][0]["paused"], true);
    assert_eq!(post("/coordinators/0/resume").await, 200);
    assert_eq!(send_request(&control, Method::GET, "/nothing", &json!({})).await.0, 501);
}
