//! Who is asked, by the strategy that was chosen; counted at the coordinators.

use std::time::Duration;

use arango::balance::{HealthPolicy, LeastLoaded, MemberState, Single};
use arango::{Client, ClientBuilder, InvalidSettings, Limits, LoadBalancing, Period};
use arango_test_cluster::{Fault, FaultGuard, TestCluster};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{builder, cluster, cluster_of};

/// Each coordinator takes so many milliseconds for an answer.
fn latencies(cluster: &TestCluster, millis: &[u64]) -> Vec<FaultGuard> {
    let coordinators = cluster.coordinators().iter().zip(millis);
    coordinators
        .map(|(coordinator, millis)| coordinator.inject(Fault::latency(Duration::from_millis(*millis))))
        .collect()
}

/// Asks for the version: so many at a time, each of them so often one after the other. Tells what each coordinator got.
async fn ask(client: &Client, cluster: &TestCluster, at_a_time: usize, times: usize) -> Vec<usize> {
    cluster.journal().clear();
    let mut tasks = JoinSet::new();
    for _ in 0..at_a_time {
        let database = client.db("_system");
        tasks.spawn(async move {
            for _ in 0..times {
                // What comes of it is another matter.
                database.version().await.ok();
            }
        });
    }
    tasks.join_all().await;
    (0..cluster.coordinators().len()).map(|index| cluster.journal().requests_to(index)).collect()
}

fn by(cluster: &TestCluster, strategy: LoadBalancing) -> Client {
    builder(cluster).load_balancing(strategy).build().unwrap()
}

/// Least loaded, by chance that is certain.
fn least_loaded(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).policy(LeastLoaded::seeded(1))
}

#[tokio::test(start_paused = true)]
async fn coordinators_that_are_alike_have_the_same_to_do() {
    let cluster = cluster().await;
    let _slow = latencies(&cluster, &[5, 5, 5]);
    let counts = ask(&least_loaded(&cluster).build().unwrap(), &cluster, 12, 250).await;
    assert!(counts.iter().all(|count| count.abs_diff(1_000) <= 50), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_takes_ten_times_as_long_gets_no_more_than_a_tenth_of_what_others_get() {
    let cluster = cluster().await;
    let _slow = latencies(&cluster, &[5, 5, 50]);
    let client = least_loaded(&cluster).build().unwrap();
    let counts = ask(&client, &cluster, 12, 250).await;
    assert!(counts[2] <= counts[0] / 10 && counts[2] <= counts[1] / 10, "{counts:?}");
    assert!(counts[2] > 0, "{counts:?}");
    let states = client.coordinators();
    assert!((40..=51).contains(&states[2].latency.unwrap().as_millis()), "{states:?}");
    assert!(states[0].latency.unwrap().as_millis() < 10, "{states:?}");
    // By turns it gets a third of the calls, and all tasks end up waiting for it.
    let by_turns = ask(&by(&cluster, LoadBalancing::RoundRobin), &cluster, 12, 250).await;
    assert_eq!(by_turns, [1_000, 1_000, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_fast_again_is_found_out() {
    let cluster = cluster().await;
    let slow = latencies(&cluster, &[5, 5, 50]);
    let client = least_loaded(&cluster).build().unwrap();
    ask(&client, &cluster, 12, 250).await;
    drop(slow);
    let _fast = latencies(&cluster, &[5, 5, 5]);
    sleep(Duration::from_secs(60)).await;
    let counts = ask(&client, &cluster, 12, 250).await;
    assert!(counts.iter().all(|count| count.abs_diff(1_000) <= 100), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_fails_at_once_attracts_nothing() {
    let cluster = cluster().await;
    let _slow = latencies(&cluster, &[5, 5]);
    let _broken = cluster.coordinator(2).inject(Fault::answer(500, 4, "internal error"));
    // No number of failures ejects: only the strategy spares it.
    let mut health = HealthPolicy::default();
    health.failure_ratio = 1.0;
    let client = least_loaded(&cluster).health(health).build().unwrap();
    let counts = ask(&client, &cluster, 12, 250).await;
    assert!(counts[2] <= counts.iter().sum::<usize>() / 50, "{counts:?}");
    let state = &client.coordinators()[2];
    assert_eq!((state.standing, state.latency), (MemberState::Healthy, None), "a failure is no answer");
    assert!(state.failing > 0.5, "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_whose_queue_is_long_gets_less_before_its_answers_are_slow() {
    let cluster = cluster().await;
    let _slow = latencies(&cluster, &[5, 5, 5]);
    let _queue = cluster.coordinator(1).queue_time(Duration::from_millis(95));
    let client = least_loaded(&cluster).build().unwrap();
    let counts = ask(&client, &cluster, 12, 250).await;
    assert!(counts[1] <= counts[0] / 10 && counts[1] <= counts[2] / 10, "{counts:?}");
    let told: Vec<Duration> =
        client.coordinators().iter().map(|state| state.queue_time.unwrap_or_default()).collect();
    assert!(told[0].is_zero() && told[1] > Duration::from_millis(50), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_given_up_is_slow_and_one_that_may_take_its_time_is_not() {
    let cluster = cluster_of(1).await;
    let client = least_loaded(&cluster).build().unwrap();
    let latency = || client.coordinators()[0].latency.unwrap();
    client.db("_system").version().await.unwrap();
    assert!(latency() < Duration::from_millis(2));

    let slow = latencies(&cluster, &[2_000]);
    // The server may block for this one.
    client.cluster().health().await.unwrap();
    assert!(latency() < Duration::from_millis(2), "{:?}", latency());
    tokio::time::timeout(Duration::from_secs(1), client.cluster().health()).await.unwrap_err();
    assert!(latency() < Duration::from_millis(2), "{:?}", latency());
    tokio::time::timeout(Duration::from_secs(1), client.db("_system").version()).await.unwrap_err();
    assert!((950..=1_000).contains(&latency().as_millis()), "it takes a second at least");
    let limits = Limits::default().attempt(Duration::from_millis(1_500));
    let hasty = least_loaded(&cluster).limits(limits).build().unwrap();
    let database = hasty.db("_system");
    drop(slow);
    database.version().await.unwrap();
    let _slow = latencies(&cluster, &[2_000]);
    database.version().await.unwrap_err();
    let latency = hasty.coordinators()[0].latency.unwrap();
    assert!(latency > Duration::from_secs(1), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn where_no_strategy_wants_to_know_nothing_is_measured() {
    let cluster = cluster().await;
    let _queue = cluster.coordinator(1).queue_time(Duration::from_millis(95));
    let client = by(&cluster, LoadBalancing::RoundRobin);
    ask(&client, &cluster, 3, 10).await;
    for state in client.coordinators() {
        assert_eq!(state.latency, None);
    }
}

#[tokio::test(start_paused = true)]
async fn fallback_asks_the_first_and_comes_back_to_it() {
    let cluster = cluster().await;
    let client = by(&cluster, LoadBalancing::Fallback);
    assert_eq!(ask(&client, &cluster, 1, 100).await, [100, 0, 0]);
    cluster.coordinator(0).kill();
    assert_eq!(ask(&client, &cluster, 1, 100).await[1..], [100, 0]);
    cluster.coordinator(0).restart().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    // The one request of its trial, and two seconds in which it warms up.
    ask(&client, &cluster, 1, 1).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(ask(&client, &cluster, 1, 100).await, [100, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn single_stays_where_it_is_moves_when_it_must_and_not_back() {
    let cluster = cluster().await;
    let client = builder(&cluster).policy(Single::seeded(1)).build().unwrap();
    let counts = ask(&client, &cluster, 4, 25).await;
    let first = counts.iter().position(|count| *count == 100).unwrap();
    cluster.coordinator(first).kill();
    let mut counts = ask(&client, &cluster, 1, 100).await;
    counts[first] = 0;
    let second = counts.iter().position(|count| *count > 90).unwrap();
    cluster.coordinator(first).restart().await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(ask(&client, &cluster, 4, 25).await[second], 100, "it has moved from {first} for good");
}

#[tokio::test(start_paused = true)]
async fn periodic_goes_on_after_a_number_of_requests() {
    let cluster = cluster().await;
    let client = by(&cluster, LoadBalancing::Periodic(Period::Requests(10)));
    let mut before = None;
    for _ in 0..6 {
        let counts = ask(&client, &cluster, 1, 10).await;
        let now = counts.iter().position(|count| *count == 10);
        assert!(now.is_some() && now != before, "{counts:?} after {before:?}");
        before = now;
    }
    assert_eq!(ask(&client, &cluster, 5, 30).await, [50, 50, 50]);
}

fn preferring(cluster: &TestCluster) -> ClientBuilder {
    // The first two of four are here.
    let here: Vec<String> = cluster.urls()[..2].to_vec();
    builder(cluster)
        .zones(
            move |coordinator| {
                if here.iter().any(|url| url == coordinator.as_str()) { "here" } else { "there" }
            },
        )
        .load_balancing(LoadBalancing::preferred("here"))
}

#[tokio::test(start_paused = true)]
async fn the_preferred_zone_gets_everything_and_what_it_cannot_take_goes_to_the_others() {
    let cluster = cluster_of(4).await;
    let client = preferring(&cluster).build().unwrap();
    assert_eq!(ask(&client, &cluster, 4, 25).await, [50, 50, 0, 0]);
    cluster.coordinator(0).kill();
    ask(&client, &cluster, 1, 20).await;
    assert_eq!(ask(&client, &cluster, 4, 25).await, [0, 100, 0, 0], "one of the zone is left");
    cluster.coordinator(1).kill();
    ask(&client, &cluster, 1, 20).await;
    assert_eq!(ask(&client, &cluster, 4, 25).await, [0, 0, 50, 50]);
    for coordinator in &cluster.coordinators()[..2] {
        coordinator.restart().await.unwrap();
    }
    sleep(Duration::from_secs(10)).await;
    ask(&client, &cluster, 1, 4).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(ask(&client, &cluster, 4, 25).await, [50, 50, 0, 0], "and it is preferred again");
    let zones: Vec<_> = client.coordinators().into_iter().filter_map(|state| state.zone).collect();
    assert_eq!(zones, ["here", "here", "there", "there"]);
}

#[tokio::test(start_paused = true)]
async fn a_preferred_zone_of_which_nobody_knows_who_is_in_it_is_refused_by_name() {
    let cluster = cluster().await;
    let refused = builder(&cluster).load_balancing(LoadBalancing::preferred("eu")).build().unwrap_err();
    assert_eq!(refused, InvalidSettings::NoZones { zone: "eu".to_owned() });
    assert!(refused.to_string().contains("`eu`"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn whoever_subscribes_is_told_who_went_and_came_back_and_why() {
    let cluster = cluster().await;
    let client = by(&cluster, LoadBalancing::RoundRobin);
    let mut changes = client.subscribe();
    cluster.coordinator(1).kill();
    ask(&client, &cluster, 1, 20).await;
    let state = &client.coordinators()[1];
    assert!(state.asked_in.unwrap() > Duration::from_millis(500), "{state:?}");
    assert!(state.standing_for < Duration::from_millis(500), "{state:?}");
    cluster.coordinator(1).restart().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    ask(&client, &cluster, 1, 3).await;
    sleep(Duration::from_secs(1)).await;
    let state = &client.coordinators()[1];
    assert!((0.4..0.6).contains(&state.weight), "{state:?}");
    drop(client);

    let mut told = Vec::new();
    while let Some(change) = changes.next().await {
        told.push(change.unwrap().to_string());
    }
    let whose = &cluster.urls()[1];
    assert_eq!(
        told,
        [
            format!("{whose}: ejected after well (it could not be reached)"),
            format!("{whose}: on trial after ejected (a probe found it well)"),
            format!("{whose}: well after on trial (it answered)"),
        ]
    );
}
