//! Hedging of unusually slow safe calls, if enabled. No other call is sent to a second coordinator.

use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{CallOptions, Client, ErrorKind, Hedging, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use crate::support::{builder, cluster, cluster_of, insert};

const SLOW: Duration = Duration::from_secs(5);

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).hedging(Hedging::at_p95()).build().unwrap()
}

async fn read(client: &Client) {
    client.db("_system").execute(insert("read", RequestClass::Safe)).await.unwrap();
}

/// Makes as many reads of duration `usual` as the latency window needs.
async fn fill_latency_window(cluster: &TestCluster, client: &Client, usual: Duration) {
    let slow: Vec<FaultGuard> = cluster.inject(&Fault::latency(usual));
    for _ in 0..30 {
        read(client).await;
    }
    drop(slow);
    // Slightly slower reads may have been hedged as well.
    sleep(SLOW).await;
    cluster.journal().clear();
}

fn slow_coordinator(cluster: &TestCluster, index: usize) -> FaultGuard {
    cluster.coordinator(index).inject(Fault::latency(SLOW).on(Match::post("/_api/document/*")))
}

/// Returns the number of requests read by each coordinator.
fn requests_per_coordinator(cluster: &TestCluster) -> Vec<usize> {
    cluster.journal().requests_per_coordinator()
}

#[tokio::test(start_paused = true)]
async fn a_slow_read_is_hedged_and_the_first_response_wins() {
    // The usual latency and the expected hedge delay, which is at least 50 ms.
    for (usual, delay) in [(10, 50), (200, 200)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        fill_latency_window(&cluster, &client, Duration::from_millis(usual)).await;
        let slow = slow_coordinator(&cluster, 0);
        let start = Instant::now();
        read(&client).await;
        let waited = start.elapsed().as_millis();
        assert!((delay..=delay + 3).contains(&waited), "usually {usual} ms: {waited} ms");
        assert_eq!((slow.hits(), cluster.journal().executions("read")), (1, 1));
        // The slower attempt holds no resources and is executed nevertheless.
        assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
        assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
        sleep(2 * SLOW).await;
        assert_eq!(cluster.journal().executions("read"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn only_unpinned_safe_calls_are_hedged_and_only_if_enabled() {
    let cluster = cluster().await;
    let hedging = client(&cluster);
    let plain = crate::support::client(&cluster);
    for client in [&hedging, &plain] {
        fill_latency_window(&cluster, client, Duration::from_millis(1)).await;
    }
    let _slow: Vec<_> = (0..3).map(|index| slow_coordinator(&cluster, index)).collect();
    let first = hedging.coordinator(&hedging.coordinators()[0].address);
    let no_hedging = CallOptions::default().hedging(Hedging::disabled());
    cluster.journal().clear();
    let start = Instant::now();
    read(&plain).await;
    hedging.db("_system").execute(insert("read", RequestClass::Idempotent)).await.unwrap();
    hedging.db("_system").execute(insert("read", RequestClass::NonIdempotent)).await.unwrap();
    first.execute(insert("read", RequestClass::Safe)).await.unwrap();
    hedging.db("_system").options(no_hedging).execute(insert("read", RequestClass::Safe)).await.unwrap();
    assert_eq!((start.elapsed().as_secs(), cluster.journal().received("read")), (5 * SLOW.as_secs(), 5));
}

#[tokio::test(start_paused = true)]
async fn a_call_can_enable_hedging() {
    let cluster = cluster().await;
    let client = crate::support::client(&cluster);
    let options = CallOptions::default().hedging(Hedging::at_p95().min_delay(Duration::from_millis(7)));
    let database = client.db("_system").options(options);
    for _ in 0..30 {
        database.execute(insert("read", RequestClass::Safe)).await.unwrap();
    }
    let _slow = slow_coordinator(&cluster, 0);
    let start = Instant::now();
    for _ in 0..3 {
        database.execute(insert("read", RequestClass::Safe)).await.unwrap();
    }
    assert!((7..=9).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn no_hedge_without_enough_latency_samples() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow_coordinator(&cluster, 0);
    read(&client).await;
    assert_eq!(requests_per_coordinator(&cluster).iter().sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_waits_for_the_other() {
    let cluster = cluster().await;
    let client = client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
    // The second coordinator fails immediately, and the first responds late.
    let _slow = slow_coordinator(&cluster, 0);
    let failing = Fault::response(404, 1203, "no such collection");
    let failing: Vec<_> = (1..3).map(|index| cluster.coordinator(index).inject(failing.clone())).collect();
    let start = Instant::now();
    read(&client).await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(failing.iter().map(FaultGuard::hits).sum::<usize>(), 1);
    drop(failing);

    // The first fails late, and the second responds even later.
    let cluster = self::cluster().await;
    let client = self::client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
    let late = cluster.coordinator(0).inject(Fault::response(404, 1203, "no such collection"));
    let _first = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    let _others: Vec<_> = (1..3).map(|index| slow_coordinator(&cluster, index)).collect();
    let start = Instant::now();
    read(&client).await;
    assert_eq!((start.elapsed().as_secs(), late.hits()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn when_both_attempts_fail_the_error_reports_both() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
    let _failing = cluster.inject(&Fault::response(404, 1203, "no such collection").after_execution());
    let _slow = cluster.inject(&Fault::latency(Duration::from_secs(1)));
    let result = client.db("_system").execute(insert("read", RequestClass::Safe)).await;
    let error = result.unwrap_err();
    let attempts = error.attempts();
    assert_eq!(
        (error.kind(), error.stopped_by(), attempts.len()),
        (ErrorKind::CollectionNotFound, StoppedBy::NotRetryable, 2)
    );
    assert!(!attempts[0].hedge && attempts[1].hedge);
    assert_ne!(attempts[0].coordinator, attempts[1].coordinator);
    assert!(error.report().to_string().contains("hedged"), "{}", error.report());
}

/// Returns a successful response of ArangoDB.
fn arangodb_success(body: &'static str) -> Fault {
    Fault::raw_response(200, "application/json", body).header("server", "ArangoDB")
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_response_names_the_coordinator_that_sent_it() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    let _slow = cluster.coordinator(0).inject(Fault::latency(SLOW));
    let _nonsense = cluster.coordinator(1).inject(arangodb_success("[]"));
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.coordinator().unwrap().as_str(), cluster.coordinator(1).url());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_both_attempts_and_the_error_reports_both() {
    let limits = Limits::default().total(Duration::from_secs(2));
    let plain = |cluster: &TestCluster| builder(cluster).hedging(Hedging::at_p95()).limits(limits.clone());
    // With a user's layer the deadline is enforced outside of it.
    let layered = |cluster: &TestCluster| plain(cluster).layer(tower::layer::layer_fn(|inner| inner));
    for layers in [false, true] {
        let cluster = cluster().await;
        let client = if layers { layered(&cluster) } else { plain(&cluster) }.build().unwrap();
        fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
        let _hung = cluster.inject(&Fault::hang());
        let start = Instant::now();
        let error = client.db("_system").execute(insert("read", RequestClass::Safe)).await.unwrap_err();
        assert!(start.elapsed() <= Duration::from_millis(2001), "{:?}", start.elapsed());
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::Unknown));
        assert_eq!(error.attempts().iter().filter(|attempt| attempt.hedge).count(), 1, "{}", error.report());
    }
}

#[tokio::test(start_paused = true)]
async fn no_hedge_when_time_is_short_or_coordinators_are_busy_or_unhealthy() {
    // The remaining time is less than twice the usual latency.
    let cluster = cluster().await;
    let client = client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(100)).await;
    let slow_everywhere: Vec<_> = (0..3).map(|index| slow_coordinator(&cluster, index)).collect();
    let limit = Duration::from_millis(250);
    let short_timeout = CallOptions::default().total(limit).attempt(limit);
    client
        .db("_system")
        .options(short_timeout)
        .execute(insert("read", RequestClass::Safe))
        .await
        .unwrap_err();
    assert_eq!(cluster.journal().received("read"), 1);
    drop(slow_everywhere);

    // The coordinators report queue time.
    let cluster = self::cluster().await;
    let client = self::client(&cluster);
    let queued = Duration::from_millis(500);
    let busy: Vec<_> = cluster.coordinators().iter().map(|one| one.queue_time(queued)).collect();
    for _ in 0..30 {
        read(&client).await;
    }
    drop(busy);
    cluster.journal().clear();
    let slow = slow_coordinator(&cluster, 0);
    for _ in 0..3 {
        read(&client).await;
    }
    assert_eq!((slow.hits(), requests_per_coordinator(&cluster).iter().sum::<usize>()), (1, 3));
    drop(slow);

    // There is no other coordinator.
    let cluster = cluster_of(1).await;
    let client = self::client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
    let _slow = slow_coordinator(&cluster, 0);
    read(&client).await;
    assert_eq!(requests_per_coordinator(&cluster), [1]);
}

#[tokio::test(start_paused = true)]
async fn hedges_are_limited_by_a_budget() {
    let cluster = cluster().await;
    let client = client(&cluster);
    fill_latency_window(&cluster, &client, Duration::from_millis(1)).await;
    let _slow: Vec<_> = (0..3).map(|index| slow_coordinator(&cluster, index)).collect();
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let hedges = requests_per_coordinator(&cluster).iter().sum::<usize>() - 200;
    // The budget allows three per second for ten seconds, and one per five calls.
    assert!((50..=30 + 230 / 5).contains(&hedges), "{hedges} besides 200");
}
