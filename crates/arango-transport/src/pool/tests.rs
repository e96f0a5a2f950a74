mod cancellation;
mod closing;
mod dials;
mod facts;
mod reuse;
mod runtimes;
mod suspicion;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use arango_balance::SeededRandom;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::*;
use crate::connect::{Connect, Io, SystemResolve};
use crate::dial::Network;
use crate::http2::Choice;
use crate::settings::Live;

/// Hands the other end of every connection to the test.
struct Script(mpsc::UnboundedSender<DuplexStream>);

impl Connect for Script {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (ours, theirs) = duplex(64 << 10);
        let sent = self.0.send(theirs);
        Box::pin(async move {
            sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}

/// The other ends, in the order in which they were connected.
type Peers = mpsc::UnboundedReceiver<DuplexStream>;

/// Lets the test open the door to each who knocks, or not.
struct Door(mpsc::UnboundedSender<Knock>);

/// Somebody who wants to be connected.
struct Knock(oneshot::Sender<io::Result<Box<dyn Io>>>);

type Knocks = mpsc::UnboundedReceiver<Knock>;

impl Connect for Door {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (sender, answer) = oneshot::channel();
        self.0.send(Knock(sender)).unwrap();
        Box::pin(async { answer.await.expect("a connector that panics") })
    }
}

impl Knock {
    fn open(self) -> DuplexStream {
        let (ours, theirs) = duplex(64 << 10);
        self.0.send(Ok(Box::new(ours))).unwrap_or_else(|_| panic!("nobody is at the door any more"));
        theirs
    }

    fn refuse(self) {
        drop(self.0.send(Err(io::ErrorKind::ConnectionRefused.into())));
    }

    fn is_given_up(&self) -> bool {
        self.0.is_closed()
    }
}

/// A pool whose connections are opened at once.
fn pool(limits: PoolLimits) -> (Pool, Peers) {
    let (sender, peers) = mpsc::unbounded_channel();
    (pool_over(Script(sender), limits), peers)
}

/// A pool whose connections are opened when the test lets them.
fn slow_pool(limits: PoolLimits) -> (Pool, Knocks) {
    let (sender, knocks) = mpsc::unbounded_channel();
    (pool_over(Door(sender), limits), knocks)
}

fn pool_over(connect: impl Connect, limits: PoolLimits) -> Pool {
    let network = Network {
        resolve: Arc::new(SystemResolve),
        connect: Arc::new(connect),
        settings: Live::default(),
        http2: Choice::default(),
    };
    let coordinator = "http://127.0.0.1:8529".parse().unwrap();
    Pool::new(Dialer::new(coordinator, network, None), limits, Arc::new(SeededRandom::new(1)))
}

fn get(path: &str) -> Outgoing {
    let request = Request::get(path).body(Full::default()).unwrap();
    let plan = AttemptPlan { unqueued: false, ..AttemptPlan::unknown(&request) };
    Outgoing::new(plan, request)
}

/// A request that wants a connection that nobody has used.
fn get_fresh(path: &str) -> Outgoing {
    let request = Request::get(path).body(Full::default()).unwrap();
    let plan = AttemptPlan { unqueued: false, fresh: true, ..AttemptPlan::unknown(&request) };
    Outgoing::new(plan, request)
}

type Call = JoinHandle<Result<Incoming, AttemptError>>;

/// Sends a request in a task of its own, and lets it go as far as it can.
async fn send(pool: &Pool, outgoing: Outgoing) -> Call {
    let call = tokio::spawn(pool.clone().oneshot(outgoing));
    settle().await;
    call
}

/// Drops a call where it is.
async fn abandon(call: Call) {
    call.abort();
    settle().await;
}

/// What is to be as it was before.
#[derive(Debug, PartialEq)]
struct Counts {
    open: usize,
    idle: usize,
    waiting: usize,
    dialing: usize,
    in_use: usize,
}

fn counts(pool: &Pool) -> Counts {
    Counts {
        open: pool.open(),
        idle: pool.idle(),
        waiting: pool.waiting(),
        dialing: pool.dialing(),
        in_use: pool.0.limits.connections - pool.0.permits.available_permits(),
    }
}

/// Nothing but idle connections.
fn only_idle(idle: usize) -> Counts {
    Counts { open: idle, idle, waiting: 0, dialing: 0, in_use: 0 }
}

/// Answers the request that comes, which must be this one, with a hello that its caller gets.
async fn greet(peer: &mut DuplexStream, path: &str, call: Call) {
    assert_eq!(heard(peer).await, path);
    say(peer, HELLO).await;
    assert_eq!(whole(call).await, "hello");
    settle().await;
}

/// Reads the head of a request and tells its path.
async fn heard(peer: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned()
}

async fn say(peer: &mut DuplexStream, text: &str) {
    peer.write_all(text.as_bytes()).await.unwrap();
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// Reads the body of an answer to its end.
async fn whole(answer: Call) -> Bytes {
    answer.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes()
}

/// Whether nothing comes from this other end any more, now and not in a while.
async fn is_closed(peer: &mut DuplexStream) -> bool {
    matches!(timeout(Duration::from_millis(1), peer.read_u8()).await, Ok(Err(_)))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Sends a request for which a connection is opened, and whose answer is a hello; gives back its other end.
async fn exchange_on_new(pool: &Pool, peers: &mut Peers, path: &str) -> DuplexStream {
    let answer = send(pool, get(path)).await;
    let mut peer = peers.recv().await.unwrap();
    greet(&mut peer, path, answer).await;
    peer
}

/// Sends a request that the peer answers with a hello, to its end.
async fn exchange(pool: &Pool, peer: &mut DuplexStream, path: &str) {
    let answer = send(pool, get(path)).await;
    greet(peer, path, answer).await;
}
