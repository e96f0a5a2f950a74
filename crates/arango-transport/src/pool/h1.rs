//! One HTTP/1.1 connection: hyper's handle and the state that the pool needs.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderName, Request};
use http_body::Frame;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::runtime;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::connection::{ConnectionLimits, Sent};
use super::diagnosis::Diagnosis;
use super::first_bytes::FirstBytes;
use crate::config::limits::PoolLimits;
use crate::connect::connected::{Connected, ConnectionInfo};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::body_wake_up::{Http1Driver, TaskWaker};
use crate::pool::closed_meanwhile::was_closed_meanwhile;
use crate::pool::lazy_timer::LazyTimer;
use crate::pool::registry::Registry;
use crate::tls::EarlyAlert;
use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;

/// How long a connection may need to become ready after a response. After that a new one is cheaper.
const READY_TIMEOUT: Duration = Duration::from_millis(20);

/// The response header with the server's keep-alive time. The `http` crate has no constant for it.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// One HTTP/1.1 connection. Dropping it closes it.
///
/// Boxed, because each request moves it several times.
pub(super) struct Http1(Box<Inner>);

struct Inner {
    /// `None` if the connection was closed while a request was passed to it.
    sender: Option<http1::SendRequest<Full<Bytes>>>,
    /// The timer for the pending response.
    timer: LazyTimer,
    /// Detects a TLS alert with which the server rejects the client after the handshake.
    alert: EarlyAlert,
    /// Shows why the connection failed, and whether the server speaks another protocol.
    diagnosis: Diagnosis,
    runtime: runtime::Id,
    has_responded: bool,
    reused: bool,
    idle: Duration,
    idle_since: Instant,
    max_age_at: Instant,
    /// When the connection is closed if it stays idle.
    expires: Instant,
    task: AbortHandle,
    waker: Arc<TaskWaker>,
}

impl Drop for Inner {
    // hyper flushes its buffer before it closes the connection, which never ends if the server does not read.
    fn drop(&mut self) {
        self.task.abort();
    }
}

pin_project! {
    /// Drives the connection until it ends.
    ///
    /// The types of hyper end here. Otherwise they would be a part of the name of each function of tokio that is compiled for
    /// this task, which debug information repeats.
    struct Http1Task {
        #[pin]
        driver: Http1Driver<http1::Connection<TokioIo<FirstBytes>, Full<Bytes>>>,
        diagnosis: Diagnosis,
    }
}

impl Future for Http1Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if let Err(error) = ready!(this.driver.poll(cx)) {
            tracing::trace!(%error, address = ?this.diagnosis.address(), "a connection ended");
            this.diagnosis.record_failure(error);
        }
        Poll::Ready(())
    }
}

impl Http1 {
    /// Starts HTTP/1.1 on a stream. The connection stays in `registry` until its task ends.
    pub(super) async fn open(
        connected: Connected,
        coordinator: &Coordinator,
        limits: ConnectionLimits,
        head_bytes: usize,
        registry: &Registry,
    ) -> Result<Self, AttemptError> {
        let Connected { io, address, alert, .. } = connected;
        let diagnosis = Diagnosis::new(address);
        let io = FirstBytes::new(io, coordinator, diagnosis.clone());
        let handshake = http1::Builder::new().max_buf_size(head_bytes).handshake(TokioIo::new(io)).await;
        let (sender, task) = handshake.map_err(|error| {
            let mut failed =
                AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
            failed.attempt_mut().address = address;
            failed.with_source(error)
        })?;
        let waker = Arc::<TaskWaker>::default();
        let driver = Http1Driver::new(task, &waker);
        let task = registry.register().drive(Http1Task { driver, diagnosis: diagnosis.clone() });
        let now = Instant::now();
        let max_age_at = now + limits.age;
        Ok(Self(Box::new(Inner {
            sender: Some(sender),
            timer: LazyTimer::default(),
            alert,
            diagnosis,
            runtime: runtime::Handle::current().id(),
            has_responded: false,
            reused: false,
            idle: limits.idle,
            idle_since: now,
            max_age_at,
            expires: max_age_at.min(now + limits.idle),
            task,
            waker,
        })))
    }

    /// Sends the request immediately. The future returns the response.
    pub(super) fn send(&mut self, request: Request<Full<Bytes>>) -> impl Future<Output = Sent> + use<> {
        let sender = self.0.sender.as_mut().expect("a connection that was closed takes no request");
        let response = sender.try_send_request(request);
        if was_closed_meanwhile(|| sender.is_closed()) {
            self.0.sender = None;
        }
        response
    }

    /// Polls the body of the response.
    pub(super) fn poll_body(
        &self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        self.0.waker.poll_body(body, || self.is_ready(), cx)
    }

    /// Returns the timer for the pending response.
    pub(super) fn timer(&mut self) -> &mut LazyTimer {
        &mut self.0.timer
    }

    /// Returns whether the connection accepts a request now.
    pub(super) fn is_ready(&self) -> bool {
        self.0.sender.as_ref().is_some_and(http1::SendRequest::is_ready)
    }

    /// Waits until the connection accepts a request; `false` if it will not do so soon.
    ///
    /// After a response that arrived before the whole request was written, the connection may be writing
    /// forever.
    pub(super) async fn ready(&mut self, until: Instant) -> bool {
        let Some(sender) = &mut self.0.sender else { return false };
        sender.is_ready() || {
            let until = until.min(Instant::now() + READY_TIMEOUT);
            matches!(timeout_at(until, sender.ready()).await, Ok(Ok(())))
        }
    }

    /// Returns whether the connection is open and has not expired.
    pub(super) fn usable(&self, now: Instant) -> bool {
        self.0.sender.as_ref().is_some_and(|sender| !sender.is_closed()) && now < self.0.expires
    }

    /// Returns when the connection is closed if it stays idle.
    pub(super) fn expires(&self) -> Instant {
        self.0.expires
    }

    /// Marks the connection as idle since `now`.
    pub(super) fn become_idle(&mut self, now: Instant) {
        self.0.reused = true;
        self.0.idle_since = now;
        self.0.expires = self.0.max_age_at.min(now + self.0.idle);
    }

    /// Returns whether the connection was idle before its current use.
    ///
    /// The server may then be closing it. A connection that has carried no request may have been idle too.
    pub(super) fn reused(&self) -> bool {
        self.0.reused
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.0.idle_since
    }

    pub(super) fn info(&self) -> ConnectionInfo {
        let Inner { reused, ref diagnosis, .. } = *self.0;
        ConnectionInfo { address: diagnosis.address(), protocol: HttpProtocol::Http1, reused }
    }

    pub(super) fn runtime(&self) -> runtime::Id {
        self.0.runtime
    }

    /// Returns whether the connection has received a response.
    pub(super) fn has_responded(&self) -> bool {
        self.0.has_responded
    }

    /// Records the first response. Returns the idle time that it allows.
    ///
    /// Later responses of a connection contain the same value.
    pub(super) fn record_first_response(&mut self, headers: &HeaderMap, limits: &PoolLimits) -> Duration {
        self.0.has_responded = true;
        let keep_alive = headers.get(KEEP_ALIVE).and_then(|value| parse_timeout(value.to_str().ok()?));
        // Reduced by a fifth: the server starts counting earlier, and a request takes time to arrive.
        self.0.idle = keep_alive.map_or(limits.idle, |time| limits.idle.min(time.mul_f64(0.8)));
        self.0.idle
    }

    /// Returns the reason of a TLS rejection.
    ///
    /// `None` unless the server rejected the client after the handshake and before any response.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.0.alert.refusal()
    }

    /// Returns why the connection has ended, if it failed. hyper reports to the request only that it was closed.
    pub(super) fn failure(&self) -> Option<Arc<dyn Error + Send + Sync>> {
        self.0.diagnosis.failure()
    }

    /// Returns the error of a request that was sent and not returned.
    ///
    /// hyper does not distinguish a connection that was closed while idle from one closed because of the
    /// request: neither message nor kind differ. Therefore the outcome is unknown in both cases.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        let kind = if error.is_parse() { ErrorKind::ProtocolViolation } else { ErrorKind::ConnectionLost };
        let failed = AttemptError::new(kind, Outcome::Unknown, Phase::Sent);
        match self.0.diagnosis.other_protocol() {
            Some(protocol) => failed.with_source(protocol),
            None => failed.with_source(error),
        }
    }
}

/// Sets the `Host` header of a request.
pub(super) fn complete(request: &mut Request<Full<Bytes>>, coordinator: &Coordinator) {
    request.headers_mut().insert(HOST, coordinator.authority().clone());
}

/// Parses the `timeout` of a header such as `timeout=5, max=100`. Both parts are optional.
fn parse_timeout(keep_alive: &str) -> Option<Duration> {
    let seconds = keep_alive.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then(|| value.trim().parse().ok())?
    })?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::registry::ConnectionTask;
    use proptest::prelude::*;

    #[test]
    fn the_keep_alive_timeout_is_parsed() {
        for (text, seconds) in [
            ("timeout=5", Some(5)),
            ("max=100, Timeout = 60 ", Some(60)),
            ("timeout=0,max=1", Some(0)),
            ("max=100", None),
            ("timeout=soon", None),
            ("timeout", None),
            ("timeout=-1", None),
            ("", None),
        ] {
            assert_eq!(parse_timeout(text), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn the_task_of_a_connection_is_hardly_larger_than_the_connection() {
        let connection = size_of::<http1::Connection<TokioIo<FirstBytes>, Full<Bytes>>>();
        let task = size_of::<ConnectionTask<Http1Task>>();
        assert!(task <= connection + 80 && task <= 1000, "{task} of {connection} bytes");
    }

    proptest! {
        #[test]
        fn a_timeout_is_found_among_other_parameters(seconds: u64, before in "[a-z =0-9]{0,9}", after in ".{0,9}") {
            prop_assume!(!before.contains("timeout"));
            let text = format!("{before},timeout={seconds}, {after}");
            prop_assert_eq!(parse_timeout(&text), Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn no_header_value_causes_a_panic(text in ".{0,40}") {
            _ = parse_timeout(&text);
        }
    }
}
