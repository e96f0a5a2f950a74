//! One HTTP/2 connection, which many requests share, and one stream of it.

mod bell;
mod driver;
mod ears;
mod resets;
mod streams;

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::TokioTimer;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::alarm::Alarm;
use super::connection::{Life, Sent, refused};
use super::open::Open;
use super::{Pool, Shared};
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::opened::{HttpProtocol, Opened, Via};
use crate::tls::EarlyAlert;
use crate::{Coordinator, ErrorKind, Outcome};
use driver::{Driver, Known, Spawner};
use ears::{Ears, Heard};
pub(super) use streams::Streams;

/// The most streams that are used of a connection, however many the server allows: as many as arangod
/// does. More requests than that are better off on another connection than behind each other's frames.
pub(super) const MOST_STREAMS: usize = 32;

/// How much of one answer may come before it is read, in bytes: with a round trip of 10 ms, that is
/// 200 MB a second.
const STREAM_WINDOW: u32 = 2 << 20;

/// The same of all answers of a connection. There is enough for every stream, so that bodies which nobody
/// reads at the moment never hold up the others.
const WINDOW: u32 = STREAM_WINDOW * 32;

/// How long a connection in use may be silent before the other end is asked whether it is still there.
/// Idle ones are not asked: they are closed soon enough.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long the answer may take before the connection counts as broken.
const PONG_WITHIN: Duration = Duration::from_secs(10);

const DOUBT: &str = "; does the coordinator speak it?";

/// One connection, which ends when the last handle on it is gone.
pub(super) struct Http2 {
    sender: http2::SendRequest<Full<Bytes>>,
    known: Arc<Known>,
    scheme: Scheme,
    authority: Authority,
    address: Option<SocketAddr>,
    runtime: runtime::Id,
    /// When it stops taking requests.
    dies_at: Instant,
    /// How long nobody may use it before it is closed.
    idle: Duration,
    /// Whether the coordinator refused the client after the handshake.
    alert: EarlyAlert,
    pool: Weak<Shared>,
    /// Dropped, it tells the driver that there is no handle any more.
    _gone: oneshot::Sender<()>,
}

impl Http2 {
    /// Begins HTTP/2 on a stream, and waits until the other end has said what it allows. The connection is
    /// counted in `open` until its task ends.
    ///
    /// So whoever does not speak HTTP/2 is found out before a request is handed to it, and no stream is
    /// opened that would be refused.
    pub(super) async fn open(
        opened: Opened,
        life: Life,
        (head_bytes, until): (usize, Instant),
        open: &Open,
        pool: (&Coordinator, Weak<Shared>),
    ) -> Result<Arc<Self>, AttemptError> {
        let Opened { io, address, alert, .. } = opened;
        let (coordinator, pool) = pool;
        let via = Via { address, protocol: HttpProtocol::Http2, reused: false };
        let unopened = |kind| AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect);
        let authority = Authority::try_from(coordinator.authority().as_bytes())
            .map_err(|error| via.stamped(unopened(ErrorKind::ConnectRefused).because(error)))?;
        let (spawner, heard) = (Spawner::default(), Heard::default());
        let begun = http2::Builder::new(spawner.clone())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
            // None before the other end has said how many there may be.
            .initial_max_send_streams(0)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_WITHIN)
            .handshake(Ears::new(io, heard.clone()));
        let (gone, last) = oneshot::channel();
        let settled = async {
            let (sender, client) = begun.await?;
            let mut driver = Driver::new(client, &spawner, heard, last);
            driver.settle().await.map(|()| (sender, driver))
        };
        let failed = match timeout_at(until, settled).await {
            Ok(Ok((sender, driver))) => {
                let known = driver.known();
                // No request was handed to it before.
                alert.begin();
                open.enter().drive(async move {
                    driver.await;
                    tracing::trace!(?address, "a connection ended");
                });
                return Ok(Arc::new(Self {
                    sender,
                    known,
                    scheme: if coordinator.is_tls() { Scheme::HTTPS } else { Scheme::HTTP },
                    authority,
                    address,
                    runtime: runtime::Handle::current().id(),
                    dies_at: Instant::now() + life.age,
                    idle: life.idle,
                    alert,
                    pool,
                    _gone: gone,
                }));
            }
            Ok(Err(error)) => match alert.refusal() {
                Some(refusal) => refused(refusal),
                None if resets::violates(&error) => unopened(ErrorKind::ProtocolViolation)
                    .because(format!("{}{DOUBT}", error.source().unwrap_or(&error))),
                None => unopened(ErrorKind::ConnectRefused)
                    .because(format!("it was closed before anything was said in HTTP/2{DOUBT}")),
            },
            Err(_) => {
                unopened(ErrorKind::ConnectTimeout).because(format!("nothing was said in HTTP/2{DOUBT}"))
            }
        };
        Err(via.stamped(failed))
    }

    /// How many streams it may have at once.
    pub(super) fn streams(&self) -> usize {
        self.known.streams.load(Ordering::Relaxed).min(MOST_STREAMS)
    }

    /// Whether it takes requests.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// The failure to open one that takes no requests from the beginning.
    #[cold]
    pub(super) fn ended_at_once(&self) -> AttemptError {
        let via = Via { address: self.address, protocol: HttpProtocol::Http2, reused: false };
        via.stamped(match self.alert.refusal() {
            Some(refusal) => refused(refusal),
            None => AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect)
                .because("it was closed before a request could be handed to it"),
        })
    }

    /// Until when it takes requests.
    pub(super) fn dies_at(&self) -> Instant {
        self.dies_at
    }

    /// When it is to be closed, if nobody has used it since then.
    pub(super) fn expires(&self, since: Instant) -> Instant {
        self.dies_at.min(since + self.idle)
    }

    pub(super) fn runtime(&self) -> runtime::Id {
        self.runtime
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Names scheme and authority where HTTP/2 has them.
    fn name(&self, request: &mut Request<Full<Bytes>>) {
        request.headers_mut().remove(HOST);
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    }
}

/// One stream, for one request: dropped, it makes room for another, whoever drops it and whenever.
pub(super) struct Stream {
    connection: Arc<Http2>,
    /// For the answer that is awaited; it is the connection's, and goes back to it.
    alarm: Alarm,
    reused: bool,
    idle_since: Instant,
}

impl Stream {
    /// One more stream of a connection, which counts it until this is dropped.
    pub(super) fn of(connection: &Arc<Http2>, alarm: Alarm, reused: bool, idle_since: Instant) -> Self {
        Self { connection: Arc::clone(connection), alarm, reused, idle_since }
    }

    /// Hands the request over at once; the future is that of the answer. Dropped before that has come, it
    /// resets the stream.
    pub(super) fn send(&mut self, mut request: Request<Full<Bytes>>) -> impl Future<Output = Sent> + use<> {
        self.connection.name(&mut request);
        self.connection.sender.clone().try_send_request(request)
    }

    /// The timer for the answer.
    pub(super) fn alarm(&mut self) -> &mut Alarm {
        &mut self.alarm
    }

    /// Makes a request that was given back what it was: the next connection may speak HTTP/1.1.
    #[expect(clippy::unused_self, reason = "only who has a stream has something to take back")]
    pub(super) fn take_back(&self, request: &mut Request<Full<Bytes>>) {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
    }

    /// What an error means after the request was handed over and not given back.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        let mut failed = resets::meaning(error);
        if failed.kind() == ErrorKind::ConnectionLost && !self.is_open() {
            // One of them is enough to tell.
            failed.attempt().echo = self.connection.known.lost.swap(true, Ordering::Relaxed);
        }
        failed
    }

    /// Why the coordinator refused the client after the handshake and before any answer, if it did.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.connection.alert.refusal()
    }

    /// Whether an answer has come on its connection before.
    pub(super) fn answered(&self) -> bool {
        self.connection.known.answered.load(Ordering::Relaxed)
    }

    /// Takes note of an answer.
    pub(super) fn learn(&self) {
        self.connection.known.answered.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_of(&self, connection: &Arc<Http2>) -> bool {
        Arc::ptr_eq(&self.connection, connection)
    }

    pub(super) fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    pub(super) fn reused(&self) -> bool {
        self.reused
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.idle_since
    }

    pub(super) fn via(&self) -> Via {
        Via { address: self.connection.address, protocol: HttpProtocol::Http2, reused: self.reused }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(pool) = self.connection.pool.upgrade() {
            Pool(pool).release(&self.connection, std::mem::take(&mut self.alarm));
        }
    }
}
