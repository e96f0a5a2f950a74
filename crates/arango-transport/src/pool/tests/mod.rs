mod cancellation;
mod closing;
mod connecting;
mod failures;
mod invalidation;
mod reuse;
mod runtimes;

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
use crate::config::http2::Http2Setting;
use crate::config::limits::Limits;
use crate::connect::connector::Network;
use crate::connect::{Connect, SystemResolve};
use crate::types::io::Io;

/// A connector that passes the server end of every connection to the test.
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

/// The server ends, in the order in which they were connected.
type Peers = mpsc::UnboundedReceiver<DuplexStream>;

/// A connector that lets the test accept or refuse each connect.
struct Gate(mpsc::UnboundedSender<PendingConnect>);

/// A pending connect.
struct PendingConnect(oneshot::Sender<io::Result<Box<dyn Io>>>);

type PendingConnects = mpsc::UnboundedReceiver<PendingConnect>;

impl Connect for Gate {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (sender, result) = oneshot::channel();
        self.0.send(PendingConnect(sender)).unwrap();
        Box::pin(async { result.await.expect("the test dropped the connect") })
    }
}

impl PendingConnect {
    fn accept(self) -> DuplexStream {
        let (ours, theirs) = duplex(64 << 10);
        self.0.send(Ok(Box::new(ours))).unwrap_or_else(|_| panic!("the connect was cancelled"));
        theirs
    }

    fn refuse(self) {
        drop(self.0.send(Err(io::ErrorKind::ConnectionRefused.into())));
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_closed()
    }
}

/// Creates a pool whose connects succeed immediately.
fn pool(limits: PoolLimits) -> (Pool, Peers) {
    let (sender, peers) = mpsc::unbounded_channel();
    (pool_over(Script(sender), limits), peers)
}

/// Creates a pool whose connects the test accepts or refuses.
fn slow_pool(limits: PoolLimits) -> (Pool, PendingConnects) {
    let (sender, connects) = mpsc::unbounded_channel();
    (pool_over(Gate(sender), limits), connects)
}

fn pool_over(connect: impl Connect, limits: PoolLimits) -> Pool {
    pool_with(connect, limits, Arc::new(SeededRandom::new(1)))
}

fn pool_with(connect: impl Connect, limits: PoolLimits, random: Arc<dyn RandomSource>) -> Pool {
    let network = Network {
        resolve: Arc::new(SystemResolve),
        connect: Arc::new(connect),
        limits: Arc::new(Limits::default),
        http2: Http2Setting::default(),
    };
    let coordinator = "http://127.0.0.1:8529".parse().unwrap();
    Pool::new(Connector::new(coordinator, network, None), limits, random)
}

fn get(path: &str) -> AttemptRequest {
    let request = Request::get(path).body(Full::default()).unwrap();
    let plan = AttemptPlan { bypass_limit: false, ..AttemptPlan::untracked(&request) };
    AttemptRequest::new(plan, request)
}

/// Returns a request that requires a new connection.
fn get_on_new(path: &str) -> AttemptRequest {
    let request = Request::get(path).body(Full::default()).unwrap();
    let plan = AttemptPlan { bypass_limit: false, new_connection: true, ..AttemptPlan::untracked(&request) };
    AttemptRequest::new(plan, request)
}

type Call = JoinHandle<Result<AttemptResponse, AttemptError>>;

/// Sends a request in a separate task and lets it run until it waits.
async fn send(pool: &Pool, outgoing: AttemptRequest) -> Call {
    let call = tokio::spawn(pool.clone().oneshot(outgoing));
    settle().await;
    call
}

/// Aborts a call while it waits.
async fn abandon(call: Call) {
    call.abort();
    settle().await;
}

/// The counters of a pool.
#[derive(Debug, PartialEq)]
struct Counts {
    open: usize,
    idle: usize,
    waiting: usize,
    connecting: usize,
    in_use: usize,
}

fn counts(pool: &Pool) -> Counts {
    Counts {
        open: pool.open(),
        idle: pool.idle(),
        waiting: pool.waiting(),
        connecting: pool.connecting(),
        in_use: pool.0.limits.connections - pool.0.permits.available_permits(),
    }
}

/// Returns the counters of a pool with only idle connections.
fn only_idle(idle: usize) -> Counts {
    Counts { open: idle, idle, waiting: 0, connecting: 0, in_use: 0 }
}

/// Responds to the request at `path`, and checks the response of its call.
async fn greet(peer: &mut DuplexStream, path: &str, call: Call) {
    assert_eq!(read_path(peer).await, path);
    write(peer, HELLO).await;
    assert_eq!(whole(call).await, "hello");
    settle().await;
}

/// Reads the head of a request.
async fn read_head(peer: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads the head of a request and returns its path.
async fn read_path(peer: &mut DuplexStream) -> String {
    read_head(peer).await.split(' ').nth(1).unwrap().to_owned()
}

async fn write(peer: &mut DuplexStream, text: &str) {
    peer.write_all(text.as_bytes()).await.unwrap();
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// Reads the body of a response to its end.
async fn whole(call: Call) -> Bytes {
    call.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes()
}

/// Returns whether the client has closed the connection.
async fn is_closed(peer: &mut DuplexStream) -> bool {
    matches!(timeout(Duration::from_millis(1), peer.read_u8()).await, Ok(Err(_)))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Sends a request on a new connection, responds to it, and returns the server end.
async fn exchange_on_new(pool: &Pool, peers: &mut Peers, path: &str) -> DuplexStream {
    let call = send(pool, get(path)).await;
    let mut peer = peers.recv().await.unwrap();
    greet(&mut peer, path, call).await;
    peer
}

/// Sends a request on an existing connection and responds to it.
async fn exchange(pool: &Pool, peer: &mut DuplexStream, path: &str) {
    let call = send(pool, get(path)).await;
    greet(peer, path, call).await;
}
