//! Load balancing strategies, verified by the requests that coordinators receive.

use std::time::Duration;

use arango::balance::{HealthPolicy, LeastLoaded, MemberState, Single};
use arango::{Client, ClientBuilder, InvalidSettings, Limits, LoadBalancing, Period};
use arango_test_cluster::{Fault, FaultGuard, TestCluster};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{builder, cluster, cluster_of};

/// Injects a latency at each coordinator, in milliseconds.
fn inject_latencies(cluster: &TestCluster, millis: &[u64]) -> Vec<FaultGuard> {
    let coordinators = cluster.coordinators().iter().zip(millis);
    coordinators
        .map(|(coordinator, millis)| coordinator.inject(Fault::latency(Duration::from_millis(*millis))))
        .collect()
}

/// Requests the version in `concurrency` tasks, `times` times in each. Returns the number of requests per coordinator.
async fn calls_per_coordinator(
    client: &Client,
    cluster: &TestCluster,
    concurrency: usize,
    times: usize,
) -> Vec<usize> {
    cluster.journal().clear();
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        let database = client.db("_system");
        tasks.spawn(async move {
            for _ in 0..times {
                // Errors are irrelevant here.
                database.version().await.ok();
            }
        });
    }
    tasks.join_all().await;
    (0..cluster.coordinators().len()).map(|index| cluster.journal().requests_to(index)).collect()
}

fn client_with(cluster: &TestCluster, strategy: LoadBalancing) -> Client {
    builder(cluster).load_balancing(strategy).build().unwrap()
}

/// Returns a client builder with the policy least loaded and a fixed seed.
fn least_loaded(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).policy(LeastLoaded::seeded(1))
}

#[tokio::test(start_paused = true)]
async fn equal_coordinators_get_equal_shares() {
    let cluster = cluster().await;
    let _slow = inject_latencies(&cluster, &[5, 5, 5]);
    let counts = calls_per_coordinator(&least_loaded(&cluster).build().unwrap(), &cluster, 12, 250).await;
    assert!(counts.iter().all(|count| count.abs_diff(1_000) <= 50), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ten_times_slower_coordinator_gets_a_tenth_of_the_calls() {
    let cluster = cluster().await;
    let _slow = inject_latencies(&cluster, &[5, 5, 50]);
    let client = least_loaded(&cluster).build().unwrap();
    let counts = calls_per_coordinator(&client, &cluster, 12, 250).await;
    assert!(counts[2] <= counts[0] / 10 && counts[2] <= counts[1] / 10, "{counts:?}");
    assert!(counts[2] > 0, "{counts:?}");
    let states = client.coordinators();
    assert!((40..=51).contains(&states[2].latency.unwrap().as_millis()), "{states:?}");
    assert!(states[0].latency.unwrap().as_millis() < 10, "{states:?}");
    // With round robin it gets a third of the calls, and all tasks end up waiting for it.
    let round_robin =
        calls_per_coordinator(&client_with(&cluster, LoadBalancing::RoundRobin), &cluster, 12, 250).await;
    assert_eq!(round_robin, [1_000, 1_000, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_becomes_fast_again_gets_its_share() {
    let cluster = cluster().await;
    let slow = inject_latencies(&cluster, &[5, 5, 50]);
    let client = least_loaded(&cluster).build().unwrap();
    calls_per_coordinator(&client, &cluster, 12, 250).await;
    drop(slow);
    let _fast = inject_latencies(&cluster, &[5, 5, 5]);
    sleep(Duration::from_secs(60)).await;
    let counts = calls_per_coordinator(&client, &cluster, 12, 250).await;
    assert!(counts.iter().all(|count| count.abs_diff(1_000) <= 100), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_fast_failing_coordinator_attracts_no_calls() {
    let cluster = cluster().await;
    let _slow = inject_latencies(&cluster, &[5, 5]);
    let _broken = cluster.coordinator(2).inject(Fault::response(500, 4, "internal error"));
    // Failures never eject it, so only the strategy can avoid it.
    let health = HealthPolicy::default().failure_ratio(1.0);
    let client = least_loaded(&cluster).health(health).build().unwrap();
    let counts = calls_per_coordinator(&client, &cluster, 12, 250).await;
    assert!(counts[2] <= counts.iter().sum::<usize>() / 50, "{counts:?}");
    let state = &client.coordinators()[2];
    assert_eq!((state.state, state.latency), (MemberState::Healthy, None), "a failure has no latency");
    assert!(state.failure_ratio > 0.5, "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_queue_reduces_the_share_before_latency_rises() {
    let cluster = cluster().await;
    let _slow = inject_latencies(&cluster, &[5, 5, 5]);
    let _queue = cluster.coordinator(1).queue_time(Duration::from_millis(95));
    let client = least_loaded(&cluster).build().unwrap();
    let counts = calls_per_coordinator(&client, &cluster, 12, 250).await;
    assert!(counts[1] <= counts[0] / 10 && counts[1] <= counts[2] / 10, "{counts:?}");
    let recorded: Vec<Duration> =
        client.coordinators().iter().map(|state| state.queue_time.unwrap_or_default()).collect();
    assert!(recorded[0].is_zero() && recorded[1] > Duration::from_millis(50), "{recorded:?}");
}

#[tokio::test(start_paused = true)]
async fn abandoned_calls_count_as_slow_but_blocking_calls_do_not() {
    let cluster = cluster_of(1).await;
    let client = least_loaded(&cluster).build().unwrap();
    let latency = || client.coordinators()[0].latency.unwrap();
    client.db("_system").version().await.unwrap();
    assert!(latency() < Duration::from_millis(2));

    let slow = inject_latencies(&cluster, &[2_000]);
    // The server may block during this call.
    client.cluster().health().await.unwrap();
    assert!(latency() < Duration::from_millis(2), "{:?}", latency());
    tokio::time::timeout(Duration::from_secs(1), client.cluster().health()).await.unwrap_err();
    assert!(latency() < Duration::from_millis(2), "{:?}", latency());
    tokio::time::timeout(Duration::from_secs(1), client.db("_system").version()).await.unwrap_err();
    assert!((950..=1_000).contains(&latency().as_millis()), "its latency is at least a second");
    let limits = Limits::default().attempt(Duration::from_millis(1_500));
    let short_timeout_client = least_loaded(&cluster).limits(limits).build().unwrap();
    let database = short_timeout_client.db("_system");
    drop(slow);
    database.version().await.unwrap();
    let _slow = inject_latencies(&cluster, &[2_000]);
    database.version().await.unwrap_err();
    let latency = short_timeout_client.coordinators()[0].latency.unwrap();
    assert!(latency > Duration::from_secs(1), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn latency_is_measured_only_if_the_strategy_needs_it() {
    let cluster = cluster().await;
    let _queue = cluster.coordinator(1).queue_time(Duration::from_millis(95));
    let client = client_with(&cluster, LoadBalancing::RoundRobin);
    calls_per_coordinator(&client, &cluster, 3, 10).await;
    for state in client.coordinators() {
        assert_eq!(state.latency, None);
    }
}

#[tokio::test(start_paused = true)]
async fn fallback_prefers_the_first_and_returns_to_it() {
    let cluster = cluster().await;
    let client = client_with(&cluster, LoadBalancing::Fallback);
    assert_eq!(calls_per_coordinator(&client, &cluster, 1, 100).await, [100, 0, 0]);
    cluster.coordinator(0).kill();
    assert_eq!(calls_per_coordinator(&client, &cluster, 1, 100).await[1..], [100, 0]);
    cluster.coordinator(0).restart().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    // One request while it is half-open, and two seconds of slow start.
    calls_per_coordinator(&client, &cluster, 1, 1).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(calls_per_coordinator(&client, &cluster, 1, 100).await, [100, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn single_sticks_to_one_coordinator_and_does_not_move_back() {
    let cluster = cluster().await;
    let client = builder(&cluster).policy(Single::seeded(1)).build().unwrap();
    let counts = calls_per_coordinator(&client, &cluster, 4, 25).await;
    let first = counts.iter().position(|count| *count == 100).unwrap();
    cluster.coordinator(first).kill();
    let mut counts = calls_per_coordinator(&client, &cluster, 1, 100).await;
    counts[first] = 0;
    let second = counts.iter().position(|count| *count > 90).unwrap();
    cluster.coordinator(first).restart().await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        calls_per_coordinator(&client, &cluster, 4, 25).await[second],
        100,
        "it does not move back to {first}"
    );
}

#[tokio::test(start_paused = true)]
async fn periodic_switches_after_a_number_of_requests() {
    let cluster = cluster().await;
    let client = client_with(&cluster, LoadBalancing::Periodic(Period::Requests(10)));
    let mut before = None;
    for _ in 0..6 {
        let counts = calls_per_coordinator(&client, &cluster, 1, 10).await;
        let now = counts.iter().position(|count| *count == 10);
        assert!(now.is_some() && now != before, "{counts:?} after {before:?}");
        before = now;
    }
    assert_eq!(calls_per_coordinator(&client, &cluster, 5, 30).await, [50, 50, 50]);
}

fn client_with_zones(cluster: &TestCluster) -> ClientBuilder {
    // The first two of four are in the zone `zone_hosts`.
    let zone_hosts: Vec<String> = cluster.urls()[..2].to_vec();
    builder(cluster)
        .zones(
            move |coordinator| {
                if zone_hosts.iter().any(|url| url == coordinator.as_str()) { "here" } else { "there" }
            },
        )
        .load_balancing(LoadBalancing::preferred("here"))
}

#[tokio::test(start_paused = true)]
async fn the_preferred_zone_gets_all_calls_until_it_is_unavailable() {
    let cluster = cluster_of(4).await;
    let client = client_with_zones(&cluster).build().unwrap();
    assert_eq!(calls_per_coordinator(&client, &cluster, 4, 25).await, [50, 50, 0, 0]);
    cluster.coordinator(0).kill();
    calls_per_coordinator(&client, &cluster, 1, 20).await;
    assert_eq!(
        calls_per_coordinator(&client, &cluster, 4, 25).await,
        [0, 100, 0, 0],
        "one coordinator of the zone is left"
    );
    cluster.coordinator(1).kill();
    calls_per_coordinator(&client, &cluster, 1, 20).await;
    assert_eq!(calls_per_coordinator(&client, &cluster, 4, 25).await, [0, 0, 50, 50]);
    for coordinator in &cluster.coordinators()[..2] {
        coordinator.restart().await.unwrap();
    }
    sleep(Duration::from_secs(10)).await;
    calls_per_coordinator(&client, &cluster, 1, 4).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        calls_per_coordinator(&client, &cluster, 4, 25).await,
        [50, 50, 0, 0],
        "the zone is preferred again"
    );
    let zones: Vec<_> = client.coordinators().into_iter().filter_map(|state| state.zone).collect();
    assert_eq!(zones, ["here", "here", "there", "there"]);
}

#[tokio::test(start_paused = true)]
async fn a_preferred_zone_without_zones_is_rejected_by_name() {
    let cluster = cluster().await;
    let error = builder(&cluster).load_balancing(LoadBalancing::preferred("eu")).build().unwrap_err();
    assert_eq!(error, InvalidSettings::NoZones { zone: "eu".to_owned() });
    assert!(error.to_string().contains("`eu`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn subscribers_receive_state_changes_with_reasons() {
    let cluster = cluster().await;
    let client = client_with(&cluster, LoadBalancing::RoundRobin);
    let mut changes = client.subscribe();
    cluster.coordinator(1).kill();
    calls_per_coordinator(&client, &cluster, 1, 20).await;
    let state = &client.coordinators()[1];
    assert!(state.next_probe_in.unwrap() > Duration::from_millis(500), "{state:?}");
    assert!(state.state_age < Duration::from_millis(500), "{state:?}");
    assert_eq!((state.state, state.weight.to_bits()), (MemberState::Ejected, 0), "it gets nothing");
    cluster.coordinator(1).restart().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    calls_per_coordinator(&client, &cluster, 1, 3).await;
    sleep(Duration::from_secs(1)).await;
    let state = &client.coordinators()[1];
    assert!((0.4..0.6).contains(&state.weight), "{state:?}");
    drop(client);

    let mut recorded = Vec::new();
    while let Some(change) = changes.next().await {
        recorded.push(change.unwrap().to_string());
    }
    let url = &cluster.urls()[1];
    assert_eq!(
        recorded,
        [
            format!("{url}: ejected after healthy (it could not be reached, or not in time)"),
            format!("{url}: half-open after ejected (a probe found it available)"),
            format!("{url}: healthy after half-open (it responded)"),
        ]
    );
}
