//! A client that is closed.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use crate::support::{ask_at_once, client, cluster, insert};

/// Every write takes this long.
fn slow(cluster: &TestCluster, delay: Duration) -> Vec<FaultGuard> {
    let fault = || Fault::latency(delay).on(Match::post("/_api/document/*"));
    cluster.coordinators().iter().map(|one| one.inject(fault())).collect()
}

fn connections(cluster: &TestCluster) -> usize {
    cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum()
}

/// A write that is on its way.
async fn under_way(client: &Client) -> tokio::task::JoinHandle<Result<(), arango::Error>> {
    let database = client.db("_system");
    let call = tokio::spawn(async move { database.execute(insert("m", RequestClass::NonIdempotent)).await });
    sleep(Duration::from_millis(100)).await;
    call
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
    assert_eq!(connections(&cluster), 0);
    client.close(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_have_the_grace_to_end() {
    let cluster = cluster().await;
    let client = client(&cluster);
    ask_at_once(&client, 12).await;
    let _slow = slow(&cluster, Duration::from_secs(3));
    let call = under_way(&client).await;
    let began = Instant::now();
    client.close(Duration::from_secs(10)).await;
    assert_eq!(began.elapsed().as_millis(), 2900, "no longer than it takes");
    call.await.unwrap().unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(connections(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_outlast_the_grace_fail_with_what_is_known() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow(&cluster, Duration::from_secs(20));
    let call = under_way(&client).await;
    let began = Instant::now();
    client.close(Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::Unknown));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(connections(&cluster), 0);
    assert_eq!(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_pauses_ends_with_the_grace() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let throttled = || Fault::answer_raw(429, "text/plain", "later").header("retry-after", "30");
    let _faults: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(throttled())).collect();
    let call = under_way(&client).await;
    client.close(Duration::from_secs(1)).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ClientClosed, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_probes_no_coordinator_any_more() {
    for is_closed in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = cluster.coordinator(0);
        lost.kill();
        ask_at_once(&client, 12).await;
        assert!(client.coordinators().iter().any(|state| state.standing == MemberState::Ejected));
        if is_closed {
            // Not awaited, so that its pools can be used still.
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
    assert_eq!(connections(&cluster), 0);
}
