//! C1–C10: the future of a call is dropped, wherever it was, and leaves nothing behind.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
};
use arango::transport::{BoxFuture, Call, Connect, Io};
use arango::{Client, CoordinatorHandle, Error, Hedging, Http2, PoolLimits};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::between::{Between, Does};
use super::on_writes;
use crate::support::{Insert, Memory, builder, cluster, cluster_with, insert, struck};

for_each_class![
    c1_a_call_that_waits_for_a_connection_leaves_the_queue,
    c2_a_connection_outlives_the_call_it_was_opened_for_and_serves_the_next,
    c2_a_connection_that_does_not_open_in_time_fails_nobody_who_came_after_it_was_begun,
    c2_a_connection_that_does_not_open_ends_with_the_limit_for_connecting,
    c3_a_call_that_waits_for_the_head_closes_its_connection_and_is_executed_nevertheless,
    c3_a_call_that_is_being_written_closes_its_connection,
    c4_a_stream_that_waits_for_the_head_is_reset_and_its_connection_stays,
    c4_a_stream_that_is_being_written_is_reset_and_takes_nothing_along,
    c5_a_call_that_has_read_half_of_a_body_closes_its_connection,
    c5_a_stream_whose_body_is_half_read_is_reset_and_its_connection_stays,
    c5_a_body_that_is_handed_over_as_it_comes_closes_its_connection_when_it_is_dropped,
    c6_a_call_that_pauses_holds_nothing,
    c7_a_call_that_began_a_login_leaves_it_to_those_who_wait_for_it,
    c8_a_call_that_brought_about_a_probe_leaves_it_to_itself,
    c9_an_attempt_beside_another_ends_with_it,
    c10_calls_that_run_when_the_client_is_dropped_finish,
];

/// Inserts a document under a key, and reads from the answer under which: so it tells whose answer it is.
#[derive(Clone)]
struct Keyed {
    key: &'static str,
    class: RequestClass,
}

fn keyed(key: &'static str, class: RequestClass) -> Keyed {
    Keyed { key, class }
}

impl Operation for Keyed {
    type Output = String;
    const METADATA: Metadata = Metadata::post("books.insert", "/_api/document/books");

    fn class(&self) -> RequestClass {
        self.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let document = serde_json::json!({ "_key": self.key });
        let mut request = RequestBuilder::new(Self::METADATA).json(&document).build()?;
        request.headers_mut().insert("x-sim-marker", HeaderValue::from_static(self.key));
        Ok(request)
    }

    fn output(&self, answer: ApiResponse) -> Result<String, DecodeError> {
        let document: serde_json::Value = answer.json()?;
        Ok(document["_key"].as_str().unwrap_or_default().to_owned())
    }
}

/// A client with one connection to each coordinator, so that a place that is lost is missed at once.
fn narrow(cluster: &TestCluster, connect: impl Connect) -> Client {
    builder(cluster).connect(connect).pool(PoolLimits::default().connections(1)).build().unwrap()
}

/// The same over HTTP/2, of whose connections each carries one request at a time.
async fn narrow_streams() -> (TestCluster, Client) {
    let cluster = cluster_with(|cluster| cluster.streams(1)).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).pool(PoolLimits::default().connections(1));
    let client = client.build().unwrap();
    (cluster, client)
}

fn first_of(client: &Client) -> CoordinatorHandle {
    client.coordinator(&client.coordinators()[0].address)
}

/// Begins a call at the first coordinator.
fn begin(client: &Client, operation: Keyed) -> JoinHandle<Result<String, Error>> {
    let first = first_of(client);
    tokio::spawn(async move { first.execute(operation).await })
}

/// Drops the future of a call.
async fn drop_it<T: std::fmt::Debug>(call: JoinHandle<T>) {
    assert!(!call.is_finished(), "{:?}", call.await);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // What runs beside it has time to notice, but none that a clock shows.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Attempts under way at the first coordinator, and connections to it.
fn counters(client: &Client) -> (usize, usize) {
    let first = &client.coordinators()[0];
    (first.in_flight, first.open_connections)
}

/// The next request of the same coordinator gets through at once, and gets its own answer.
async fn the_next_is_well(cluster: &TestCluster, client: &Client, class: RequestClass) {
    let began = Instant::now();
    assert_eq!(first_of(client).execute(keyed("next", class)).await.unwrap(), "next");
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(counters(client), (0, 1));
    assert_eq!(cluster.journal().executions("next"), 1);
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
}

async fn c1_a_call_that_waits_for_a_connection_leaves_the_queue(class: RequestClass) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Memory::of(&cluster));
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(5)).times(1));
    let began = Instant::now();
    let busy = begin(&client, keyed("busy", class));
    struck(&slow).await;
    let dropped = begin(&client, keyed("dropped", class));
    tokio::task::yield_now().await;
    let behind = begin(&client, keyed("behind", class));
    tokio::task::yield_now().await;
    assert_eq!(counters(&client), (3, 1));
    drop_it(dropped).await;
    assert_eq!(counters(&client), (2, 1));

    assert_eq!(busy.await.unwrap().unwrap(), "busy");
    assert_eq!(behind.await.unwrap().unwrap(), "behind");
    assert_eq!(began.elapsed().as_secs(), 5, "who was behind it has moved up");
    assert_eq!(cluster.journal().received("dropped"), 0);
    the_next_is_well(&cluster, &client, class).await;
}

/// Takes for ever over the first connection, and counts whoever waits for it.
/// Opens the first connection after `first`, and any other at once.
struct SlowOnce {
    network: Memory,
    first: Duration,
    connecting: Arc<AtomicUsize>,
    begun: Arc<AtomicUsize>,
}

/// Counts down when it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connect for SlowOnce {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.begun.fetch_add(1, Ordering::Relaxed) > 0 {
            return self.network.connect(address);
        }
        self.connecting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(Arc::clone(&self.connecting));
        Box::pin(async move {
            sleep(self.first).await;
            drop(waiting);
            self.network.connect(address).await
        })
    }
}

async fn c2_a_connection_outlives_the_call_it_was_opened_for_and_serves_the_next(class: RequestClass) {
    let cluster = cluster().await;
    let (connecting, begun) = (Arc::default(), Arc::default());
    let slow = SlowOnce {
        network: Memory::of(&cluster),
        first: Duration::from_secs(2),
        connecting: Arc::clone(&connecting),
        begun: Arc::clone(&begun),
    };
    let client = narrow(&cluster, slow);
    let dropped = begin(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (1, 0)));
    drop_it(dropped).await;
    // Nobody is under way, and what was begun is not thrown away.
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (0, 0)));
    sleep(Duration::from_millis(1100)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (0, (0, 1)));
    assert_eq!(cluster.journal().received("dropped"), 0);
    the_next_is_well(&cluster, &client, class).await;
    assert_eq!(begun.load(Ordering::Relaxed), 1, "the next has found it");
}

async fn c2_a_connection_that_does_not_open_in_time_fails_nobody_who_came_after_it_was_begun(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let begun = Arc::default();
    let slow = SlowOnce {
        network: Memory::of(&cluster),
        first: Duration::from_secs(3600),
        connecting: Arc::default(),
        begun: Arc::clone(&begun),
    };
    let client = narrow(&cluster, slow);
    let dropped = begin(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    drop_it(dropped).await;
    let next = first_of(&client).execute(keyed("next", class)).await.unwrap();
    assert_eq!((next.as_str(), begun.load(Ordering::Relaxed)), ("next", 2));
    assert_eq!(cluster.journal().executions("next"), 1);
}

async fn c2_a_connection_that_does_not_open_ends_with_the_limit_for_connecting(class: RequestClass) {
    let cluster = cluster().await;
    let connecting = Arc::default();
    let slow = SlowOnce {
        network: Memory::of(&cluster),
        first: Duration::from_secs(3600),
        connecting: Arc::clone(&connecting),
        begun: Arc::default(),
    };
    let client = narrow(&cluster, slow);
    let dropped = begin(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    drop_it(dropped).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (0, 0)));
    sleep(Duration::from_millis(2100)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (0, (0, 0)));
    the_next_is_well(&cluster, &client, class).await;
}

async fn c3_a_call_that_waits_for_the_head_closes_its_connection_and_is_executed_nevertheless(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Memory::of(&cluster));
    let slow = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let slow = cluster.coordinator(0).inject(slow);
    let dropped = begin(&client, keyed("dropped", class));
    struck(&slow).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    drop_it(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    the_next_is_well(&cluster, &client, class).await;

    assert_eq!(cluster.journal().executions("dropped"), 0);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(cluster.journal().executions("dropped"), 1, "the server finishes what it has read");
}

async fn c3_a_call_that_is_being_written_closes_its_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Between::first_of(&cluster, Does::AnswerEarly("")).once());
    let first = first_of(&client);
    let large = Insert { padding: 1 << 20, ..insert("dropped", class) };
    let dropped = tokio::spawn(async move { first.execute(large).await });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(counters(&client), (1, 1));
    drop_it(dropped).await;
    assert_eq!(counters(&client), (0, 0));
    assert_eq!(cluster.journal().received("dropped"), 0);
    the_next_is_well(&cluster, &client, class).await;
}

async fn c4_a_stream_that_waits_for_the_head_is_reset_and_its_connection_stays(class: RequestClass) {
    let (cluster, client) = narrow_streams().await;
    let opened = cluster.coordinator(0).connections_accepted();
    let slow = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let slow = cluster.coordinator(0).inject(slow);
    let dropped = begin(&client, keyed("dropped", class));
    struck(&slow).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    drop_it(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 1), 1));
    the_next_is_well(&cluster, &client, class).await;
    sleep(Duration::from_secs(6)).await;
    assert_eq!(cluster.journal().executions("dropped"), 1, "the server finishes what it has read");
    assert_eq!(cluster.coordinator(0).connections_accepted(), opened + 1);
}

async fn c4_a_stream_that_is_being_written_is_reset_and_takes_nothing_along(class: RequestClass) {
    let cluster = cluster_with(|cluster| cluster.streams(2)).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let beside = begin(&client, keyed("beside", class));
    struck(&slow).await;
    let large = Insert { padding: 16 << 20, ..insert("dropped", class) };
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let first = first_of(&client);
    let dropped = tokio::spawn(async move { first.execute(large).await });
    // Its head has come, and no time has passed in which the rest could.
    while slow.hits() == 0 {
        tokio::task::yield_now().await;
    }
    drop_it(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    assert_eq!(beside.await.unwrap().unwrap(), "beside");
    assert_eq!(cluster.journal().executions("dropped"), 0, "what was not read to its end is not executed");
    the_next_is_well(&cluster, &client, class).await;
}

async fn c5_a_stream_whose_body_is_half_read_is_reset_and_its_connection_stays(class: RequestClass) {
    let (cluster, client) = narrow_streams().await;
    let opened = cluster.coordinator(0).connections_accepted();
    let half = cluster.coordinator(0).inject(on_writes(Fault::stall(5)).times(1));
    let dropped = begin(&client, keyed("dropped", class));
    struck(&half).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!((counters(&client), cluster.journal().executions("dropped")), ((1, 1), 1));
    drop_it(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 1), 1));
    the_next_is_well(&cluster, &client, class).await;
    assert_eq!(cluster.coordinator(0).connections_accepted(), opened + 1);
}

async fn c5_a_call_that_has_read_half_of_a_body_closes_its_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Between::first_of(&cluster, Does::HoldBody).once());
    let dropped = begin(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((counters(&client), cluster.journal().executions("dropped")), ((1, 1), 1));
    drop_it(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    the_next_is_well(&cluster, &client, class).await;
}

async fn c5_a_body_that_is_handed_over_as_it_comes_closes_its_connection_when_it_is_dropped(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Between::first_of(&cluster, Does::HoldBody).once());
    let operation = keyed("dropped", class);
    let call =
        Call::of(&Keyed::METADATA, class).streaming().pinned_to(client.coordinators()[0].address.clone());
    let request = operation.request().unwrap().map(Full::new);
    let mut body = client.transport().send(request, call).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 5);
    assert_eq!(counters(&client).1, 1);
    drop(body);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    the_next_is_well(&cluster, &client, class).await;
}

async fn c6_a_call_that_pauses_holds_nothing(class: RequestClass) {
    let cluster = cluster().await;
    let client = narrow(&cluster, Memory::of(&cluster));
    let busy = on_writes(Fault::answer(409, 1601, "cursor is busy")).times(1);
    let busy = cluster.coordinator(0).inject(busy);
    let dropped = begin(&client, keyed("dropped", class));
    struck(&busy).await;
    // The pause is five milliseconds at least.
    sleep(Duration::from_millis(2)).await;
    assert_eq!(counters(&client), (0, 1), "the connection rests");
    the_next_is_well(&cluster, &client, class).await;
    drop_it(dropped).await;
    assert_eq!(counters(&client), (0, 1));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((cluster.journal().received("dropped"), cluster.journal().executions("dropped")), (1, 0));
}

async fn c7_a_call_that_began_a_login_leaves_it_to_those_who_wait_for_it(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let slow = Fault::latency(Duration::from_secs(5)).on(Match::post("/_open/auth"));
    let slow = cluster.coordinator(0).inject(slow);
    let began = Instant::now();
    let leader = begin(&client, keyed("dropped", class));
    struck(&slow).await;
    let follower = begin(&client, keyed("follower", class));
    tokio::task::yield_now().await;
    drop_it(leader).await;
    assert_eq!(follower.await.unwrap().unwrap(), "follower");
    assert_eq!((slow.hits(), began.elapsed().as_secs()), (1, 5));
    assert_eq!(cluster.journal().received("dropped"), 0);
    the_next_is_well(&cluster, &client, class).await;
    assert_eq!(slow.hits(), 1);
}

async fn c8_a_call_that_brought_about_a_probe_leaves_it_to_itself(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    cluster.coordinator(0).kill();
    for _ in 0..2 {
        first_of(&client).execute(keyed("twice", class)).await.unwrap_err();
    }
    // The third finds nobody there either, and waits at another coordinator when it is dropped.
    let slow = on_writes(Fault::latency(Duration::from_secs(20)));
    let _slow = [1, 2].map(|index| cluster.coordinator(index).inject(slow.clone()));
    let database = client.db("_system");
    let dropped = tokio::spawn(async move { database.execute(keyed("dropped", class)).await });
    sleep(Duration::from_millis(500)).await;
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
    cluster.coordinator(0).restart().await.unwrap();
    let availability = Match::get("/_admin/server/availability");
    let probe = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)).on(availability));
    struck(&probe).await;
    drop_it(dropped).await;

    sleep(Duration::from_secs(2)).await;
    assert_eq!((probe.hits(), client.coordinators()[0].standing), (1, MemberState::HalfOpen));
    the_next_is_well(&cluster, &client, class).await;
}

async fn c9_an_attempt_beside_another_ends_with_it(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).hedging(Hedging::of_the_slowest()).build().unwrap();
    for _ in 0..30 {
        client.db("_system").execute(insert("read", class)).await.unwrap();
    }
    cluster.journal().clear();
    let expected = if class == RequestClass::Safe { 2 } else { 1 };
    let slow: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(on_writes(Fault::latency(Duration::from_secs(5)))))
        .collect();
    let database = client.db("_system");
    let dropped = tokio::spawn(async move { database.execute(insert("dropped", class)).await });
    sleep(Duration::from_secs(1)).await;
    let under_way = || client.coordinators().iter().map(|state| state.in_flight).sum::<usize>();
    assert_eq!(under_way(), expected);
    drop_it(dropped).await;
    assert_eq!(under_way(), 0);
    assert_eq!(slow.iter().map(FaultGuard::hits).sum::<usize>(), expected);
    drop(slow);
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
    the_next_is_well(&cluster, &client, class).await;
}

async fn c10_calls_that_run_when_the_client_is_dropped_finish(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    let slow: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(on_writes(Fault::latency(Duration::from_secs(5)))))
        .collect();
    let keys = ["a", "b", "c"];
    let calls = keys.map(|key| {
        let database = client.db("_system");
        tokio::spawn(async move { database.execute(keyed(key, class)).await })
    });
    for fault in &slow {
        struck(fault).await;
    }
    drop(client);
    for (call, key) in calls.into_iter().zip(keys) {
        assert_eq!(call.await.unwrap().unwrap(), key);
    }
    sleep(Duration::from_millis(1)).await;
    let open: Vec<_> =
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).collect();
    assert_eq!(open, [0; 3], "with the last of them their connections are closed");
}
