//! Discovery of coordinators that are not configured.

mod inspecting_middleware;
mod network;
mod permissions;
mod refresh_triggers;
mod shared_address;
mod untrusted_hosts;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, ClientBuilder, CoordinatorOrigin, Discovery};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::inspecting_middleware::CoordinatorListing;
use self::network::{LoopbackResolver, Warnings};
use crate::support::{builder, cluster, cluster_of, concurrent_version_calls, insert, wait_for_hit};

const MINUTE: Duration = Duration::from_secs(60);

/// Returns a client builder with the first coordinator as the only seed and with discovery.
fn client_with_discovery(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).hosts(cluster.coordinator(0).url()).discovery(Discovery::enabled())
}

/// Returns the address and origin of each member.
fn origins(client: &Client) -> Vec<(String, CoordinatorOrigin)> {
    let states = client.coordinators().into_iter();
    states.map(|state| (state.address.to_string(), state.origin)).collect()
}

fn verified_count(client: &Client) -> usize {
    let is_verified = |origin: &CoordinatorOrigin| {
        matches!(origin, CoordinatorOrigin::Seed | CoordinatorOrigin::Discovered)
    };
    client.coordinators().iter().filter(|state| is_verified(&state.origin)).count()
}

/// Returns how often a list of coordinators was requested.
fn endpoint_requests(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/cluster/endpoints").count()
}

/// Returns how many of `calls` version requests each coordinator receives.
async fn shares(cluster: &TestCluster, client: &Client, calls: usize) -> Vec<usize> {
    cluster.journal().clear();
    concurrent_version_calls(client, calls).await;
    let entries = cluster.journal().entries();
    let at = |index| {
        entries.iter().filter(|entry| entry.path == "/_api/version" && entry.coordinator == index).count()
    };
    (0..cluster.coordinators().len()).map(at).collect()
}

#[tokio::test(start_paused = true)]
async fn discovery_is_disabled_by_default() {
    let cluster = cluster().await;
    for builder in [builder(&cluster), builder(&cluster).discovery(Discovery::disabled())] {
        let client = builder.hosts(cluster.coordinator(0).url()).build().unwrap();
        for _ in 0..20 {
            assert_eq!(shares(&cluster, &client, 1).await, [1, 0, 0]);
            sleep(MINUTE).await;
            assert_eq!(cluster.journal().entries().len(), 1, "only the request of the test");
        }
        assert_eq!(client.coordinators().len(), 1);
        assert_eq!(client.coordinators()[0].origin, CoordinatorOrigin::Seed);
    }
}

#[test]
fn discovery_starts_with_the_first_call() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let cluster = runtime.block_on(cluster());
    let client = client_with_discovery(&cluster).build().unwrap();
    runtime.block_on(async {
        sleep(MINUTE).await;
        assert_eq!(cluster.journal().entries().len(), 0);
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!((endpoint_requests(&cluster), verified_count(&client)), (1, 3));
    });
}

#[tokio::test(start_paused = true)]
async fn discovered_coordinators_take_their_share() {
    let cluster = cluster().await;
    let client = client_with_discovery(&cluster).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let members = origins(&client);
    assert_eq!(members[0], (cluster.urls()[0].clone(), CoordinatorOrigin::Seed));
    assert!(members[1..].iter().all(|(_, origin)| *origin == CoordinatorOrigin::Discovered), "{members:?}");
    let shares = shares(&cluster, &client, 300).await;
    assert!(shares.iter().all(|share| (90..=110).contains(share)), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_coordinator_takes_its_share_within_a_minute() {
    let cluster = cluster_of(4).await;
    let new = cluster.coordinator(3);
    new.kill();
    new.deregister();
    let client =
        builder(&cluster).hosts(&cluster.urls()[..3]).discovery(Discovery::enabled()).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(3 * MINUTE).await;
    assert_eq!(origins(&client).len(), 3);
    let starting = new.starting();
    new.restart().await.unwrap();
    sleep(67 * Duration::from_secs(1)).await;
    assert_eq!(shares(&cluster, &client, 30).await[3], 0, "no traffic while it starts");
    let state = client.coordinators().pop().unwrap();
    let CoordinatorOrigin::Unverified { reject_reason: Some(reason) } = state.origin else {
        panic!("{state:?}")
    };
    assert!(reason.contains("unavailable"), "{reason}");
    drop(starting);
    sleep(MINUTE + Duration::from_secs(20)).await;
    let shares = shares(&cluster, &client, 400).await;
    assert!(shares.iter().all(|share| (90..=110).contains(share)), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn removing_a_coordinator_loses_and_duplicates_no_call() {
    let cluster = cluster().await;
    let client = client_with_discovery(&cluster).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(verified_count(&client), 3);

    let leaving = cluster.coordinator(2);
    let slow =
        leaving.inject(Fault::latency(Duration::from_secs(250)).on(Match::post("/_api/document/*")).times(1));
    let mut calls = JoinSet::new();
    let mut number = 0;
    let mut write = |calls: &mut JoinSet<_>| {
        let long_timeouts =
            arango::CallOptions::default().attempt(Duration::from_secs(600)).total(Duration::from_secs(600));
        let database = client.db("_system").options(long_timeouts);
        let marker = format!("m{number}");
        number += 1;
        calls.spawn(async move { database.execute(insert(&marker, RequestClass::NonIdempotent)).await });
        number
    };
    for _ in 0..3 {
        write(&mut calls);
    }
    wait_for_hit(&slow).await;
    leaving.deregister();
    let mut removed_after = None;
    for second in 0..200 {
        write(&mut calls);
        sleep(Duration::from_secs(1)).await;
        let state = origins(&client).into_iter().find(|(address, _)| *address == leaving.url());
        let is_removed = state.as_ref().is_none_or(|(_, origin)| *origin == CoordinatorOrigin::Removed);
        if is_removed && removed_after.is_none() {
            removed_after = Some(second);
            assert_eq!(state.unwrap().1, CoordinatorOrigin::Removed, "a request is in flight there");
        }
    }
    assert!(removed_after.is_some_and(|second| (54..=133).contains(&second)), "{removed_after:?}");
    assert_eq!(origins(&client).len(), 2, "a removed coordinator is no longer listed");
    assert_eq!(leaving.open_connections(), 1, "the request in flight is not interrupted");
    let before = cluster.journal().requests_per_coordinator()[2];
    for _ in 0..30 {
        write(&mut calls);
    }
    let written = write(&mut calls);
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!(cluster.journal().requests_per_coordinator()[2], before, "no new request was sent there");
    for number in 0..written {
        assert_eq!(cluster.journal().executions(&format!("m{number}")), 1, "m{number}");
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(leaving.open_connections(), 0, "its connections are closed");
    leaving.kill();
    for index in 0..10 {
        client
            .db("_system")
            .execute(insert(&format!("after{index}"), RequestClass::NonIdempotent))
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn one_incomplete_list_removes_no_member() {
    // The seed is the first.
    for incomplete in [0, 1] {
        let cluster = cluster().await;
        let client = client_with_discovery(&cluster).build().unwrap();
        concurrent_version_calls(&client, 1).await;
        sleep(Duration::from_secs(20)).await;
        // One coordinator alone repeatedly returns a list of only itself.
        let one = cluster.coordinator(incomplete);
        let list = serde_json::json!({ "error": false, "code": 200, "endpoints": [
            { "endpoint": format!("tcp://{}", one.address()) }] });
        let list = Fault::raw_response(200, "application/json", list.to_string());
        let _incomplete_list = one.inject(list.on(Match::get("/_api/cluster/endpoints")));
        sleep(20 * MINUTE).await;
        assert_eq!(verified_count(&client), 3, "after lists of {incomplete}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_list_the_known_members_stay_in_use() {
    for fault in [
        Fault::response(500, 4, "internal"),
        Fault::response(501, 9, "cannot serve this request for this deployment type"),
        Fault::raw_response(200, "application/json", "nonsense"),
        Fault::raw_response(200, "application/json", r#"{"error":false,"code":200,"endpoints":[]}"#),
        Fault::raw_response(
            200,
            "application/json",
            r#"{"error":false,"code":200,"endpoints":[{"endpoint":""},{"endpoint":"ftp://x"},{"endpoint":"tcp://0.0.0.0:1"}]}"#,
        ),
        Fault::hang(),
    ] {
        let cluster = cluster().await;
        let client = client_with_discovery(&cluster).build().unwrap();
        concurrent_version_calls(&client, 1).await;
        sleep(Duration::from_secs(20)).await;
        let on = || Match::get("/_api/cluster/endpoints");
        let faults = cluster.inject(&fault.clone().on(on()));
        sleep(10 * MINUTE).await;
        let hits = faults.iter().map(arango_test_cluster::FaultGuard::hits).sum::<usize>();
        assert!(hits >= 9, "{hits} {fault:?}");
        assert_eq!(verified_count(&client), 3, "{fault:?}");
        // A coordinator that does not respond is ejected for a while, as with any request.
        let shares = shares(&cluster, &client, 30).await;
        assert!(shares == [10, 10, 10] || format!("{fault:?}").contains("Hang"), "{fault:?} {shares:?}");
        drop(faults);
        cluster.coordinator(2).deregister();
        sleep(4 * MINUTE).await;
        assert_eq!(verified_count(&client), 2, "the next list is applied");
    }
}

#[tokio::test(start_paused = true)]
async fn unreachable_listed_members_leave_the_seeds_and_warn_once() {
    let warnings = Warnings::default();
    let _subscription = warnings.subscribe();
    let cluster = cluster().await;
    for (index, one) in cluster.coordinators().iter().enumerate() {
        one.advertise(Some(&format!("tcp://10.0.0.{index}:8529")));
    }
    let client = builder(&cluster).discovery(Discovery::enabled()).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(30 * MINUTE).await;
    assert_eq!(verified_count(&client), 3);
    assert_eq!(client.coordinators().len(), 6);
    for state in &client.coordinators()[3..] {
        let CoordinatorOrigin::Unverified { reject_reason: Some(reason) } = &state.origin else {
            panic!("{state:?}")
        };
        assert!(reason.contains("could not be reached") || reason.contains("refused"), "{reason}");
        assert!((4..=8).contains(&state.requests), "one request every ten minutes: {}", state.requests);
    }
    assert_eq!(warnings.take(), 1);
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);

    // Once they are reachable, they are recognized as other addresses of the seeds.
    for one in cluster.coordinators() {
        one.advertise(None);
    }
    sleep(2 * MINUTE).await;
    assert_eq!((client.coordinators().len(), warnings.take()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn listed_endpoints_can_be_mapped() {
    let cluster = cluster().await;
    for one in cluster.coordinators() {
        one.advertise(Some(&format!("tcp://10.0.0.1:{}", one.address().port())));
    }
    let excluded_port = cluster.coordinator(2).address().port();
    let map = Discovery::enabled().map(move |advertised| {
        let port: u16 = advertised.rsplit(':').next()?.parse().ok()?;
        (port != excluded_port).then(|| format!("tcp://127.0.0.1:{port}"))
    });
    let client = client_with_discovery(&cluster).discovery(map).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let expected = [CoordinatorOrigin::Seed, CoordinatorOrigin::Discovered];
    let members: Vec<_> = origins(&client).into_iter().map(|(_, origin)| origin).collect();
    assert_eq!(members, expected);
}

#[tokio::test(start_paused = true)]
async fn a_huge_endpoint_list_is_truncated() {
    let cluster = cluster().await;
    let endpoints: Vec<_> = (0..10_000_u32)
        .map(|number| serde_json::json!({ "endpoint": format!("tcp://10.0.{}.{}:8529", number / 250, number % 250) }))
        .collect();
    let list = serde_json::json!({ "error": false, "code": 200, "endpoints": endpoints }).to_string();
    let list = Fault::raw_response(200, "application/json", list).on(Match::get("/_api/cluster/endpoints"));
    let _list = cluster.coordinator(0).inject(list.times(1));
    let mapped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&mapped);
    let map = Discovery::enabled().map(move |advertised| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(advertised.to_owned())
    });
    let client = client_with_discovery(&cluster).discovery(map).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(mapped.load(Ordering::Relaxed), 257, "256 addresses and the seed");
    assert_eq!(client.coordinators().len(), 257);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_endpoint_map_does_not_stop_the_client() {
    let cluster = cluster().await;
    let map = Discovery::enabled().map(|_| panic!("intended by the test"));
    let client = client_with_discovery(&cluster).discovery(map).build().unwrap();
    for _ in 0..10 {
        concurrent_version_calls(&client, 3).await;
        sleep(MINUTE).await;
    }
    assert_eq!(origins(&client), [(cluster.urls()[0].clone(), CoordinatorOrigin::Seed)]);
    assert!(endpoint_requests(&cluster) >= 9, "discovery continues");
}

#[tokio::test(start_paused = true)]
async fn a_seed_and_its_address_in_the_list_are_one_member() {
    let cluster = cluster().await;
    let names = LoopbackResolver::new(&cluster);
    let seed = format!("http://first.example:{}", cluster.coordinator(0).address().port());
    // The name does not reveal that the cluster runs on this machine.
    let allow_loopback = Discovery::enabled().map(|advertised| Some(advertised.to_owned()));
    let client = client_with_discovery(&cluster)
        .hosts(seed.clone())
        .resolve(names)
        .discovery(allow_loopback)
        .build()
        .unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(5 * MINUTE).await;
    let members = origins(&client);
    assert_eq!((verified_count(&client), members.len()), (3, 4), "{members:?}");
    assert_eq!(members[0], (seed.clone(), CoordinatorOrigin::Seed));
    let second = members.iter().find(|(address, _)| *address == cluster.urls()[0]).unwrap();
    assert_eq!(
        second.1,
        CoordinatorOrigin::Unverified { reject_reason: Some(format!("same coordinator as {seed}")) }
    );
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn advertised_loopback_addresses_are_not_used_from_a_remote_seed() {
    let cluster = cluster().await;
    let seed = format!("http://first.example:{}", cluster.coordinator(0).address().port());
    let client = client_with_discovery(&cluster)
        .hosts(seed.clone())
        .resolve(LoopbackResolver::new(&cluster))
        .build()
        .unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(5 * MINUTE).await;
    assert_eq!(origins(&client), [(seed, CoordinatorOrigin::Seed)]);
    assert!(endpoint_requests(&cluster) >= 4, "it received the lists");
    assert_eq!(cluster.journal().requests_to(1) + cluster.journal().requests_to(2), 0);
}

#[tokio::test(start_paused = true)]
async fn middleware_may_list_coordinators_when_created_and_dropped() {
    let cluster = cluster().await;
    let listing = CoordinatorListing::default();
    let layers = listing.clone();
    let client = client_with_discovery(&cluster).attempt_layer_with(move |_| layers.layer()).build().unwrap();
    assert!(listing.client.set(client.clone()).is_ok());
    concurrent_version_calls(&client, 1).await;
    sleep(2 * MINUTE).await;
    concurrent_version_calls(&client, 30).await;
    let before = listing.completed.load(Ordering::Relaxed);
    assert!(before >= 3, "one listing for each coordinator: {before}");
    cluster.coordinator(2).deregister();
    for _ in 0..5 {
        sleep(MINUTE).await;
        concurrent_version_calls(&client, 3).await;
    }
    assert_eq!(verified_count(&client), 2);
    assert!(
        listing.completed.load(Ordering::Relaxed) > before,
        "the layer of the removed coordinator is dropped"
    );
    assert_eq!(listing.timed_out.load(Ordering::Relaxed), 0);
}
