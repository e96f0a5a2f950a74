//! A client that is changed while it runs.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::{Candidates, HealthPolicy, Policy};
use arango::protocol::RequestClass;
use arango::transport::Outgoing;
use arango::{
    Client, Coordinator, Credentials, Discovery, ErrorKind, InvalidSettings, Limits, LoadBalancing,
    Membership,
};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::support::{ask_at_once, builder, client, cluster, cluster_of, insert};

type Call = JoinHandle<Result<(), arango::Error>>;

/// Writes take this long.
fn slow(cluster: &TestCluster, delay: Duration) -> Vec<FaultGuard> {
    let fault = || Fault::latency(delay).on(Match::post("/_api/document/*"));
    cluster.coordinators().iter().map(|one| one.inject(fault())).collect()
}

fn write(client: &Client, marker: &str) -> Call {
    let (database, marker) = (client.db("_system"), marker.to_owned());
    tokio::spawn(async move { database.execute(insert(&marker, RequestClass::NonIdempotent)).await })
}

async fn shares(cluster: &TestCluster, client: &Client, calls: usize) -> Vec<usize> {
    cluster.journal().clear();
    ask_at_once(client, calls).await;
    let entries = cluster.journal().entries();
    let ours = |index| {
        entries.iter().filter(|entry| entry.path == "/_api/version" && entry.coordinator == index).count()
    };
    (0..cluster.coordinators().len()).map(ours).collect()
}

#[tokio::test(start_paused = true)]
async fn other_hosts_take_the_new_calls_and_lose_none_of_those_under_way() {
    let cluster = cluster_of(4).await;
    let urls = cluster.urls();
    // Who comes takes a whole share at once, so that it can be counted.
    let mut health = HealthPolicy::default();
    health.slow_start_new = Duration::ZERO;
    let client = builder(&cluster).hosts(&urls[..2]).health(health).build().unwrap();
    let slow = slow(&cluster, Duration::from_secs(5));
    let calls: Vec<_> = (0..8).map(|number| write(&client, &format!("m{number}"))).collect();
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_hosts(&urls[1..]).unwrap();
    assert_eq!(shares(&cluster, &client, 30).await, [0, 10, 10, 10]);
    let states = client.coordinators();
    assert_eq!((states.len(), &states[3].membership), (4, &Membership::Draining));
    assert_eq!((states[3].address.to_string(), states[3].in_flight), (urls[0].clone(), 4));
    assert_eq!(states[0].requests, 14, "one that stays keeps its counts");
    for call in calls {
        call.await.unwrap().unwrap();
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(client.coordinators().len(), 3);
    assert_eq!(cluster.coordinator(0).open_connections(), 0);
    drop(slow);
    for number in 0..8 {
        // The journal was cleared while they were under way: what is there now was executed after that.
        assert!(cluster.journal().executions(&format!("m{number}")) <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_change_again_and_again_under_load_and_each_write_is_executed_once() {
    let cluster = cluster_of(4).await;
    let urls = cluster.urls();
    let client = client(&cluster);
    let _slow = slow(&cluster, Duration::from_millis(30));
    let mut calls = Vec::new();
    for round in 0..200_usize {
        calls.extend((0..3).map(|number| write(&client, &format!("r{round}n{number}"))));
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
    assert_eq!(client.coordinators().len(), 2, "and nobody is left behind");
    let open: usize =
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum();
    let ours: usize = client.coordinators().iter().map(|state| state.open_connections).sum();
    assert_eq!(open, ours, "nor a connection");
}

#[tokio::test(start_paused = true)]
async fn hosts_that_cannot_be_used_are_named_and_change_nothing() {
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
async fn hosts_that_no_certificate_can_be_for_are_refused_as_when_the_client_is_built() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let error = client.reconfigure().set_hosts("https://two..dots:8529,http://two:8529").unwrap_err();
    assert!(matches!(error, InvalidSettings::Tls(_)), "{error}");
    assert_eq!(client.coordinators().len(), 3, "nothing has changed");
    client.reconfigure().set_hosts("https://one:8529").unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_keep_their_limits_and_the_next_have_the_new_ones() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow(&cluster, Duration::from_secs(20));
    let call = write(&client, "long");
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_limits(Limits::default().total(Duration::from_secs(2))).unwrap();
    let began = Instant::now();
    let error = write(&client, "short").await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), began.elapsed().as_secs()),
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
    let silent = builder(&cluster).connect(Silent).build().unwrap();
    for seconds in [3, 7, 1] {
        silent.reconfigure().set_limits(Limits::default().connect(Duration::from_secs(seconds))).unwrap();
        let error = silent.db("_system").version().await.unwrap_err();
        assert_eq!(error.attempts()[0].elapsed.as_secs(), seconds, "{}", error.report());
        // What was begun within the limit before is over.
        sleep(Duration::from_secs(30)).await;
    }
}

/// A network that never answers.
struct Silent;

impl arango::transport::Connect for Silent {
    fn connect(
        &self,
        _: std::net::SocketAddr,
    ) -> arango::transport::BoxFuture<'_, std::io::Result<Box<dyn arango::transport::Io>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn other_credentials_are_worn_by_the_next_call_and_by_no_call_that_is_under_way() {
    let cluster = cluster().await;
    let password = cluster.root_password();
    for good in [Credentials::basic("root", password), Credentials::jwt("root", password)] {
        let client = builder(&cluster).credentials(good.clone()).build().unwrap();
        client.db("_system").version().await.unwrap();
        // Its first attempt is refused at the door; the second wears what the call began with.
        let busy = || Fault::answer(503, 503, "starting").times(1).on(Match::post("/_api/document/*"));
        let busy: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(busy())).collect();
        let call = write(&client, "m");
        tokio::task::yield_now().await;
        client.reconfigure().set_credentials(Credentials::basic("root", "wr0ng"));
        let error = client.db("_system").version().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotAuthorized, "{}", error.report());
        call.await.unwrap().unwrap();
        drop(busy);
        client.reconfigure().set_credentials(good);
        client.db("_system").version().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_says_who_it_is_stays_who_it_is() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let handle = client.db("_system").basic_auth("root", cluster.root_password());
    client.reconfigure().set_credentials(Credentials::none());
    handle.version().await.unwrap();
    client.db("_system").version().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn another_policy_decides_about_the_next_call() {
    /// Always the last.
    struct Last;
    impl Policy<Coordinator, Outgoing> for Last {
        fn pick(&self, candidates: &Candidates<'_, Coordinator>, _: &Outgoing, _: Instant) -> Option<usize> {
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
async fn where_others_are_looked_for_other_hosts_are_the_new_seeds() {
    let cluster = cluster().await;
    let urls = cluster.urls();
    let client = builder(&cluster).hosts(&urls[..1]).discovery(Discovery::on()).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.coordinators().len(), 3);
    client.reconfigure().set_hosts(&urls[1..2]).unwrap();
    let of = |address: &str| {
        let states = client.coordinators().into_iter();
        states
            .filter(|state| state.address.to_string() == address)
            .map(|state| state.membership)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&urls[1]), [Membership::Seed], "one member, though it was found too");
    assert_eq!((of(&urls[0]), of(&urls[2])), (vec![Membership::Discovered], vec![Membership::Discovered]));
    assert_eq!(shares(&cluster, &client, 30).await.iter().sum::<usize>(), 30);
}

#[test]
fn a_client_is_changed_without_a_runtime() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (cluster, client) = runtime.block_on(async {
        let cluster = cluster().await;
        let client = client(&cluster);
        ask_at_once(&client, 9).await;
        (cluster, client)
    });
    let running = client.reconfigure();
    running.set_hosts(&cluster.urls()[..1]).unwrap();
    running.set_limits(Limits::default()).unwrap();
    running.set_credentials(Credentials::basic("root", cluster.root_password()));
    let shared = Arc::new(running);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| shared.set_load_balancing(LoadBalancing::Random));
        }
    });
    runtime.block_on(async {
        assert_eq!(shares(&cluster, &client, 9).await, [9, 0, 0]);
    });
}
