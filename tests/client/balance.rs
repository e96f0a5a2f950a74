//! Distribution of requests, and ejection of dead coordinators.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::{MemberState, SeededRandom};
use arango::protocol::RequestClass;
use arango::{Client, LoadBalancing, Outcome};

use crate::support::{
    InMemoryConnector, builder, client, cluster, cluster_of, concurrent_version_calls, insert,
};

#[tokio::test(start_paused = true)]
async fn round_robin_is_the_default_and_even_under_concurrency() {
    let cluster = cluster().await;
    let client = client(&cluster);
    concurrent_version_calls(&client, 300).await;
    let counted_by_client: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
    let counted_by_server: Vec<usize> = (0..3).map(|index| cluster.journal().requests_to(index)).collect();
    assert_eq!(counted_by_client, [100, 100, 100]);
    assert_eq!(counted_by_server, [100, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn the_first_coordinator_is_random_across_clients() {
    let cluster = cluster().await;
    for strategy in ["default", "roundrobin", "periodic", "single"] {
        cluster.journal().clear();
        for seed in 0..600 {
            // The builder of the tests always starts with the first coordinator.
            let builder = Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password());
            let builder = builder
                .random_source(Arc::new(SeededRandom::new(seed)))
                .connect(InMemoryConnector::new(&cluster));
            let builder = match strategy.parse::<LoadBalancing>() {
                Ok(strategy) => builder.load_balancing(strategy),
                Err(_) => builder,
            };
            builder.build().unwrap().db("_system").version().await.unwrap();
        }
        let counts = cluster.journal().requests_per_coordinator();
        // Five standard deviations of a binomial distribution with n = 600, p = 1/3.
        assert!(counts.iter().all(|count| count.abs_diff(200) < 58), "{strategy}: {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_random_start_is_even_and_reproducible_by_seed() {
    let cluster = cluster().await;
    let first_coordinator = |seed| {
        let builder = builder(&cluster).random_source(Arc::new(SeededRandom::new(seed)));
        let client = builder.load_balancing(LoadBalancing::RoundRobin).build().unwrap();
        async move {
            client.db("_system").version().await.unwrap();
            let first = client.coordinators().iter().position(|state| state.requests == 1);
            concurrent_version_calls(&client, 99).await;
            let counts: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
            assert_eq!((counts.iter().min(), counts.iter().max()), (Some(&33), Some(&34)), "{counts:?}");
            first
        }
    };
    let mut firsts = Vec::new();
    for seed in 0..20 {
        let first = first_coordinator(seed).await;
        assert_eq!(first, first_coordinator(seed).await);
        firsts.push(first);
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), 3, "each coordinator is the first of some client");
}

#[tokio::test(start_paused = true)]
async fn random_reaches_every_coordinator_in_no_fixed_order() {
    let cluster = cluster().await;
    let client = builder(&cluster).load_balancing(LoadBalancing::Random).build().unwrap();
    for _ in 0..300 {
        client.db("_system").version().await.unwrap();
    }
    // Six standard deviations of a binomial distribution with n = 300, p = 1/3.
    for state in client.coordinators() {
        assert!(state.requests.abs_diff(100) < 49, "{:?}", client.coordinators());
    }
}

#[tokio::test(start_paused = true)]
async fn the_share_of_a_dead_coordinator_spreads_over_all_others() {
    let cluster = cluster_of(4).await;
    let client = client(&cluster);
    cluster.coordinator(1).kill();
    let database = client.db("_system");
    // Enough failures to eject it.
    for _ in 0..20 {
        database.version().await.unwrap();
    }
    assert_eq!(client.coordinators()[1].state, MemberState::Ejected);
    let before: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
    for _ in 0..300 {
        database.version().await.unwrap();
    }
    let share: Vec<u64> =
        client.coordinators().iter().zip(before).map(|(state, before)| state.requests - before).collect();
    assert_eq!(share, [100, 0, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_recovered_coordinator_gets_its_share_after_a_successful_probe() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    cluster.coordinator(1).kill();
    for _ in 0..20 {
        database.execute(insert("dead", RequestClass::NonIdempotent)).await.unwrap();
    }
    let dead = &client.coordinators()[1];
    assert_eq!((dead.state, dead.requests), (MemberState::Ejected, 3));

    cluster.coordinator(1).restart().await.unwrap();
    // The first ejection lasts 1 s, plus at most 20 % jitter, and a probe follows.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(client.coordinators()[1].state, MemberState::HalfOpen);
    for _ in 0..6 {
        database.version().await.unwrap();
    }
    assert_eq!(client.coordinators()[1].state, MemberState::Healthy);
    // During the two seconds of slow start its share rises from zero to a third.
    let mut counts_per_period = Vec::new();
    for _ in 0..4 {
        let before = cluster.journal().requests_to(1);
        for _ in 0..250 {
            database.version().await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        counts_per_period.push(cluster.journal().requests_to(1) - before);
    }
    // Expected: 1/8, 3/8, 5/8 and 7/8 of a third of 250, within five standard deviations.
    for (count, expected) in counts_per_period.iter().zip([10_usize, 31, 52, 73]) {
        assert!(count.abs_diff(expected) < 40, "{counts_per_period:?}");
    }
    assert!(counts_per_period.is_sorted(), "{counts_per_period:?}");
    let before: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
    for _ in 0..30 {
        database.version().await.unwrap();
    }
    for (state, before) in client.coordinators().iter().zip(before) {
        assert_eq!(state.requests - before, 10);
    }
}

#[tokio::test(start_paused = true)]
async fn coordinators_of_an_idle_program_stay_half_open_after_an_outage_and_fail_no_call() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = client.db("_system");
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    for _ in 0..5 {
        database.version().await.unwrap_err();
    }
    let states = || client.coordinators().iter().map(|member| member.state).collect::<Vec<_>>();
    assert_eq!(states(), [MemberState::Ejected; 3]);
    for coordinator in cluster.coordinators() {
        coordinator.restart().await.unwrap();
    }
    // Longer than an ejection, and then for hours: there are no calls.
    for hours in [1, 8] {
        tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
        assert_eq!(states(), [MemberState::HalfOpen; 3], "probed without calls, and no more");
    }
    for _ in 0..3 {
        database.version().await.unwrap();
    }
    assert_eq!(states(), [MemberState::Healthy; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_killed_coordinator_fails_no_safe_call_and_duplicates_no_write() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        std::mem::forget(coordinator.inject(arango_test_cluster::Fault::latency(Duration::from_millis(2))));
    }
    let load = |class: RequestClass, name: &'static str| {
        let client = client.clone();
        (0..16).map(move |task| {
            let database = client.db("_system");
            tokio::spawn(async move {
                let mut results = Vec::new();
                for call in 0..100 {
                    let marker = format!("{name}-{task}-{call}");
                    let result = database.execute(insert(&marker, class)).await;
                    results.push((marker, result.err().map(|error| error.outcome())));
                }
                results
            })
        })
    };
    let safe: Vec<_> = load(RequestClass::Safe, "safe").collect();
    let writes: Vec<_> = load(RequestClass::NonIdempotent, "write").collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    cluster.coordinator(2).kill();
    tokio::time::sleep(Duration::from_millis(50)).await;
    cluster.coordinator(2).restart().await.unwrap();

    for task in safe {
        for (marker, failed) in task.await.unwrap() {
            assert_eq!(failed, None, "{marker}");
            assert!(cluster.journal().executions(&marker) >= 1);
        }
    }
    let mut unknown = 0;
    for task in writes {
        for (marker, failed) in task.await.unwrap() {
            let executions = cluster.journal().executions(&marker);
            match failed {
                None => assert_eq!(executions, 1, "{marker}"),
                Some(Outcome::NotExecuted) => assert_eq!(executions, 0, "{marker}"),
                Some(_) => {
                    unknown += 1;
                    assert!(executions <= 1, "{marker}");
                }
            }
        }
    }
    assert!(unknown > 0, "the kill interrupted writes in flight");
}

#[tokio::test(start_paused = true)]
async fn repeated_attempts_of_one_call_count_as_one_failure() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    let _refused = [cluster.coordinator(0).refuse(), cluster.coordinator(1).refuse()];
    for (calls, expected) in [(1, MemberState::Healthy), (2, MemberState::Healthy), (3, MemberState::Ejected)]
    {
        let error = client.db("_system").version().await.unwrap_err();
        assert_eq!(
            error.attempts().len(),
            3,
            "one of the two coordinators got two attempts: {}",
            error.report()
        );
        for state in client.coordinators() {
            assert_eq!(state.state, expected, "after {calls} calls");
        }
    }
}
