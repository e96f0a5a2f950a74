//! Closing a client: calls in flight, the grace period, and probing.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use bytes::Bytes;
use http_body_util::Full;
use tokio::time::{Instant, sleep, timeout};

use crate::metrics::{count, install_recorder, snapshot};
use crate::support::{builder, client, cluster, cluster_of, concurrent_version_calls, insert};

/// Delays every write by `delay`.
fn slow_writes(cluster: &TestCluster, delay: Duration) -> Vec<FaultGuard> {
    let fault = Fault::latency(delay).on(Match::post("/_api/document/*"));
    cluster.inject(&fault)
}

fn open_connections(cluster: &TestCluster) -> usize {
    cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum()
}

/// Starts a write and returns its task.
async fn start_write(client: &Client) -> tokio::task::JoinHandle<Result<(), arango::Error>> {
    let database = client.db("_system");
    let write_call =
        tokio::spawn(async move { database.execute(insert("m", RequestClass::NonIdempotent)).await });
    sleep(Duration::from_millis(100)).await;
    write_call
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_sends_nothing_more() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    client.close(Duration::from_secs(5)).await;
    cluster.journal().clear();
    for class in crate::support::CLASSES {
        let error = client.clone().db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::NotExecuted));
        assert!(error.to_string().contains("the client is closed"), "{error}");
    }
    assert_eq!(cluster.journal().received("m"), 0);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(open_connections(&cluster), 0);
    client.close(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_may_finish_within_the_grace_period() {
    let cluster = cluster().await;
    let client = client(&cluster);
    concurrent_version_calls(&client, 12).await;
    let _slow = slow_writes(&cluster, Duration::from_secs(3));
    let write_call = start_write(&client).await;
    let start = Instant::now();
    client.close(Duration::from_secs(10)).await;
    assert_eq!(start.elapsed().as_millis(), 2900, "closing ends with the last call");
    write_call.await.unwrap().unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(open_connections(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_again_after_a_dropped_close_waits_only_for_calls_in_flight() {
    let cluster = cluster().await;
    let client = client(&cluster);
    concurrent_version_calls(&client, 12).await;
    // A streamed body, so that the call itself has ended.
    let stalled = cluster.coordinator(2).inject(Fault::stall(5).on(Match::post("/_api/document/*")));
    let last = client.coordinator(&client.coordinators()[2].address).db("_system");
    let body = last.execute_streaming(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(stalled.hits(), 1);
    let closing = timeout(Duration::from_secs(1), client.close(Duration::from_secs(60))).await;
    closing.expect_err("a body is being read");
    drop(body);
    let start = Instant::now();
    client.close(Duration::from_secs(60)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn calls_exceeding_the_grace_period_report_their_outcome() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow_writes(&cluster, Duration::from_secs(20));
    let write_call = start_write(&client).await;
    let start = Instant::now();
    client.close(Duration::from_secs(2)).await;
    assert_eq!(start.elapsed().as_secs(), 2);
    let error = write_call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::Unknown));
    let expected = "the client is closed: the grace period ended before the response arrived (";
    let report = error.report().to_string();
    assert_eq!(report.matches(expected).count(), 2, "the call and its only attempt: {report}");
    assert_eq!(error.attempts()[0].kind, ErrorKind::ClientClosed);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(open_connections(&cluster), 0);
    assert_eq!(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_in_backoff_ends_with_the_grace_period() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let throttled = Fault::raw_response(429, "text/plain", "later").header("retry-after", "30");
    let _faults = cluster.inject(&throttled);
    let write_call = start_write(&client).await;
    client.close(Duration::from_secs(1)).await;
    let error = write_call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_stops_probing() {
    for is_closed in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = cluster.coordinator(0);
        lost.kill();
        concurrent_version_calls(&client, 12).await;
        assert!(client.coordinators().iter().any(|state| state.state == MemberState::Ejected));
        if is_closed {
            // Not awaited, so the pools remain usable.
            drop(client.close(Duration::ZERO));
        }
        cluster.journal().clear();
        lost.restart().await.unwrap();
        sleep(Duration::from_secs(600)).await;
        let entries = cluster.journal().entries();
        let probes = entries.iter().filter(|entry| entry.path == "/_admin/server/availability").count();
        assert_eq!(probes == 0, is_closed, "{probes} probes");
    }
}

#[test]
fn closing_needs_no_runtime() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (cluster, client) = runtime.block_on(async {
        let cluster = cluster().await;
        let client = client(&cluster);
        client.db("_system").version().await.unwrap();
        (cluster, client)
    });
    drop(client.close(Duration::ZERO));
    let error = runtime.block_on(async { client.db("_system").version().await.unwrap_err() });
    assert_eq!(error.kind(), ErrorKind::ClientClosed);
    runtime.block_on(async { sleep(Duration::from_millis(1)).await });
    assert_eq!(open_connections(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_that_exceeds_the_grace_period_says_that_the_client_is_closed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let stalled = Fault::stall(5).on(Match::post("/_api/document/*"));
    let _stalled = cluster.inject(&stalled);
    let write = insert("m", RequestClass::NonIdempotent);
    let mut body = client.db("_system").execute_streaming(write).await.unwrap();
    assert_eq!(body.try_next().await.unwrap().unwrap().len(), 5);
    let reading = tokio::spawn(async move { body.try_next().await });
    let start = Instant::now();
    client.close(Duration::from_secs(2)).await;
    assert_eq!(start.elapsed().as_secs(), 2);
    let error = reading.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::Executed));
    let calls = client.state().calls;
    assert_eq!((calls.succeeded, calls.failed_executed, cluster.journal().executions("m")), (0, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn bodies_that_the_client_closes_are_no_failures_of_their_coordinator() {
    let cluster = cluster_of(2).await;
    let (snapshotter, _guard) = install_recorder();
    let client = client(&cluster);
    let _stalled = cluster.inject(&Fault::stall(5).on(Match::post("/_api/document/*")));
    let first = client.coordinator(&client.coordinators()[0].address).db("_system");
    let mut reading = Vec::new();
    for _ in 0..3 {
        let mut body = first.execute_streaming(insert("m", RequestClass::NonIdempotent)).await.unwrap();
        assert_eq!(body.try_next().await.unwrap().unwrap().len(), 5);
        reading.push(tokio::spawn(async move { body.try_next().await }));
    }
    client.close(Duration::from_secs(2)).await;
    for body in reading {
        assert_eq!(body.await.unwrap().unwrap_err().kind(), ErrorKind::ClientClosed);
    }
    assert_healthy(&client);
    let recorded = snapshot(&snapshotter);
    let attempts = |kind| count(&recorded, "http.client.request.duration", ("error.type", kind));
    assert_eq!((attempts("BodyInterrupted"), attempts("ClientClosed")), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn calls_that_the_client_ends_are_no_failures_of_their_coordinator() {
    // Without a head, and in the middle of a body that is buffered.
    for fault in [Fault::hang(), Fault::stall(5)] {
        let cluster = cluster_of(2).await;
        let (snapshotter, _guard) = install_recorder();
        let client = client(&cluster);
        let _pending = cluster.inject(&fault.on(Match::post("/_api/document/*")));
        let first = client.coordinator(&client.coordinators()[0].address);
        let calls = [(); 3].map(|()| {
            let first = first.clone();
            tokio::spawn(async move { first.execute(insert("m", RequestClass::NonIdempotent)).await })
        });
        sleep(Duration::from_millis(100)).await;
        client.close(Duration::from_secs(2)).await;
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ClientClosed);
        }
        assert_healthy(&client);
        let recorded = snapshot(&snapshotter);
        let attempts = |kind| count(&recorded, "http.client.request.duration", ("error.type", kind));
        let lost = attempts("BodyInterrupted") + attempts("ConnectionLost");
        assert_eq!((lost, attempts("ClientClosed")), (0, 3));
    }
}

/// Asserts that no coordinator was ever ejected.
fn assert_healthy(client: &Client) {
    for coordinator in client.coordinators() {
        assert_eq!((coordinator.state, coordinator.ejections), (MemberState::Healthy, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_middleware_passes_on_after_the_grace_period_is_not_sent() {
    let cluster = cluster().await;
    let slow = tower::layer::layer_fn(|inner: arango::transport::CallService| {
        tower::service_fn(move |request: http::Request<Full<Bytes>>| {
            let mut inner = inner.clone();
            async move {
                sleep(Duration::from_secs(10)).await;
                tower::Service::call(&mut inner, request).await
            }
        })
    });
    // No coordinator has a pool yet.
    let client = builder(&cluster).layer(slow).build().unwrap();
    let write_call = start_write(&client).await;
    client.close(Duration::from_secs(2)).await;
    let error = write_call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::NotExecuted));
    assert_eq!((cluster.journal().received("m"), open_connections(&cluster)), (0, 0));
}
