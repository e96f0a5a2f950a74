//! HTTP/2 beyond the failure matrix: number of connections, negotiation, unresponsive connections and closing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, CoordinatorState, ErrorKind, Http2, HttpProtocol, Limits, Outcome, PoolLimits};
use arango_test_cluster::{Coordinator, Fault, Match, TestCluster, Tls as Speaks};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::support::{
    builder, cluster, cluster_of, cluster_with, concurrent_version_calls, insert, wait_for_hit,
};

fn client(cluster: &TestCluster, http2: Http2) -> Client {
    builder(cluster).http2(http2).build().unwrap()
}

/// Returns the number of connections opened so far, and of open connections.
fn connections(cluster: &TestCluster, client: &Client) -> (usize, usize) {
    let opened = cluster.coordinators().iter().map(Coordinator::connections_accepted).sum();
    (opened, client.coordinators().iter().map(|state| state.open_connections).sum())
}

/// Starts a cluster with this stream limit. Returns it with the number of connections used to set it up.
async fn cluster_with_streams(streams: u32, tls: Speaks) -> (TestCluster, usize) {
    let cluster =
        cluster_with(|cluster| cluster.coordinators(1).max_concurrent_streams(streams).tls(tls)).await;
    let before = cluster.coordinator(0).connections_accepted();
    (cluster, before)
}

#[tokio::test(start_paused = true)]
async fn a_burst_on_a_cold_client_opens_as_few_connections_as_their_streams_allow() {
    for (streams, calls, expected) in
        [(32, 1, 1), (32, 32, 1), (32, 33, 2), (32, 100, 4), (5, 20, 4), (100, 64, 2)]
    {
        let (cluster, before) = cluster_with_streams(streams, Speaks::Off).await;
        let client = client(&cluster, Http2::PriorKnowledge);
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
        let start = Instant::now();
        concurrent_version_calls(&client, calls).await;
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(1),
            "{calls} calls over {streams} streams run concurrently"
        );
        let opened = connections(&cluster, &client).0 - before;
        assert!(
            (expected..=expected + 1).contains(&opened),
            "{calls} calls over {streams} streams: {opened}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn connections_that_are_not_kept_carry_the_requests_that_wait_for_them() {
    for limits in [PoolLimits::default().idle(Duration::ZERO), PoolLimits::default().age(Duration::ZERO)] {
        let (cluster, before) = cluster_with_streams(32, Speaks::Off).await;
        let client = builder(&cluster).http2(Http2::PriorKnowledge).pool(limits.clone()).build().unwrap();
        for _ in 0..3 {
            client.db("_system").version().await.unwrap();
        }
        assert_eq!(connections(&cluster, &client).0 - before, 3, "{limits:?}");
        concurrent_version_calls(&client, 10).await;
        let opened = connections(&cluster, &client).0 - before;
        assert!(opened <= 13, "{limits:?}: {opened}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(connections(&cluster, &client).1, 0, "{limits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn surplus_connections_of_a_burst_are_closed() {
    let (cluster, _) = cluster_with_streams(8, Speaks::Off).await;
    let limits = PoolLimits::default().idle(Duration::from_secs(10));
    let client = builder(&cluster).http2(Http2::PriorKnowledge).pool(limits).build().unwrap();
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    concurrent_version_calls(&client, 24).await;
    drop(slow);
    assert!(connections(&cluster, &client).1 >= 3);
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let state = &client.coordinators()[0];
    assert_eq!((state.open_connections, state.idle_connections), (1, 1));
    sleep(Duration::from_secs(11)).await;
    assert_eq!((connections(&cluster, &client).1, cluster.coordinator(0).open_connections()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_protocol_is_negotiated_once_by_alpn() {
    // With HTTP/1.1 each of ten calls needs a connection; the first connection determines the protocol.
    for (streams, http2, opened) in
        [(32, Http2::Negotiated, 1), (0, Http2::Negotiated, 10), (32, Http2::Disabled, 10)]
    {
        let (cluster, before) = cluster_with_streams(streams, Speaks::On).await;
        let client = client(&cluster, http2);
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
        let start = Instant::now();
        concurrent_version_calls(&client, 10).await;
        assert_eq!(start.elapsed(), Duration::from_secs(1), "{http2:?}: the calls run concurrently");
        assert_eq!(connections(&cluster, &client).0 - before, opened, "{http2:?}, {streams} streams");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_negotiated_without_tls() {
    let (cluster, before) = cluster_with_streams(32, Speaks::Off).await;
    let client = client(&cluster, Http2::Negotiated);
    let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    concurrent_version_calls(&client, 3).await;
    assert_eq!(connections(&cluster, &client).0 - before, 3);
}

#[tokio::test(start_paused = true)]
async fn the_protocol_can_be_set_per_coordinator() {
    let cluster = cluster_of(2).await;
    let second = cluster.coordinator(1).url();
    let choice = move |coordinator: &arango::Coordinator| {
        if coordinator.as_str() == second { Http2::PriorKnowledge } else { Http2::Disabled }
    };
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let client = builder(&cluster).http2_with(choice).limits(limits).build().unwrap();
    for (index, protocol) in [(0, HttpProtocol::Http1), (1, HttpProtocol::Http2)] {
        let handle = client.coordinator(&client.coordinators()[index].address);
        handle.version().await.unwrap();
        let _cut = cluster.coordinator(index).inject(Fault::hang());
        let error = handle.execute(insert("m", RequestClass::NonIdempotent)).await;
        assert_eq!(error.unwrap_err().attempts()[0].protocol, Some(protocol));
    }
}

// Over real sockets, which deliver the bytes sent before a close.
#[tokio::test]
async fn no_request_is_sent_to_a_coordinator_without_http2() {
    for (tls, expected) in
        [(Speaks::Off, "the coordinator may not support HTTP/2"), (Speaks::On, "the TLS handshake failed")]
    {
        let cluster = TestCluster::builder().max_concurrent_streams(0).tls(tls).start().await.unwrap();
        let mut client = Client::builder()
            .hosts(cluster.urls())
            .basic_auth("root", cluster.root_password())
            .http2(Http2::PriorKnowledge);
        if let Some(authority) = cluster.ca_pem() {
            client = client.tls(arango::Tls::new().ca_pem(authority).given_authorities_only());
        }
        let result = client.build().unwrap().db("_system").version().await;
        let error = result.unwrap_err();
        assert_eq!((error.outcome(), cluster.journal().entries().len()), (Outcome::NotExecuted, 0));
        let report = error.report().to_string();
        assert!(report.contains(expected), "{report}");
        assert_eq!(report.contains("`Http2::Negotiated`"), tls == Speaks::On, "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_takes_no_more_requests() {
    let (cluster, _) = cluster_with_streams(32, Speaks::Off).await;
    let limits = Limits::default().attempt(Duration::from_secs(2));
    let client = builder(&cluster).http2(Http2::PriorKnowledge).limits(limits).build().unwrap();
    let write = || insert("m", RequestClass::NonIdempotent);
    client.db("_system").execute(write()).await.unwrap();
    // Everything sent on this connection from now on is lost; a new connection would work.
    cluster.coordinator(0).pause();
    let error = client.db("_system").execute(write()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
    cluster.coordinator(0).resume();
    let before = cluster.coordinator(0).connections_accepted();
    client.db("_system").execute(write()).await.unwrap();
    assert_eq!(cluster.coordinator(0).connections_accepted(), before + 1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(client.coordinators()[0].open_connections, 1, "the old connection is closed");
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_ping_ends_a_long_call_early() {
    let (cluster, _) = cluster_with_streams(32, Speaks::Off).await;
    let client = client(&cluster, Http2::PriorKnowledge);
    client.db("_system").version().await.unwrap();
    let hang = cluster.coordinator(0).inject(Fault::hang());
    let administration = client.cluster();
    let long_call = tokio::spawn(async move { administration.health().await });
    wait_for_hit(&hang).await;
    cluster.coordinator(0).pause();
    let error = long_call.await.unwrap().unwrap_err();
    let lost = error.attempts().iter().find(|attempt| attempt.kind == ErrorKind::ConnectionLost);
    assert!(lost.is_some(), "{error:?}");
    let waited = lost.unwrap().elapsed;
    assert!((25..=35).contains(&waited.as_secs()), "a ping every 20 s with a timeout of 10 s: {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_amid_buffered_bodies_counts_once() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster, Http2::PriorKnowledge);
    let first = client.coordinator(&client.coordinators()[0].address);
    first.execute(insert("warm", RequestClass::Safe)).await.unwrap();
    let stalled = cluster.coordinator(0).inject(Fault::stall(5).on(Match::post("/_api/document/*")));
    let calls = [(); 3].map(|()| {
        let first = first.clone();
        tokio::spawn(async move { first.execute(insert("m", RequestClass::NonIdempotent)).await })
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!((stalled.hits(), client.coordinators()[0].open_connections), (3, 1));
    cluster.coordinator(0).kill();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    }
    // Two more failures are the second and the third in a row.
    for after in [MemberState::Healthy, MemberState::Ejected] {
        assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
        first.execute(insert("refused", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!(client.coordinators()[0].state, after);
    }
}

#[tokio::test(start_paused = true)]
async fn closing_the_client_sends_goaway_on_every_connection() {
    let cluster = cluster().await;
    let client = client(&cluster, Http2::PriorKnowledge);
    let slow = cluster.inject(&Fault::latency(Duration::from_secs(1)));
    let closing = client.clone();
    let calls = tokio::spawn(async move { concurrent_version_calls(&client, 12).await });
    wait_for_hit(&slow[0]).await;
    closing.close(Duration::from_secs(5)).await;
    calls.await.unwrap();
    sleep(Duration::from_millis(1)).await;
    let open = |state: &CoordinatorState| state.open_connections;
    assert_eq!(closing.coordinators().iter().map(open).sum::<usize>(), 0);
    assert!(cluster.coordinators().iter().all(|one| one.open_connections() == 0));
}

#[tokio::test(start_paused = true)]
async fn unread_bodies_do_not_block_other_responses() {
    let (cluster, _) = cluster_with_streams(32, Speaks::Off).await;
    let client = client(&cluster, Http2::PriorKnowledge);
    let large = cluster.coordinator(0).inject(Fault::padded(64 << 20).times(8));
    let mut unread = Vec::new();
    for _ in 0..8 {
        let request = http::Request::get("/_api/version").body(http_body_util::Full::default()).unwrap();
        let call = arango::transport::Call::with_name("unread").streaming();
        unread.push(client.transport().send(request, call).await.unwrap());
    }
    assert_eq!(large.hits(), 8);
    concurrent_version_calls(&client, 20).await;
    assert_eq!(client.coordinators()[0].open_connections, 1);
    // Afterwards each of the bodies can be read completely.
    for response in unread {
        let mut body = response.into_body();
        let mut length = 0;
        while let Some(frame) = http_body_util::BodyExt::frame(&mut body).await {
            length += frame.unwrap().into_data().map_or(0, |data| data.len());
        }
        assert_eq!(length, 64 << 20);
    }
    assert_eq!(client.coordinators()[0].in_flight, 0);
}

#[tokio::test]
async fn a_session_over_tls_and_http2_and_real_sockets_logs_in_once_and_spreads_its_calls() {
    let cluster = TestCluster::builder().tls(Speaks::On).start().await.unwrap();
    let client = Client::builder()
        .hosts(cluster.urls().join(","))
        .jwt_auth("root", cluster.root_password())
        .tls(arango::Tls::new().ca_pem(cluster.ca_pem().unwrap()).given_authorities_only())
        .http2(Http2::Negotiated)
        .build()
        .unwrap();
    let health = client.cluster().health().await.unwrap();
    assert_eq!(health.coordinators().count(), 3);
    concurrent_version_calls(&client, 300).await;
    let requests = cluster.journal().requests_per_coordinator();
    assert_eq!(requests.iter().sum::<usize>(), 302, "with a login: {requests:?}");
    for (index, coordinator) in cluster.coordinators().iter().enumerate() {
        let opened = coordinator.connections_accepted();
        assert!(opened <= 5, "{opened} connections to {index} for about a hundred concurrent calls");
    }
}

/// Accepts every connection, sends these frames and reads until the end. Clones share the count of connections.
#[derive(Clone)]
struct FixedFrames(&'static [u8], Arc<AtomicUsize>);

impl Connect for FixedFrames {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (client_end, mut server_end) = tokio::io::duplex(64 << 10);
        let frames = self.0;
        self.1.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            server_end.write_all(frames).await.unwrap();
            let mut received = Vec::new();
            // The connection may also be reset.
            server_end.read_to_end(&mut received).await.ok();
        });
        Box::pin(async { Ok(Box::new(client_end) as Box<dyn Io>) })
    }
}

/// Reads from every connection before it sends its settings, as HTTP/2, and a GOAWAY.
struct Http2AfterRequest;

impl Connect for Http2AfterRequest {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        const SETTINGS_AND_GOAWAY: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64\
            \0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";
        let (client_end, mut server_end) = tokio::io::duplex(64 << 10);
        tokio::spawn(async move {
            let request = server_end.read(&mut [0; 1024]).await.unwrap();
            assert!(request > 0);
            server_end.write_all(SETTINGS_AND_GOAWAY).await.unwrap();
        });
        Box::pin(async { Ok(Box::new(client_end) as Box<dyn Io>) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_speaks_only_http2_is_named_when_http1_is_used() {
    // With the settings before the request, hyper returns the request unsent.
    let before = FixedFrames(b"\0\0\0\x04\0\0\0\0\0", Arc::default());
    let client = || Client::builder().hosts("http://127.0.0.1:8529");
    for (client, kind) in [
        (client().connect(before), ErrorKind::ConnectionClosedBeforeSend),
        (client().connect(Http2AfterRequest), ErrorKind::ProtocolViolation),
    ] {
        let write = insert("m", RequestClass::NonIdempotent);
        let error = client.build().unwrap().db("_system").execute(write).await.unwrap_err();
        let message = error.to_string();
        assert_eq!(error.kind(), kind, "{message}");
        let expected = "the server speaks only HTTP/2 on this port; set `Http2::PriorKnowledge`";
        assert!(message.contains(expected) && !message.contains("https://"), "{message}");
    }
}

/// Returns a client of two coordinators that send these frames.
fn client_of(connector: &FixedFrames) -> Client {
    Client::builder()
        .hosts("http://127.0.0.1:8529,http://127.0.0.1:8530")
        .http2(Http2::PriorKnowledge)
        .connect(connector.clone())
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_immediate_goaway_does_not_cause_a_reconnect_loop() {
    // SETTINGS, its acknowledgement, and GOAWAY.
    const GOAWAY: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0\
        \0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let connector = FixedFrames(GOAWAY, Arc::default());
    let client = client_of(&connector);
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
    let connections = connector.1.load(Ordering::Relaxed);
    assert_eq!(connections, error.attempts().len(), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn settings_that_allow_no_streams_cause_at_most_one_connect_per_attempt_and_are_named() {
    // SETTINGS with MAX_CONCURRENT_STREAMS = 0, and an acknowledgement.
    const NO_STREAMS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
    for (frames, named, calls) in [
        (NO_STREAMS, "no HTTP/2 settings that allow a stream arrived", 1),
        (NO_STREAMS, "no HTTP/2 settings that allow a stream arrived", 40),
        (b"", "no HTTP/2 settings arrived; the coordinator may not support HTTP/2", 1),
    ] {
        let connector = FixedFrames(frames, Arc::default());
        let client = client_of(&connector);
        let mut tasks = JoinSet::new();
        for _ in 0..calls {
            let database = client.db("_system");
            tasks.spawn(async move {
                database.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err()
            });
        }
        let errors = tasks.join_all().await;
        for error in &errors {
            let report = error.report().to_string();
            assert_eq!(error.outcome(), Outcome::NotExecuted, "{report}");
            assert!(
                error.attempts().iter().all(|attempt| attempt.kind == ErrorKind::ConnectTimeout),
                "{report}"
            );
            assert!(report.contains(named), "{report}");
        }
        let attempts: usize = errors.iter().map(|error| error.attempts().len()).sum();
        // Concurrent calls wait for the same connects.
        let most = if calls == 1 { attempts } else { attempts / 8 };
        let connects = connector.1.load(Ordering::Relaxed);
        assert!(connects <= most, "{connects} connects for {attempts} attempts");
    }
}
