//! One HTTP/1.1 connection: hyper's handle, and what the pool must know of it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::runtime;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::alarm::Alarm;
use super::connection::{Life, Sent};
use super::first_byte::{FirstByte, IsTls};
use super::open::Open;
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::opened::{HttpProtocol, Opened, Via};
use crate::tls::EarlyAlert;
use crate::{Coordinator, ErrorKind, Outcome, PoolLimits};

/// How long a connection has to settle after an answer before a new one is cheaper.
const SETTLE: Duration = Duration::from_millis(20);

/// Says for how long the other end keeps an idle connection; the `http` crate has no constant for it.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// One HTTP/1.1 connection. Dropping it closes it.
///
/// In a box of its own, because each request moves it from hand to hand.
pub(super) struct Http1(Box<Inner>);

struct Inner {
    sender: http1::SendRequest<Full<Bytes>>,
    /// What the coordinator is called in each request.
    host: HeaderValue,
    /// For the answer that is awaited.
    alarm: Alarm,
    /// Whether the coordinator refused the client after the handshake.
    alert: EarlyAlert,
    /// Whether the coordinator answers with TLS, which is not what was expected.
    is_tls: IsTls,
    address: Option<SocketAddr>,
    runtime: runtime::Id,
    answered: bool,
    reused: bool,
    idle: Duration,
    idle_since: Instant,
    dies_at: Instant,
    /// When it is to be closed if nobody uses it.
    expires: Instant,
    task: AbortHandle,
}

impl Drop for Inner {
    // hyper writes what it holds before it closes: for ever, if the other end reads nothing.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Http1 {
    /// Begins HTTP on a stream; the connection is counted in `open` until its task ends.
    pub(super) async fn open(
        opened: Opened,
        life: Life,
        head_bytes: usize,
        open: &Open,
        coordinator: &Coordinator,
    ) -> Result<Self, AttemptError> {
        let Opened { io, address, alert, .. } = opened;
        let is_tls = IsTls::default();
        let io = FirstByte::new(io, is_tls.clone());
        let shaken = http1::Builder::new().max_buf_size(head_bytes).handshake(TokioIo::new(io)).await;
        let (sender, task) = shaken.map_err(|error| {
            let mut failed =
                AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
            failed.attempt().address = address;
            failed.because(error)
        })?;
        let task = open.enter().drive(async move {
            if let Err(error) = task.await {
                tracing::trace!(%error, ?address, "a connection ended");
            }
        });
        let now = Instant::now();
        let dies_at = now + life.age;
        Ok(Self(Box::new(Inner {
            sender,
            host: coordinator.authority().clone(),
            alarm: Alarm::default(),
            alert,
            is_tls,
            address,
            runtime: runtime::Handle::current().id(),
            answered: false,
            reused: false,
            idle: life.idle,
            idle_since: now,
            dies_at,
            expires: dies_at.min(now + life.idle),
            task,
        })))
    }

    /// Hands the request over at once; the future is that of the answer.
    pub(super) fn send(&mut self, mut request: Request<Full<Bytes>>) -> impl Future<Output = Sent> + use<> {
        request.headers_mut().insert(HOST, self.0.host.clone());
        self.0.sender.try_send_request(request)
    }

    /// The timer for the answer.
    pub(super) fn alarm(&mut self) -> &mut Alarm {
        &mut self.0.alarm
    }

    /// Waits until it can take a request; `false` if it never will, or not soon.
    ///
    /// One that was answered before the whole request was written may be writing still, for ever.
    pub(super) async fn ready(&mut self, until: Instant) -> bool {
        self.0.sender.is_ready() || {
            let until = until.min(Instant::now() + SETTLE);
            matches!(timeout_at(until, self.0.sender.ready()).await, Ok(Ok(())))
        }
    }

    /// Whether it is worth handing a request to.
    pub(super) fn usable(&self, now: Instant) -> bool {
        !self.0.sender.is_closed() && now < self.0.expires
    }

    /// When it is to be closed if nobody uses it.
    pub(super) fn expires(&self) -> Instant {
        self.0.expires
    }

    /// Notes that nobody uses it from `now` on.
    pub(super) fn rest(&mut self, now: Instant) {
        self.0.reused = true;
        self.0.idle_since = now;
        self.0.expires = self.0.dies_at.min(now + self.0.idle);
    }

    /// Whether it has rested before it came to who has it now: whoever uses it then cannot know
    /// whether the other end was just closing it. One that never carried a request may have rested too.
    pub(super) fn reused(&self) -> bool {
        self.0.reused
    }

    pub(super) fn idle_since(&self) -> Instant {
        self.0.idle_since
    }

    pub(super) fn via(&self) -> Via {
        let Inner { address, reused, .. } = *self.0;
        Via { address, protocol: HttpProtocol::Http1, reused }
    }

    pub(super) fn runtime(&self) -> runtime::Id {
        self.0.runtime
    }

    /// Whether an answer has come on it.
    pub(super) fn answered(&self) -> bool {
        self.0.answered
    }

    /// Reads from its first answer how long it may be idle; tells what it read.
    ///
    /// The others of a connection say the same.
    pub(super) fn learn(&mut self, answer: &HeaderMap, limits: &PoolLimits) -> Duration {
        self.0.answered = true;
        let kept = answer.get(KEEP_ALIVE).and_then(|value| timeout_of(value.to_str().ok()?));
        // A fifth less: the other end began to count earlier, and a request takes time to arrive.
        self.0.idle = kept.map_or(limits.idle, |kept| limits.idle.min(kept.mul_f64(0.8)));
        self.0.idle
    }

    /// Why the coordinator refused the client after the handshake and before any answer, if it did.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.0.alert.refusal()
    }

    /// What an error means after the request was handed over and not given back.
    ///
    /// hyper cannot tell a connection that was closed while idle from one closed because of the request:
    /// neither message nor kind differ. So the outcome is unknown in both cases.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        let kind = if error.is_parse() { ErrorKind::ProtocolViolation } else { ErrorKind::ConnectionLost };
        let failed = AttemptError::new(kind, Outcome::Unknown, Phase::Sent);
        if self.0.is_tls.get() {
            return failed.because("it speaks TLS on this port; write https:// in place of http://");
        }
        failed.because(error)
    }
}

/// Reads `timeout=5, max=100`, of which both parts may be missing.
fn timeout_of(keep_alive: &str) -> Option<Duration> {
    let seconds = keep_alive.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then(|| value.trim().parse().ok())?
    })?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_keep_alive_says_is_read_whatever_stands_around_it() {
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
            assert_eq!(timeout_of(text), seconds.map(Duration::from_secs), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_timeout_is_found_among_whatever_else_is_said(seconds: u64, before in "[a-z =0-9]{0,9}", after in ".{0,9}") {
            prop_assume!(!before.contains("timeout"));
            let text = format!("{before},timeout={seconds}, {after}");
            prop_assert_eq!(timeout_of(&text), Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn nothing_that_is_said_makes_the_reader_panic(text in ".{0,40}") {
            _ = timeout_of(&text);
        }
    }
}
