//! C1–C10: calls dropped in any phase. They leave no request, connection or wait queue entry behind.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties,
};
use arango::transport::{BoxFuture, Call, Connect, Io};
use arango::{Client, CoordinatorHandle, Error, Hedging, Http2, PoolLimits};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::intermediaries::{Interference, Intermediary};
use super::on_writes;
use crate::support::{InMemoryConnector, Insert, builder, cluster, cluster_with, insert, wait_for_hit};

for_each_class![
    c1_a_call_that_waits_for_a_connection_leaves_the_queue,
    c2_a_connection_outlives_the_call_it_was_opened_for_and_serves_the_next,
    c2_a_connect_timeout_fails_no_call_queued_after_it_started,
    c2_a_connect_of_a_dropped_call_ends_with_the_connect_timeout,
    c3_a_call_dropped_before_the_response_closes_its_connection_and_is_executed,
    c3_a_call_dropped_while_writing_closes_its_connection,
    c4_a_stream_dropped_before_the_response_is_reset_and_its_connection_stays,
    c4_a_stream_dropped_while_writing_is_reset_without_affecting_others,
    c5_a_call_that_has_read_half_of_a_body_closes_its_connection,
    c5_a_stream_whose_body_is_half_read_is_reset_and_its_connection_stays,
    c5_a_dropped_streaming_body_closes_its_connection,
    c6_a_call_in_backoff_holds_no_connection,
    c7_a_login_continues_for_other_waiting_calls,
    c8_a_probe_outlives_the_call_that_triggered_it,
    c9_both_hedged_attempts_are_cancelled,
    c10_calls_in_flight_finish_after_the_client_is_dropped,
];

/// Inserts a document with a key and returns the key in the response. The result shows whose response was read.
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

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let document = serde_json::json!({ "_key": self.key });
        let mut request = RequestBuilder::new(Self::METADATA).json(&document).build()?;
        request.headers_mut().insert("x-sim-marker", HeaderValue::from_static(self.key));
        Ok(request)
    }

    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        let document: serde_json::Value = response.json()?;
        Ok(document["_key"].as_str().unwrap_or_default().to_owned())
    }
}

/// Returns a client with one connection per coordinator. A leaked permit would block the next call.
fn single_connection_client(cluster: &TestCluster, connect: impl Connect) -> Client {
    builder(cluster).connect(connect).pool(PoolLimits::default().connections(1)).build().unwrap()
}

/// Starts a cluster and a client over HTTP/2. There is one stream per connection and one connection per coordinator.
async fn single_stream_client() -> (TestCluster, Client) {
    let cluster = cluster_with(|cluster| cluster.max_concurrent_streams(1)).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).pool(PoolLimits::default().connections(1));
    let client = client.build().unwrap();
    (cluster, client)
}

fn first_coordinator(client: &Client) -> CoordinatorHandle {
    client.coordinator(&client.coordinators()[0].address)
}

/// Starts a call at the first coordinator.
fn start_call(client: &Client, operation: Keyed) -> JoinHandle<Result<String, Error>> {
    let first = first_coordinator(client);
    tokio::spawn(async move { first.execute(operation).await })
}

/// Drops the future of a call.
async fn drop_call<T: std::fmt::Debug>(call: JoinHandle<T>) {
    assert!(!call.is_finished(), "{:?}", call.await);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // Lets other tasks run without advancing the clock.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Returns the numbers of attempts in flight and of connections at the first coordinator.
fn counters(client: &Client) -> (usize, usize) {
    let first = &client.coordinators()[0];
    (first.in_flight, first.open_connections)
}

/// Asserts that the next call to the first coordinator succeeds immediately with its own response.
async fn assert_next_call_succeeds(cluster: &TestCluster, client: &Client, class: RequestClass) {
    let start = Instant::now();
    assert_eq!(first_coordinator(client).execute(keyed("next", class)).await.unwrap(), "next");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(counters(client), (0, 1));
    assert_eq!(cluster.journal().executions("next"), 1);
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

async fn c1_a_call_that_waits_for_a_connection_leaves_the_queue(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(&cluster, InMemoryConnector::new(&cluster));
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(5)).times(1));
    let start = Instant::now();
    let busy = start_call(&client, keyed("busy", class));
    wait_for_hit(&slow).await;
    let dropped = start_call(&client, keyed("dropped", class));
    tokio::task::yield_now().await;
    let queued = start_call(&client, keyed("queued", class));
    tokio::task::yield_now().await;
    assert_eq!(counters(&client), (3, 1));
    drop_call(dropped).await;
    assert_eq!(counters(&client), (2, 1));

    assert_eq!(busy.await.unwrap().unwrap(), "busy");
    assert_eq!(queued.await.unwrap().unwrap(), "queued");
    assert_eq!(start.elapsed().as_secs(), 5, "the next waiter gets the connection");
    assert_eq!(cluster.journal().received("dropped"), 0);
    assert_next_call_succeeds(&cluster, &client, class).await;
}

/// Opens the first connection after `delay` and all others immediately. Counts the pending and the started connects.
struct SlowFirstConnect {
    network: InMemoryConnector,
    delay: Duration,
    connecting: Arc<AtomicUsize>,
    started: Arc<AtomicUsize>,
}

/// Decrements a counter when it is dropped.
struct DecrementOnDrop(Arc<AtomicUsize>);

impl Drop for DecrementOnDrop {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connect for SlowFirstConnect {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.started.fetch_add(1, Ordering::Relaxed) > 0 {
            return self.network.connect(address);
        }
        self.connecting.fetch_add(1, Ordering::Relaxed);
        let waiting = DecrementOnDrop(Arc::clone(&self.connecting));
        Box::pin(async move {
            sleep(self.delay).await;
            drop(waiting);
            self.network.connect(address).await
        })
    }
}

async fn c2_a_connection_outlives_the_call_it_was_opened_for_and_serves_the_next(class: RequestClass) {
    let cluster = cluster().await;
    let (connecting, started) = (Arc::default(), Arc::default());
    let slow = SlowFirstConnect {
        network: InMemoryConnector::new(&cluster),
        delay: Duration::from_secs(2),
        connecting: Arc::clone(&connecting),
        started: Arc::clone(&started),
    };
    let client = single_connection_client(&cluster, slow);
    let dropped = start_call(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (1, 0)));
    drop_call(dropped).await;
    // No attempt is in flight, but the pending connect continues.
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (0, 0)));
    sleep(Duration::from_millis(1100)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (0, (0, 1)));
    assert_eq!(cluster.journal().received("dropped"), 0);
    assert_next_call_succeeds(&cluster, &client, class).await;
    assert_eq!(started.load(Ordering::Relaxed), 1, "the next call uses the pooled connection");
}

async fn c2_a_connect_timeout_fails_no_call_queued_after_it_started(class: RequestClass) {
    let cluster = cluster().await;
    let started = Arc::default();
    let slow = SlowFirstConnect {
        network: InMemoryConnector::new(&cluster),
        delay: Duration::from_secs(3600),
        connecting: Arc::default(),
        started: Arc::clone(&started),
    };
    let client = single_connection_client(&cluster, slow);
    let dropped = start_call(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    drop_call(dropped).await;
    let next = first_coordinator(&client).execute(keyed("next", class)).await.unwrap();
    assert_eq!((next.as_str(), started.load(Ordering::Relaxed)), ("next", 2));
    assert_eq!(cluster.journal().executions("next"), 1);
}

async fn c2_a_connect_of_a_dropped_call_ends_with_the_connect_timeout(class: RequestClass) {
    let cluster = cluster().await;
    let connecting = Arc::default();
    let slow = SlowFirstConnect {
        network: InMemoryConnector::new(&cluster),
        delay: Duration::from_secs(3600),
        connecting: Arc::clone(&connecting),
        started: Arc::default(),
    };
    let client = single_connection_client(&cluster, slow);
    let dropped = start_call(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    drop_call(dropped).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (1, (0, 0)));
    sleep(Duration::from_millis(2100)).await;
    assert_eq!((connecting.load(Ordering::Relaxed), counters(&client)), (0, (0, 0)));
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c3_a_call_dropped_before_the_response_closes_its_connection_and_is_executed(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(&cluster, InMemoryConnector::new(&cluster));
    let slow = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let slow = cluster.coordinator(0).inject(slow);
    let dropped = start_call(&client, keyed("dropped", class));
    wait_for_hit(&slow).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    drop_call(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    assert_next_call_succeeds(&cluster, &client, class).await;

    assert_eq!(cluster.journal().executions("dropped"), 0);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(cluster.journal().executions("dropped"), 1, "the server finishes what it has read");
}

async fn c3_a_call_dropped_while_writing_closes_its_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(
        &cluster,
        Intermediary::in_front_of_first(&cluster, Interference::RespondEarly("")).once(),
    );
    let first = first_coordinator(&client);
    let large = Insert { padding: 1 << 20, ..insert("dropped", class) };
    let dropped = tokio::spawn(async move { first.execute(large).await });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(counters(&client), (1, 1));
    drop_call(dropped).await;
    assert_eq!(counters(&client), (0, 0));
    assert_eq!(cluster.journal().received("dropped"), 0);
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c4_a_stream_dropped_before_the_response_is_reset_and_its_connection_stays(class: RequestClass) {
    let (cluster, client) = single_stream_client().await;
    let opened = cluster.coordinator(0).connections_accepted();
    let slow = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let slow = cluster.coordinator(0).inject(slow);
    let dropped = start_call(&client, keyed("dropped", class));
    wait_for_hit(&slow).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    drop_call(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 1), 1));
    assert_next_call_succeeds(&cluster, &client, class).await;
    sleep(Duration::from_secs(6)).await;
    assert_eq!(cluster.journal().executions("dropped"), 1, "the server finishes what it has read");
    assert_eq!(cluster.coordinator(0).connections_accepted(), opened + 1);
}

async fn c4_a_stream_dropped_while_writing_is_reset_without_affecting_others(class: RequestClass) {
    let cluster = cluster_with(|cluster| cluster.max_concurrent_streams(2)).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let concurrent = start_call(&client, keyed("concurrent", class));
    wait_for_hit(&slow).await;
    let large = Insert { padding: 16 << 20, ..insert("dropped", class) };
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let first = first_coordinator(&client);
    let dropped = tokio::spawn(async move { first.execute(large).await });
    // The request head has arrived, and no time has passed in which the body could arrive.
    while slow.hits() == 0 {
        tokio::task::yield_now().await;
    }
    drop_call(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((1, 1), 1));
    assert_eq!(concurrent.await.unwrap().unwrap(), "concurrent");
    assert_eq!(
        cluster.journal().executions("dropped"),
        0,
        "a request that was not read completely is not executed"
    );
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c5_a_stream_whose_body_is_half_read_is_reset_and_its_connection_stays(class: RequestClass) {
    let (cluster, client) = single_stream_client().await;
    let opened = cluster.coordinator(0).connections_accepted();
    let half = cluster.coordinator(0).inject(on_writes(Fault::stall(5)).times(1));
    let dropped = start_call(&client, keyed("dropped", class));
    wait_for_hit(&half).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!((counters(&client), cluster.journal().executions("dropped")), ((1, 1), 1));
    drop_call(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 1), 1));
    assert_next_call_succeeds(&cluster, &client, class).await;
    assert_eq!(cluster.coordinator(0).connections_accepted(), opened + 1);
}

async fn c5_a_call_that_has_read_half_of_a_body_closes_its_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(
        &cluster,
        Intermediary::in_front_of_first(&cluster, Interference::StallBody).once(),
    );
    let dropped = start_call(&client, keyed("dropped", class));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((counters(&client), cluster.journal().executions("dropped")), ((1, 1), 1));
    drop_call(dropped).await;
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c5_a_dropped_streaming_body_closes_its_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(
        &cluster,
        Intermediary::in_front_of_first(&cluster, Interference::StallBody).once(),
    );
    let operation = keyed("dropped", class);
    let call = Call::new(&Keyed::METADATA, RequestProperties::with_class(class))
        .streaming()
        .pinned_to(client.coordinators()[0].address.clone());
    let request = operation.request().unwrap().map(Full::new);
    let mut body = client.transport().send(request, call).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), 5);
    assert_eq!(counters(&client).1, 1);
    drop(body);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!((counters(&client), cluster.coordinator(0).open_connections()), ((0, 0), 0));
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c6_a_call_in_backoff_holds_no_connection(class: RequestClass) {
    let cluster = cluster().await;
    let client = single_connection_client(&cluster, InMemoryConnector::new(&cluster));
    let busy = on_writes(Fault::response(409, 1601, "cursor is busy")).times(1);
    let busy = cluster.coordinator(0).inject(busy);
    let dropped = start_call(&client, keyed("dropped", class));
    wait_for_hit(&busy).await;
    // The backoff is at least five milliseconds.
    sleep(Duration::from_millis(2)).await;
    assert_eq!(counters(&client), (0, 1), "the connection is idle");
    assert_next_call_succeeds(&cluster, &client, class).await;
    drop_call(dropped).await;
    assert_eq!(counters(&client), (0, 1));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((cluster.journal().received("dropped"), cluster.journal().executions("dropped")), (1, 0));
}

async fn c7_a_login_continues_for_other_waiting_calls(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let slow = Fault::latency(Duration::from_secs(5)).on(Match::post("/_open/auth"));
    let slow = cluster.coordinator(0).inject(slow);
    let start = Instant::now();
    let leader = start_call(&client, keyed("dropped", class));
    wait_for_hit(&slow).await;
    let follower = start_call(&client, keyed("follower", class));
    tokio::task::yield_now().await;
    drop_call(leader).await;
    assert_eq!(follower.await.unwrap().unwrap(), "follower");
    assert_eq!((slow.hits(), start.elapsed().as_secs()), (1, 5));
    assert_eq!(cluster.journal().received("dropped"), 0);
    assert_next_call_succeeds(&cluster, &client, class).await;
    assert_eq!(slow.hits(), 1);
}

async fn c8_a_probe_outlives_the_call_that_triggered_it(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    cluster.coordinator(0).kill();
    for _ in 0..2 {
        first_coordinator(&client).execute(keyed("twice", class)).await.unwrap_err();
    }
    // The third attempt fails too, and the call waits at another coordinator when it is dropped.
    let slow = on_writes(Fault::latency(Duration::from_secs(20)));
    let _slow = [1, 2].map(|index| cluster.coordinator(index).inject(slow.clone()));
    let database = client.db("_system");
    let dropped = tokio::spawn(async move { database.execute(keyed("dropped", class)).await });
    sleep(Duration::from_millis(500)).await;
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
    cluster.coordinator(0).restart().await.unwrap();
    let availability = Match::get("/_admin/server/availability");
    let probe = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)).on(availability));
    wait_for_hit(&probe).await;
    drop_call(dropped).await;

    sleep(Duration::from_secs(2)).await;
    assert_eq!((probe.hits(), client.coordinators()[0].state), (1, MemberState::HalfOpen));
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c9_both_hedged_attempts_are_cancelled(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).hedging(Hedging::at_p95()).build().unwrap();
    for _ in 0..30 {
        client.db("_system").execute(insert("read", class)).await.unwrap();
    }
    cluster.journal().clear();
    let expected = if class == RequestClass::Safe { 2 } else { 1 };
    let slow = cluster.inject(&on_writes(Fault::latency(Duration::from_secs(5))));
    let database = client.db("_system");
    let dropped = tokio::spawn(async move { database.execute(insert("dropped", class)).await });
    sleep(Duration::from_secs(1)).await;
    let in_flight = || client.coordinators().iter().map(|state| state.in_flight).sum::<usize>();
    assert_eq!(in_flight(), expected);
    drop_call(dropped).await;
    assert_eq!(in_flight(), 0);
    assert_eq!(slow.iter().map(FaultGuard::hits).sum::<usize>(), expected);
    drop(slow);
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
    assert_next_call_succeeds(&cluster, &client, class).await;
}

async fn c10_calls_in_flight_finish_after_the_client_is_dropped(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    let slow = cluster.inject(&on_writes(Fault::latency(Duration::from_secs(5))));
    let keys = ["a", "b", "c"];
    let calls = keys.map(|key| {
        let database = client.db("_system");
        tokio::spawn(async move { database.execute(keyed(key, class)).await })
    });
    for fault in &slow {
        wait_for_hit(fault).await;
    }
    drop(client);
    for (call, key) in calls.into_iter().zip(keys) {
        assert_eq!(call.await.unwrap().unwrap(), key);
    }
    sleep(Duration::from_millis(1)).await;
    let open: Vec<_> =
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).collect();
    assert_eq!(open, [0; 3], "the connections are closed with the last call");
}
