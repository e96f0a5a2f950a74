//! Slow and full queues.

use std::time::Duration;

use http::{Method, Request};

use crate::client::{Session, in_memory};

/// Builds a request with a queue time limit.
fn with_queue_time_limit(limit: &str) -> http::request::Builder {
    Request::get("/_api/version").header("x-arango-queue-time-seconds", limit).header("x-sim-marker", "m")
}

#[tokio::test]
async fn every_response_has_the_queue_time() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    let slow = coordinator.queue_time(Duration::from_millis(1500));
    assert_eq!(session.get("/_api/version").await.headers["x-arango-queue-time-seconds"], "1.500000");
    assert_eq!(session.get("/_api/document/a/b").await.headers["x-arango-queue-time-seconds"], "1.500000");

    drop(slow);
    assert_eq!(session.get("/_api/version").await.headers["x-arango-queue-time-seconds"], "0.000000");
}

#[tokio::test]
async fn a_request_with_a_lower_queue_time_limit_is_refused_before_execution() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let slow = coordinator.queue_time(Duration::from_millis(1500));
    let mut session = Session::connect_in_memory(coordinator).await;
    let refused = session.send(with_queue_time_limit("1.4"), "").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (412, 21004));
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 0));

    // A limit that is not exceeded, no limit, and no number.
    for limit in ["1.5", "2", "0", "soon"] {
        assert_eq!(session.send(with_queue_time_limit(limit), "").await.unwrap().status, 200, "{limit}");
    }
    assert_eq!(slow.hits(), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_before_execution() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let full = coordinator.queue_full();
    let mut session = Session::connect_in_memory(coordinator).await;
    let refused = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (503, 21003));
    assert_eq!(cluster.journal().executions("m"), 0);
    let available = session.get("/_admin/server/availability").await;
    assert_eq!((available.status, available.error_num()), (503, 503));
    assert_eq!(
        (
            full.hits(),
            Session::connect_in_memory(cluster.coordinator(1)).await.get("/_api/version").await.status
        ),
        (2, 200)
    );

    drop(full);
    assert_eq!(session.get("/_api/version").await.status, 200);
}

#[tokio::test]
async fn authentication_comes_before_the_queue() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _full = coordinator.queue_full();

    assert_eq!(
        Session::connect_in_memory(coordinator)
            .await
            .with_authorization("")
            .get("/_api/version")
            .await
            .status,
        401
    );
}
