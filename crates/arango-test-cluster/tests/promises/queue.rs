//! Queues that are slow, and queues that are full.

use std::time::Duration;

use http::{Method, Request};

use crate::session::{Session, in_memory};

/// A request that would rather be refused than wait longer than this.
fn impatient(limit: &str) -> http::request::Builder {
    Request::get("/_api/version").header("x-arango-queue-time-seconds", limit).header("x-sim-marker", "m")
}

#[tokio::test]
async fn every_answer_says_how_long_the_queue_is() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::dial(coordinator).await;
    let slow = coordinator.queue_time(Duration::from_millis(1500));
    assert_eq!(session.get("/_api/version").await.headers["x-arango-queue-time-seconds"], "1.500000");
    assert_eq!(session.get("/_api/document/a/b").await.headers["x-arango-queue-time-seconds"], "1.500000");

    drop(slow);
    assert_eq!(session.get("/_api/version").await.headers["x-arango-queue-time-seconds"], "0.000000");
}

#[tokio::test]
async fn who_will_not_wait_so_long_is_refused_before_execution() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let slow = coordinator.queue_time(Duration::from_millis(1500));
    let mut session = Session::dial(coordinator).await;
    let refused = session.send(impatient("1.4"), "").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (412, 21004));
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 0));

    // As long as that, no limit, and no number.
    for limit in ["1.5", "2", "0", "soon"] {
        assert_eq!(session.send(impatient(limit), "").await.unwrap().status, 200, "{limit}");
    }
    assert_eq!(slow.hits(), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_at_the_door() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let full = coordinator.queue_full();
    let mut session = Session::dial(coordinator).await;
    let refused = session.marked(Method::GET, "/_api/version", "m", "").await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (503, 21003));
    assert_eq!(cluster.journal().executions("m"), 0);
    let available = session.get("/_admin/server/availability").await;
    assert_eq!((available.status, available.error_num()), (503, 503));
    assert_eq!(
        (full.hits(), Session::dial(cluster.coordinator(1)).await.get("/_api/version").await.status),
        (2, 200)
    );

    drop(full);
    assert_eq!(session.get("/_api/version").await.status, 200);
}

#[tokio::test]
async fn who_is_not_let_in_never_sees_the_queue() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _full = coordinator.queue_full();

    assert_eq!(Session::dial(coordinator).await.authorized("").get("/_api/version").await.status, 401);
}
