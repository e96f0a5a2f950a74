//! What a connection and a waiting call hold, compared with hyper alone.

use arango::{Limits, PoolLimits};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinSet;

use crate::in_memory::{BUFFER, client, read_request, respond};
use crate::{alone, live_bytes};

const CALLS: usize = 500;
const VERSION: &[u8] = br#"{"server":"arango","license":"community","version":"3.12.4"}"#;

/// Opens a connection with hyper alone. Returns the server's end, too.
async fn connect() -> (SendRequest<Full<Bytes>>, DuplexStream) {
    let (ours, theirs) = duplex(BUFFER);
    let (sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection);
    (sender, theirs)
}

/// Sends a request with hyper alone, and returns the connection after the response was read.
async fn send(mut sender: SendRequest<Full<Bytes>>) -> SendRequest<Full<Bytes>> {
    let request = Request::get("/_api/version").header("host", "127.0.0.1:8529");
    let response = sender.send_request(request.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), VERSION);
    sender
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// How many bytes there are on the heap for each call.
struct Held {
    /// While it waits for its response, with its connection.
    waiting: usize,
    /// After its response, for its idle connection.
    idle: usize,
}

async fn respond_to_all(peers: &mut [DuplexStream]) {
    for peer in peers {
        read_request(peer).await;
        respond(peer, VERSION.len(), VERSION).await;
    }
}

async fn held_by_hyper() -> Held {
    let before = live_bytes();
    let (mut calls, mut peers) = (JoinSet::new(), Vec::with_capacity(CALLS));
    for _ in 0..CALLS {
        let (sender, peer) = connect().await;
        calls.spawn(send(sender));
        peers.push(peer);
    }
    settle().await;
    let waiting = (live_bytes() - before) / CALLS;
    respond_to_all(&mut peers).await;
    let idle = calls.join_all().await;
    settle().await;
    let held = Held { waiting, idle: (live_bytes() - before) / CALLS };
    drop(idle);
    held
}

async fn held_by_the_client() -> Held {
    let (client, mut connections) = client(Limits::default(), PoolLimits::default().connections(CALLS));
    let before = live_bytes();
    let (mut calls, mut peers) = (JoinSet::new(), Vec::with_capacity(CALLS));
    for _ in 0..CALLS {
        let system = client.db("_system");
        calls.spawn(async move { system.version().await.unwrap() });
    }
    for _ in 0..CALLS {
        peers.push(connections.recv().await.unwrap());
    }
    settle().await;
    let waiting = (live_bytes() - before) / CALLS;
    respond_to_all(&mut peers).await;
    drop(calls.join_all().await);
    settle().await;
    assert_eq!(client.coordinators()[0].open_connections, CALLS);
    Held { waiting, idle: (live_bytes() - before) / CALLS }
}

/// Asserts that `ours` exceeds `hyper` by at most so many percent.
///
/// Exact for one compiler: the bounds leave room for another one.
fn assert_at_most(percent: usize, ours: usize, hyper: usize) {
    anstream::println!("{ours} bytes for each call, and {hyper} with hyper alone");
    assert!(ours * 100 <= hyper * (100 + percent), "{ours} bytes, and {hyper} with hyper alone");
}

#[test]
fn an_idle_connection_holds_hardly_more_than_with_hyper_alone() {
    assert_at_most(7, alone(held_by_the_client()).idle, alone(held_by_hyper()).idle);
}

#[test]
fn a_waiting_call_holds_hardly_more_than_with_hyper_alone() {
    assert_at_most(12, alone(held_by_the_client()).waiting, alone(held_by_hyper()).waiting);
}

/// What a program stores for each call beside what is on the heap.
#[test]
fn the_future_of_a_call_is_small() {
    alone(async {
        let (client, _) = client(Limits::default(), PoolLimits::default());
        let system = client.db("_system");
        let (version, cluster) = (size_of_val(&system.version()), client.cluster());
        let health = size_of_val(&cluster.health());
        anstream::println!("the future of `version()` has {version} bytes, that of `health()` {health}");
        assert!(version <= 640 && health <= 520, "{version} and {health} bytes");
    });
}
