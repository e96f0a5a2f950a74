//! T01–T04, T07 and T12a: failures before anything is sent. Every request fails over to the next coordinator.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::cluster::GetHealth;
use arango::protocol::RequestClass;
use arango::transport::{AttemptService, BoxFuture, Connect, Io, Resolve};
use arango::{Client, ErrorKind, Limits, Outcome, PoolLimits};
use arango_test_cluster::{Fault, TestCluster};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::layer::layer_fn;
use tower::{Service, service_fn};

use super::{Expect, call_and_observe};
use crate::support::{InMemoryConnector, builder, client, cluster, insert, wait_for_hit};

for_each_class![
    t01_an_unresolvable_name_fails_over,
    t01_an_unresolvable_name_is_an_error_without_another_coordinator,
    t02_cached_addresses_are_used_while_the_resolver_fails,
    t03_a_refused_connection_fails_over_at_once,
    t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed,
    t03_the_next_address_of_a_name_is_tried_before_the_next_coordinator,
    t04_a_connect_timeout_fails_over,
    t07_an_exhausted_pool_fails_over_without_a_health_effect,
    t12a_an_attempt_timeout_while_connecting_is_a_connect_timeout,
    t12a_a_limit_of_the_call_that_ends_an_attempt_while_connecting_has_no_health_effect,
    t12a_an_attempt_timeout_in_the_pool_queue_has_no_health_effect,
    t12a_an_attempt_past_its_timeout_is_not_sent,
    t12a_an_attempt_timeout_before_the_pool_has_no_health_effect,
];

/// Resolves only `good.example`.
struct OneName(SocketAddr);

impl Resolve for OneName {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            if name == "good.example" { Ok(vec![self.0]) } else { Err(io::ErrorKind::NotFound.into()) }
        })
    }
}

fn client_of_hosts(cluster: &TestCluster, hosts: &str) -> Client {
    builder(cluster).hosts(hosts).resolve(OneName(cluster.coordinator(0).address())).build().unwrap()
}

/// Sends three requests to the first coordinator only, all of which fail.
pub(super) async fn fail_three_times(
    cluster: &TestCluster,
    client: &Client,
    class: RequestClass,
    kind: ErrorKind,
) {
    let first = client.coordinators()[0].address.clone();
    for _ in 0..3 {
        let error = client.coordinator(&first).execute(insert("failing", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotExecuted));
        assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NoAlternative, 1));
    }
    assert_eq!(cluster.journal().executions("failing"), 0);
}

async fn t01_an_unresolvable_name_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_of_hosts(&cluster, "http://bad.example,http://good.example");
    let all_healthy = [MemberState::Healthy; 2];
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().member_states(all_healthy));

    let client = client_of_hosts(&cluster, "http://bad.example,http://good.example");
    fail_three_times(&cluster, &client, class, ErrorKind::Dns).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

async fn t01_an_unresolvable_name_is_an_error_without_another_coordinator(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_of_hosts(&cluster, "http://bad.example");
    let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::MaxAttempts, 3));
    assert!(error.was_not_executed());
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy, "the only coordinator is never ejected");
}

async fn t02_cached_addresses_are_used_while_the_resolver_fails(class: RequestClass) {
    /// Resolves the first time and then fails.
    struct ResolvesOnce(SocketAddr, AtomicBool);
    impl Resolve for ResolvesOnce {
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
        .resolve(ResolvesOnce(cluster.coordinator(0).address(), AtomicBool::new(false)))
        .build()
        .unwrap();
    client.db("_system").version().await.unwrap();
    // The connections are closed, so the name is resolved again.
    cluster.coordinator(0).kill();
    cluster.coordinator(0).restart().await.unwrap();
    let single_attempt = Expect::fails_over().attempts(1, 0).member_states([MemberState::Healthy]);
    call_and_observe(&cluster, &client, class).await.assert_matches(&single_attempt);

    // After ten minutes the cached addresses are no longer used.
    tokio::time::sleep(Duration::from_secs(601)).await;
    let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
}

async fn t03_a_refused_connection_fails_over_at_once(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over());

    fail_three_times(&cluster, &client, class, ErrorKind::ConnectRefused).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

async fn t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    // Three coordinators get at most four attempts. The backoffs before the last two are random.
    let expected =
        Expect::failure(ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    let observed = call_and_observe(&cluster, &client, class).await;
    let expected =
        expected.attempts(1, 3).server_counts(0, 0).within(Duration::ZERO..=Duration::from_millis(152));
    let error = observed.assert_matches(&expected).error();
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
    let unused: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let client = builder(&cluster)
        .hosts("http://both.example")
        .resolve(TwoAddresses([unused, cluster.coordinator(1).address()]))
        .build()
        .unwrap();
    let one_attempt = Expect::fails_over().attempts(1, 0).member_states([MemberState::Healthy]);
    call_and_observe(&cluster, &client, class).await.assert_matches(&one_attempt);
    assert_eq!(cluster.journal().requests_to(1), 1);
}

/// Never completes a connect to one address.
struct NeverConnects {
    network: InMemoryConnector,
    address: SocketAddr,
}

impl NeverConnects {
    fn first_of(cluster: &TestCluster) -> Self {
        Self { network: InMemoryConnector::new(cluster), address: cluster.coordinator(0).address() }
    }
}

impl Connect for NeverConnects {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address == self.address { Box::pin(std::future::pending()) } else { self.network.connect(address) }
    }
}

async fn t04_a_connect_timeout_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let two_seconds = Duration::from_secs(2);
    let client = builder(&cluster)
        .connect(NeverConnects::first_of(&cluster))
        .limits(Limits::default().connect(two_seconds))
        .build()
        .unwrap();
    call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over().after(two_seconds));

    fail_three_times(&cluster, &client, class, ErrorKind::ConnectTimeout).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

/// Occupies the only connection to the first coordinator. The call has a longer timeout than others.
async fn occupy_connection(cluster: &TestCluster, client: &Client) -> JoinHandle<()> {
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(60)).times(1));
    let first = client.coordinator(&client.coordinators()[0].address);
    let busy = tokio::spawn(async move { drop(first.execute(GetHealth).await) });
    wait_for_hit(&slow).await;
    busy
}

async fn t07_an_exhausted_pool_fails_over_without_a_health_effect(class: RequestClass) {
    let cluster = cluster().await;
    let acquire = Duration::from_millis(100);
    let client =
        builder(&cluster).pool(PoolLimits::default().connections(1).acquire(acquire)).build().unwrap();
    let busy = occupy_connection(&cluster, &client).await;
    call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over().after(acquire));

    fail_three_times(&cluster, &client, class, ErrorKind::PoolExhausted).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
    busy.await.unwrap();
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);

async fn t12a_an_attempt_timeout_while_connecting_is_a_connect_timeout(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .connect(NeverConnects::first_of(&cluster))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().after(HALF_A_SECOND));

    fail_three_times(&cluster, &client, class, ErrorKind::ConnectTimeout).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

async fn t12a_a_limit_of_the_call_that_ends_an_attempt_while_connecting_has_no_health_effect(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = builder(&cluster).connect(NeverConnects::first_of(&cluster)).build().unwrap();
    let first = client.coordinator(&client.coordinators()[0].address).db("_system").timeout(HALF_A_SECOND);
    for _ in 0..5 {
        let error = first.execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectTimeout, Outcome::NotExecuted));
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy, "its connect may still succeed");
    // Three connects fail, after three seconds each.
    for _ in 0..20 {
        first.execute(insert("m", class)).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
}

async fn t12a_an_attempt_timeout_in_the_pool_queue_has_no_health_effect(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .pool(PoolLimits::default().connections(1))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    let busy = occupy_connection(&cluster, &client).await;
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().after(HALF_A_SECOND));

    fail_three_times(&cluster, &client, class, ErrorKind::PoolExhausted).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
    busy.await.unwrap();
}

async fn t12a_an_attempt_past_its_timeout_is_not_sent(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .pool(PoolLimits::default().connections(1))
        .limits(Limits::default().attempt(HALF_A_SECOND))
        .build()
        .unwrap();
    cluster.coordinator(0).pause();
    let start = Instant::now();
    let call = |marker| {
        let database = client.db("_system");
        (tokio::spawn(async move { database.execute(insert(marker, class)).await }), marker)
    };
    // The middle two go to coordinators that respond. The other two end at the same time, and the first of them to end
    // frees the only connection.
    let calls = ["hanging", "b", "c", "waiting"].map(call);
    for (call, marker) in calls {
        let result = call.await.unwrap();
        if marker == "hanging" && !matches!(class, RequestClass::Safe | RequestClass::Fenced) {
            assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
        } else {
            result.unwrap();
        }
    }
    assert!(start.elapsed() < HALF_A_SECOND + Duration::from_millis(30), "{:?}", start.elapsed());
    cluster.coordinator(0).resume();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(cluster.journal().received("waiting"), 1);
}

async fn t12a_an_attempt_timeout_before_the_pool_has_no_health_effect(class: RequestClass) {
    let cluster = cluster().await;
    let first = cluster.coordinator(0).url();
    // A layer that never forwards requests to the first coordinator.
    let client = builder(&cluster)
        .attempt_layer_with(move |coordinator| {
            let blocks = coordinator.as_str() == first;
            layer_fn(move |inner: AttemptService| {
                service_fn(move |request: Request<Full<Bytes>>| {
                    let mut inner = inner.clone();
                    async move {
                        if blocks {
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
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().after(HALF_A_SECOND));

    fail_three_times(&cluster, &client, class, ErrorKind::AttemptTimeout).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
}
