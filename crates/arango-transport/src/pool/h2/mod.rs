//! One HTTP/2 connection, which many requests share, and its streams.

mod driver;
mod error;
mod read_activity;
mod streams;
mod woken_task;

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
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

use super::connection::{ConnectionLimits, Sent, tls_rejection};
use super::{Pool, Shared};
use crate::connect::connected::{Connected, ConnectionInfo};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::closed_meanwhile::was_closed_meanwhile;
use crate::pool::lazy_timer::LazyTimer;
use crate::pool::registry::Registry;
use crate::tls::EarlyAlert;
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;
use driver::{ConnectionStatus, Driver, Spawner};
pub(super) use error::ConnectionLostInBody;
use read_activity::{ReadActivity, ReadActivityIo};
pub(super) use streams::Streams;

/// The maximum number of streams used per connection, even if the server allows more.
///
/// It equals the limit of arangod. Further requests are faster on another connection than behind other
/// requests' frames.
pub(super) const MAX_STREAMS: usize = 32;

/// The flow-control window of one response, in bytes. With a round trip of 10 ms it allows 200 MB/s.
const STREAM_WINDOW: u32 = 2 << 20;

/// The flow-control window of a connection, in bytes. It is large enough for all streams, so that bodies that
/// are read slowly never block others.
const WINDOW: u32 = STREAM_WINDOW * 32;

/// How long a connection in use may be silent before a PING is sent. Idle connections need none, because they
/// are closed soon.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long the PONG may take before the connection counts as broken.
const PONG_TIMEOUT: Duration = Duration::from_secs(10);

const HTTP2_HINT: &str = "; the coordinator may not support HTTP/2";

/// Passes requests to the driver of a connection.
type Sender = http2::SendRequest<Full<Bytes>>;

/// One connection. It ends when the last handle is dropped.
pub(super) struct Http2 {
    /// `None` if the connection was closed while a request was passed to it.
    sender: Mutex<Option<Sender>>,
    known: Arc<ConnectionStatus>,
    scheme: Scheme,
    authority: Authority,
    address: Option<SocketAddr>,
    runtime: runtime::Id,
    /// When the connection stops taking requests.
    max_age_at: Instant,
    /// The maximum idle time.
    idle: Duration,
    /// Detects a TLS alert with which the server rejects the client after the handshake.
    alert: EarlyAlert,
    pool: Weak<Shared>,
    /// Dropping it notifies the driver that no handle is left.
    _gone: oneshot::Sender<()>,
}

impl Http2 {
    /// Starts HTTP/2 on a stream and waits for the server's settings. The connection stays in `registry`
    /// until its task ends.
    ///
    /// Waiting detects a server without HTTP/2 before it gets a request, and avoids streams that it would
    /// refuse.
    pub(super) async fn open(
        connected: Connected,
        limits: ConnectionLimits,
        (head_bytes, deadline): (usize, Instant),
        registry: &Registry,
        pool: (&Coordinator, Weak<Shared>),
    ) -> Result<Arc<Self>, AttemptError> {
        let Connected { io, address, alert, .. } = connected;
        let (coordinator, pool) = pool;
        let info = ConnectionInfo { address, protocol: HttpProtocol::Http2, reused: false };
        let unopened = |kind| AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect);
        let authority = Authority::try_from(coordinator.authority().as_bytes())
            .map_err(|error| info.annotate(unopened(ErrorKind::ConnectRefused).with_source(error)))?;
        let (spawner, activity) = (Spawner::default(), ReadActivity::default());
        let handshake = http2::Builder::new(spawner.clone())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
            // No streams before the server's settings have arrived.
            .initial_max_send_streams(0)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PONG_TIMEOUT)
            .handshake(ReadActivityIo::new(io, activity.clone()));
        let (gone, last) = oneshot::channel();
        let received = activity.clone();
        let handshake = async {
            let (sender, client) = handshake.await?;
            let mut driver = Driver::new(client, &spawner, activity, last, address);
            driver.wait_for_settings().await.map(|()| (sender, driver))
        };
        let failed = match timeout_at(deadline, handshake).await {
            Ok(Ok((sender, driver))) => {
                let known = driver.known();
                // No request was sent before.
                alert.reset();
                registry.register().drive(driver);
                return Ok(Arc::new(Self {
                    sender: Mutex::new(Some(sender)),
                    known,
                    scheme: if coordinator.is_tls() { Scheme::HTTPS } else { Scheme::HTTP },
                    authority,
                    address,
                    runtime: runtime::Handle::current().id(),
                    max_age_at: Instant::now() + limits.age,
                    idle: limits.idle,
                    alert,
                    pool,
                    _gone: gone,
                }));
            }
            Ok(Err(error)) => match alert.refusal() {
                Some(reason) => tls_rejection(reason),
                None if error::violates(&error) => unopened(ErrorKind::ProtocolViolation)
                    .with_source(format!("{}{HTTP2_HINT}", error.source().unwrap_or(&error))),
                None => unopened(ErrorKind::ConnectRefused).with_source(format!(
                    "the connection was closed before the HTTP/2 settings arrived{HTTP2_HINT}"
                )),
            },
            // The server may allow streams later.
            Err(_) if received.has_read() => unopened(ErrorKind::ConnectTimeout)
                .with_source("no HTTP/2 settings that allow a stream arrived"),
            Err(_) => unopened(ErrorKind::ConnectTimeout)
                .with_source(format!("no HTTP/2 settings arrived{HTTP2_HINT}")),
        };
        Err(info.annotate(failed))
    }

    /// Returns how many concurrent streams the connection may have.
    pub(super) fn streams(&self) -> usize {
        self.known.streams.load(Ordering::Relaxed).min(MAX_STREAMS)
    }

    /// Returns whether the connection takes requests.
    pub(super) fn is_open(&self) -> bool {
        self.lock_sender().as_ref().is_some_and(|sender| !sender.is_closed())
    }

    fn sender(&self) -> Option<Sender> {
        self.lock_sender().clone()
    }

    fn lock_sender(&self) -> MutexGuard<'_, Option<Sender>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the error of a new connection that takes no requests.
    #[cold]
    pub(super) fn closed_on_open(&self) -> AttemptError {
        let info = ConnectionInfo { address: self.address, protocol: HttpProtocol::Http2, reused: false };
        info.annotate(match self.alert.refusal() {
            Some(reason) => tls_rejection(reason),
            None => AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect)
                .with_source("the connection was closed before it could take a request"),
        })
    }

    /// Returns when the connection stops taking requests.
    pub(super) fn max_age_at(&self) -> Instant {
        self.max_age_at
    }

    /// Returns when the connection is closed if it is idle since `since`.
    pub(super) fn expires(&self, since: Instant) -> Instant {
        self.max_age_at.min(since + self.idle)
    }

    pub(super) fn runtime(&self) -> runtime::Id {
        self.runtime
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Sets the `:scheme` and `:authority` of a request.
    fn set_authority(&self, request: &mut Request<Full<Bytes>>) {
        request.headers_mut().remove(HOST);
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    }
}

/// A stream for one request. Dropping it makes room for another one.
pub(super) struct Stream {
    connection: Arc<Http2>,
    /// `None` after the request.
    sender: Option<Sender>,
    /// The timer for the pending response. It belongs to the connection and is returned to it.
    timer: LazyTimer,
    reused: bool,
    idle_since: Instant,
}

impl Stream {
    /// Creates a stream, which counts for the connection until it is dropped.
    fn of(
        connection: &Arc<Http2>,
        sender: Sender,
        timer: LazyTimer,
        (reused, idle_since): (bool, Instant),
    ) -> Self {
        Self { connection: Arc::clone(connection), sender: Some(sender), timer, reused, idle_since }
    }

    /// Sets the `:scheme` and `:authority` of a request.
    pub(super) fn complete(&self, request: &mut Request<Full<Bytes>>) {
        self.connection.set_authority(request);
    }

    /// Sends the request immediately. The future returns the response; dropping it earlier resets the stream.
    pub(super) fn send(&mut self, request: Request<Full<Bytes>>) -> impl Future<Output = Sent> + use<> {
        let mut sender = self.sender.take().expect("a stream has one request");
        let response = sender.try_send_request(request);
        if was_closed_meanwhile(|| sender.is_closed()) {
            // Streams that have not sent their request yet drop their senders when they have. Not dropped under the lock: the
            // last one fails the requests that were not taken, which runs code of the program.
            let last = self.connection.lock_sender().take();
            drop(last);
        }
        response
    }

    /// Returns the timer for the pending response.
    pub(super) fn timer(&mut self) -> &mut LazyTimer {
        &mut self.timer
    }

    /// Restores a request that was returned unsent: the next connection may use HTTP/1.1.
    #[expect(clippy::unused_self, reason = "only a stream can return a request")]
    pub(super) fn restore_request(&self, request: &mut Request<Full<Bytes>>) {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
    }

    /// Returns the error of a request that was sent and not returned.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        let mut failed = error::attempt_error(error);
        if failed.kind() == ErrorKind::ConnectionLost && !self.is_open() {
            // Only one stream reports the loss of the connection to the coordinator's health.
            failed.attempt_mut().already_reported = self.connection.known.lost.swap(true, Ordering::Relaxed);
        }
        failed
    }

    /// Returns the error of a body that was not read to its end.
    pub(super) fn body_error(&self, error: hyper::Error) -> BoxError {
        error::body_error(error, &self.connection.known)
    }

    /// Returns the reason of a TLS rejection.
    ///
    /// `None` unless the server rejected the client after the handshake and before any response.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.connection.alert.refusal()
    }

    /// Returns whether the connection has received a response.
    pub(super) fn has_responded(&self) -> bool {
        self.connection.known.has_responded.load(Ordering::Relaxed)
    }

    /// Records a response.
    pub(super) fn record_first_response(&self) {
        self.connection.known.has_responded.store(true, Ordering::Relaxed);
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

    pub(super) fn info(&self) -> ConnectionInfo {
        ConnectionInfo {
            address: self.connection.address,
            protocol: HttpProtocol::Http2,
            reused: self.reused,
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(pool) = self.connection.pool.upgrade() {
            Pool(pool).release(&self.connection, std::mem::take(&mut self.timer));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::task::yield_now;

    use super::*;

    /// A frame with the settings of a server, which are all the default.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    #[tokio::test(start_paused = true)]
    async fn a_request_to_a_connection_that_ends_meanwhile_is_returned_and_leaves_no_sender_behind() {
        let (io, mut peer) = duplex(1 << 16);
        let connected = Connected {
            io: Box::new(io),
            address: None,
            protocol: HttpProtocol::Http2,
            alert: EarlyAlert::default(),
        };
        peer.write_all(&SETTINGS).await.unwrap();
        let limits = ConnectionLimits { age: Duration::from_secs(60), idle: Duration::from_secs(60) };
        let at = (1 << 14, Instant::now() + Duration::from_secs(1));
        let coordinator = "http://127.0.0.1:8529".parse().unwrap();
        let opened =
            Http2::open(connected, limits, at, &Registry::default(), (&coordinator, Weak::new())).await;
        let connection = opened.unwrap();
        let stream = |sender| Stream::of(&connection, sender, LazyTimer::default(), (true, Instant::now()));
        let mut streams = [connection.sender().unwrap(), connection.sender().unwrap()].map(stream);
        drop(peer);
        while connection.is_open() {
            yield_now().await;
        }
        for stream in &mut streams {
            let returned = stream.send(Request::new(Full::default())).await.unwrap_err().take_message();
            assert!(returned.is_some(), "nothing was sent");
            assert!(stream.sender.is_none() && connection.sender().is_none());
        }
    }
}
