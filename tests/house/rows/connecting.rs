//! T01–T04, T07 and T12a: nothing was sent, so any request goes on to the next coordinator.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::cluster::GetHealth;
use arango::protocol::RequestClass;
use arango::transport::{AttemptService, BoxFuture, Connect, Io, Resolve, StoppedBy};
use arango::{Client, ErrorKind, Limits, Outcome, PoolLimits};
use arango_test_cluster::{Fault, TestCluster};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::layer::layer_fn;
use tower::{Service, service_fn};

use super::{Expect, meet};
use crate::support::{Memory, builder, client, cluster, insert, struck};

for_each_class![
    t01_a_name_that_does_not_resolve_sends_the_request_to_the_next,
    t01_a_name_that_does_not_resolve_is_an_error_where_there_is_no_next,
    t02_while_the_resolver_is_out_of_order_the_last_known_addresses_are_used,
    t03_a_refused_connection_sends_any_request_to_the_next_at_once,
    t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed,
    t03_the_next_address_of_a_name_is_tried_before_the_next_coordinator,
    t04_a_connection_that_does_not_open_in_time_sends_any_request_to_the_next,
    t07_a_full_pool_sends_any_request_to_the_next_and_counts_against_nobody,
    t12a_an_attempt_that_ends_while_it_connects_is_one_that_did_not_connect_in_time,
    t12a_an_attempt_that_ends_while_it_waits_for_a_connection_counts_against_nobody,
    t12a_an_attempt_whose_turn_comes_when_its_time_is_over_is_not_sent,
    t12a_an_attempt_that_ends_before_it_asked_for_a_connection_counts_against_nobody,
];

/// Knows `good.example` and nothing else.
struct OneName(SocketAddr);

impl Resolve for OneName {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            if name == "good.example" { Ok(vec![self.0]) } else { Err(io::ErrorKind::NotFound.into()) }
        })
    }
}

fn named(cluster: &TestCluster, hosts: &str) -> Client {
    builder(cluster).hosts(hosts).resolve(OneName(cluster.coordinator(0).address())).build().unwrap()
}

/// Makes three requests of the first coordinator and of no other, all of which fail.
pub(super) async fn fail_thrice(
    cluster: &TestCluster,
    client: &Client,
    class: RequestClass,
    kind: ErrorKind,
) {
    let first = client.coordinators()[0].address.clone();
    for _ in 0..3 {
        let error = client.coordinator(&first).execute(insert("thrice", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotExecuted));
        assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NoAlternative, 1));
    }
    assert_eq!(cluster.journal().executions("thrice"), 0);
}

async fn t01_a_name_that_does_not_resolve_sends_the_request_to_the_next(class: RequestClass) {
    let cluster = cluster().await;
    let client = named(&cluster, "http://bad.example,http://good.example");
    let all_well = [MemberState::Healthy; 2];
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().standing(all_well));

    let client = named(&cluster, "http://bad.example,http://good.example");
    fail_thrice(&cluster, &client, class, ErrorKind::Dns).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
}

async fn t01_a_name_that_does_not_resolve_is_an_error_where_there_is_no_next(class: RequestClass) {
    let cluster = cluster().await;
    let client = named(&cluster, "http://bad.example");
    let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::MaxAttempts, 3));
    assert!(error.was_not_executed());
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy, "the only one is never taken out");
}

async fn t02_while_the_resolver_is_out_of_order_the_last_known_addresses_are_used(class: RequestClass) {
    /// Resolves once and never again.
    struct Once(SocketAddr, AtomicBool);
    impl Resolve for Once {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            let first = !self.1.swap(true, Ordering::Relaxed);
            Box::pin(async move {
                if first { Ok(vec![self.0]) } else { Err(io::Error::other("the resolver is out of order")) }
            })
        }
    }
    let cluster = cluster().await;
    let client = builder(&cluster)
        .hosts("http://good.example")
        .resolve(Once(cluster.coordinator(0).address(), AtomicBool::new(false)))
        .build()
        .unwrap();
    client.db("_system").version().await.unwrap();
    // Its connections are gone, so the name is asked for again.
    cluster.coordinator(0).kill();
    cluster.coordinator(0).restart().await.unwrap();
    let within_the_attempt = Expect::elsewhere().tried(1, 0).standing([MemberState::Healthy]);
    meet(&cluster, &client, class).await.is(&within_the_attempt);

    // Ten minutes later they are no longer good for anything.
    tokio::time::sleep(Duration::from_secs(601)).await;
    let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
}

async fn t03_a_refused_connection_sends_any_request_to_the_next_at_once(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    meet(&cluster, &client, class).await.is(&Expect::elsewhere());

    fail_thrice(&cluster, &client, class, ErrorKind::ConnectRefused).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
}

async fn t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    // Four attempts are as many as three coordinators get; the pauses before the last two are chance.
    let nobody =
        Expect::failure(ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    let met = meet(&cluster, &client, class).await;
    let nobody = nobody.tried(1, 3).at_servers(0, 0).within(Duration::ZERO..=Duration::from_millis(152));
    let error = met.is(&nobody).error();
    let report = error.report().to_string();
    for coordinator in cluster.coordinators() {
        assert!(report.contains(&coordinator.url()), "{report}");
    }
    assert!(error.attempts().iter().all(|attempt| attempt.kind == ErrorKind::ConnectRefused));
}

async fn t03_the_next_address_of_a_name_is_tried_before_the_next_coordinator(class: RequestClass) {
    struct TwoAddresses([SocketAddr; 2]);
    impl Resolve for TwoAddresses {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(self.0.to_vec()) })
        }
    }
    let cluster = cluster().await;
    let nobody: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let client = builder(&cluster)
        .hosts("http://both.example")
        .resolve(TwoAddresses([nobody, cluster.coordinator(1).address()]))
        .build()
        .unwrap();
    let one_attempt = Expect::elsewhere().tried(1, 0).standing([MemberState::Healthy]);
    meet(&cluster, &client, class).await.is(&one_attempt);
    assert_eq!(cluster.journal().requests_to(1), 1);
}

/// Swallows whoever knocks at one address.
struct Swallow {
    network: Memory,
    address: SocketAddr,
}

impl Swallow {
    fn first_of(cluster: &TestCluster) -> Self {
        Self { network: Memory::of(cluster), address: cluster.coordinator(0).address() }
    }
}

impl Connect for Swallow {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address == self.address { Box::pin(std::future::pending()) } else { self.network.connect(address) }
    }
}

async fn t04_a_connection_that_does_not_open_in_time_sends_any_request_to_the_next(class: RequestClass) {
    let cluster = cluster().await;
    let two_seconds = Duration::from_secs(2);
    let client = builder(&cluster)
        .connect(Swallow::first_of(&cluster))
        .limits(Limits::default().connect(two_seconds))
        .build()
        .unwrap();
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(two_seconds));

    fail_thrice(&cluster, &client, class, ErrorKind::ConnectTimeout).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
}

/// Keeps the only connection to the first coordinator busy, with a call that is more patient than others.
async fn busy(cluster: &TestCluster, client: &Client) -> JoinHandle<()> {
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(60)).times(1));
    let first = client.coordinator(&client.coordinators()[0].address);
    let busy = tokio::spawn(async move { drop(first.execute(GetHealth).await) });
    struck(&slow).await;
    busy
}

async fn t07_a_full_pool_sends_any_request_to_the_next_and_counts_against_nobody(class: RequestClass) {
    let cluster = cluster().await;
    let acquire = Duration::from_millis(100);
    let client =
        builder(&cluster).pool(PoolLimits::default().connections(1).acquire(acquire)).build().unwrap();
    let busy = busy(&cluster, &client).await;
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(acquire));

    fail_thrice(&cluster, &client, class, ErrorKind::PoolExhausted).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
    busy.await.unwrap();
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);

async fn t12a_an_attempt_that_ends_while_it_connects_is_one_that_did_not_connect_in_time(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .connect(Swallow::first_of(&cluster))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(HALF_A_SECOND));

    fail_thrice(&cluster, &client, class, ErrorKind::ConnectTimeout).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
}

async fn t12a_an_attempt_that_ends_while_it_waits_for_a_connection_counts_against_nobody(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .pool(PoolLimits::default().connections(1))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    let busy = busy(&cluster, &client).await;
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(HALF_A_SECOND));

    fail_thrice(&cluster, &client, class, ErrorKind::PoolExhausted).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
    busy.await.unwrap();
}

async fn t12a_an_attempt_whose_turn_comes_when_its_time_is_over_is_not_sent(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .pool(PoolLimits::default().connections(1))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    cluster.coordinator(0).pause();
    let began = Instant::now();
    let call = |marker| {
        let database = client.db("_system");
        (tokio::spawn(async move { database.execute(insert(marker, class)).await }), marker)
    };
    // Those in the middle are for the coordinators that answer. Both others end at the same time, and with the first of
    // them the only connection is free.
    let calls = ["silent", "b", "c", "waiting"].map(call);
    for (call, marker) in calls {
        let result = call.await.unwrap();
        if marker == "silent" && class != RequestClass::Safe {
            assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
        } else {
            result.unwrap();
        }
    }
    assert!(began.elapsed() < HALF_A_SECOND + Duration::from_millis(30), "{:?}", began.elapsed());
    cluster.coordinator(0).resume();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.journal().received("waiting"), 1);
}

async fn t12a_an_attempt_that_ends_before_it_asked_for_a_connection_counts_against_nobody(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let first = cluster.coordinator(0).url();
    // A layer that never lets go of what is meant for the first.
    let client = builder(&cluster)
        .attempt_layer_with(move |coordinator| {
            let keeps = coordinator.as_str() == first;
            layer_fn(move |inner: AttemptService| {
                service_fn(move |request: Request<Full<Bytes>>| {
                    let mut inner = inner.clone();
                    async move {
                        if keeps {
                            std::future::pending::<()>().await;
                        }
                        inner.call(request).await
                    }
                })
            })
        })
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(HALF_A_SECOND));

    fail_thrice(&cluster, &client, class, ErrorKind::AttemptTimeout).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
}
