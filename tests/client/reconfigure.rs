//! Reconfiguration of a running client.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::{Candidates, HealthPolicy, Policy};
use arango::protocol::RequestClass;
use arango::transport::AttemptRequest;
use arango::{
    Client, Coordinator, CoordinatorOrigin, Credentials, Discovery, ErrorKind, InvalidSettings, Limits,
    LoadBalancing,
};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{builder, client, cluster, cluster_of, concurrent_version_calls, insert};

type PendingWrite = JoinHandle<Result<(), arango::Error>>;

/// Delays every write by `delay`.
fn slow_writes(cluster: &TestCluster, delay: Duration) -> Vec<FaultGuard> {
    let fault = Fault::latency(delay).on(Match::post("/_api/document/*"));
    cluster.inject(&fault)
}

fn start_write(client: &Client, marker: &str) -> PendingWrite {
    let (database, marker) = (client.db("_system"), marker.to_owned());
    tokio::spawn(async move { database.execute(insert(&marker, RequestClass::NonIdempotent)).await })
}

async fn shares(cluster: &TestCluster, client: &Client, calls: usize) -> Vec<usize> {
    cluster.journal().clear();
    concurrent_version_calls(client, calls).await;
    let entries = cluster.journal().entries();
    let requests_to = |index| {
        entries.iter().filter(|entry| entry.path == "/_api/version" && entry.coordinator == index).count()
    };
    (0..cluster.coordinators().len()).map(requests_to).collect()
}

#[tokio::test(start_paused = true)]
async fn replacing_hosts_loses_no_call_in_flight() {
    let cluster = cluster_of(4).await;
    let urls = cluster.urls();
    // New members take their full share immediately, so that the test can count it.
    let health = HealthPolicy::default().slow_start_new(Duration::ZERO);
    let client = builder(&cluster).hosts(&urls[..2]).health(health).build().unwrap();
    let slow = slow_writes(&cluster, Duration::from_secs(5));
    let calls: Vec<_> = (0..8).map(|number| start_write(&client, &format!("m{number}"))).collect();
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_hosts(&urls[1..]).unwrap();
    assert_eq!(shares(&cluster, &client, 30).await, [0, 10, 10, 10]);
    let states = client.coordinators();
    assert_eq!((states.len(), &states[3].origin), (4, &CoordinatorOrigin::Removed));
    assert_eq!((states[3].address.to_string(), states[3].in_flight), (urls[0].clone(), 4));
    assert_eq!(states[0].requests, 14, "a remaining member keeps its counts");
    for call in calls {
        call.await.unwrap().unwrap();
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(client.coordinators().len(), 3);
    assert_eq!(cluster.coordinator(0).open_connections(), 0);
    drop(slow);
    for number in 0..8 {
        // The journal was cleared during the calls, so it contains only later executions.
        assert!(cluster.journal().executions(&format!("m{number}")) <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn each_write_is_executed_once_while_hosts_change() {
    let cluster = cluster_of(4).await;
    let urls = cluster.urls();
    let client = client(&cluster);
    let _slow = slow_writes(&cluster, Duration::from_millis(30));
    let mut calls = Vec::new();
    for round in 0..200_usize {
        calls.extend((0..3).map(|number| start_write(&client, &format!("r{round}n{number}"))));
        let hosts = [&urls[round % 4], &urls[(round + 1 + round % 3) % 4]];
        client.reconfigure().set_hosts(&hosts[..]).unwrap();
        sleep(Duration::from_millis(7)).await;
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    for round in 0..200 {
        for number in 0..3 {
            let marker = format!("r{round}n{number}");
            assert_eq!(cluster.journal().executions(&marker), 1, "{marker}");
        }
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(client.coordinators().len(), 2, "no removed member remains");
    let open: usize =
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum();
    let open_at_client: usize = client.coordinators().iter().map(|state| state.open_connections).sum();
    assert_eq!(open, open_at_client, "no connection of a removed member remains");
}

#[tokio::test(start_paused = true)]
async fn invalid_hosts_are_reported_and_change_nothing() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let before = format!("{client:?}");
    for hosts in ["", "ftp://one", "http://ok:1,http://root:s3cret@two"] {
        let error = client.reconfigure().set_hosts(hosts).unwrap_err();
        assert!(matches!(error, InvalidSettings::Hosts(_)), "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
    let error = client.reconfigure().set_limits(Limits::default().total(Duration::ZERO)).unwrap_err();
    assert_eq!(error, InvalidSettings::Zero { name: "total" });
    assert_eq!(format!("{client:?}"), before);
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn hosts_invalid_for_tls_are_rejected() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let error = client.reconfigure().set_hosts("https://two..dots:8529,http://two:8529").unwrap_err();
    assert!(matches!(error, InvalidSettings::Tls(_)), "{error}");
    assert_eq!(client.coordinators().len(), 3, "nothing changes");
    client.reconfigure().set_hosts("https://one:8529").unwrap();
}

#[tokio::test(start_paused = true)]
async fn new_limits_apply_only_to_new_calls() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow_writes(&cluster, Duration::from_secs(20));
    let call = start_write(&client, "long");
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_limits(Limits::default().total(Duration::from_secs(2))).unwrap();
    let start = Instant::now();
    let error = start_write(&client, "short").await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), start.elapsed().as_secs()),
        (ErrorKind::DeadlineExceeded, 2),
        "{}",
        error.report()
    );
    call.await.unwrap().unwrap();
    assert_eq!(cluster.journal().executions("long"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_connection_is_opened_within_the_new_limit() {
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).connect(NeverConnects).build().unwrap();
    for seconds in [3, 7, 1] {
        client.reconfigure().set_limits(Limits::default().connect(Duration::from_secs(seconds))).unwrap();
        let error = client.db("_system").version().await.unwrap_err();
        assert_eq!(error.attempts()[0].elapsed.as_secs(), seconds, "{}", error.report());
        // Connects with the previous limit have ended.
        sleep(Duration::from_secs(30)).await;
    }
}

/// Never connects.
struct NeverConnects;

impl arango::transport::Connect for NeverConnects {
    fn connect(
        &self,
        _: std::net::SocketAddr,
    ) -> arango::transport::BoxFuture<'_, std::io::Result<Box<dyn arango::transport::Io>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn new_credentials_apply_only_to_new_calls() {
    let cluster = cluster().await;
    let password = cluster.root_password();
    for valid in [Credentials::basic("root", password), Credentials::jwt("root", password)] {
        let client = builder(&cluster).credentials(valid.clone()).build().unwrap();
        client.db("_system").version().await.unwrap();
        // The first attempt is rejected before execution; the second uses the credentials with which the call started.
        let starting = Fault::response(503, 503, "starting").times(1).on(Match::post("/_api/document/*"));
        let starting = cluster.inject(&starting);
        let call = start_write(&client, "m");
        tokio::task::yield_now().await;
        client.reconfigure().set_credentials(Credentials::basic("root", "wr0ng"));
        let error = client.db("_system").version().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotAuthorized, "{}", error.report());
        call.await.unwrap().unwrap();
        drop(starting);
        client.reconfigure().set_credentials(valid);
        client.db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_with_credentials_keeps_them() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let handle = client.db("_system").basic_auth("root", cluster.root_password());
    client.reconfigure().set_credentials(Credentials::none());
    handle.version().await.unwrap();
    client.db("_system").version().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_new_policy_applies_to_the_next_call() {
    /// Picks the last candidate.
    struct Last;
    impl Policy<Coordinator, AttemptRequest> for Last {
        fn pick(
            &self,
            candidates: &Candidates<'_, Coordinator>,
            _: &AttemptRequest,
            _: Instant,
        ) -> Option<usize> {
            Some(candidates.len() - 1)
        }
    }
    let cluster = cluster().await;
    let client = client(&cluster);
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);
    client.reconfigure().set_policy(Last);
    assert_eq!(shares(&cluster, &client, 30).await, [0, 0, 30]);
    client.clone().reconfigure().set_load_balancing(LoadBalancing::RoundRobin).unwrap();
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn with_discovery_new_hosts_are_the_new_seeds() {
    let cluster = cluster().await;
    let urls = cluster.urls();
    let client = builder(&cluster).hosts(&urls[..1]).discovery(Discovery::enabled()).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.coordinators().len(), 3);
    client.reconfigure().set_hosts(&urls[1..2]).unwrap();
    let origins_of = |address: &str| {
        let states = client.coordinators().into_iter();
        states
            .filter(|state| state.address.to_string() == address)
            .map(|state| state.origin)
            .collect::<Vec<_>>()
    };
    assert_eq!(origins_of(&urls[1]), [CoordinatorOrigin::Seed], "one member, although it was discovered too");
    assert_eq!(
        (origins_of(&urls[0]), origins_of(&urls[2])),
        (vec![CoordinatorOrigin::Discovered], vec![CoordinatorOrigin::Discovered])
    );
    assert_eq!(shares(&cluster, &client, 30).await.iter().sum::<usize>(), 30);
}

#[test]
fn a_client_is_reconfigured_without_a_runtime() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (cluster, client) = runtime.block_on(async {
        let cluster = cluster().await;
        let client = client(&cluster);
        concurrent_version_calls(&client, 9).await;
        (cluster, client)
    });
    let reconfigure = client.reconfigure();
    reconfigure.set_hosts(&cluster.urls()[..1]).unwrap();
    reconfigure.set_limits(Limits::default()).unwrap();
    reconfigure.set_credentials(Credentials::basic("root", cluster.root_password()));
    let shared = Arc::new(reconfigure);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| shared.set_load_balancing(LoadBalancing::Random));
        }
    });
    runtime.block_on(async {
        assert_eq!(shares(&cluster, &client, 9).await, [9, 0, 0]);
    });
}
