//! One connection: hyper's handle, and what the pool must know of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::runtime;
use tokio::time::{Instant, timeout};

use crate::attempt_error::AttemptError;
use crate::connect::Io;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome, PoolLimits};

/// How long a connection has to settle after an answer before a new one is cheaper.
const SETTLE: Duration = Duration::from_millis(20);

type Sent = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>;

/// One HTTP/1.1 connection. Dropping it closes it.
pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    address: SocketAddr,
    runtime: runtime::Id,
    /// Whether it has carried a request to its end.
    reused: bool,
    idle_since: Instant,
    dies_at: Instant,
}

impl Connection {
    /// Begins HTTP on `io`; the connection is counted in `open` until its task ends.
    pub(crate) async fn open(
        io: Box<dyn Io>,
        address: SocketAddr,
        age: Duration,
        open: &Arc<AtomicUsize>,
    ) -> Result<Self, AttemptError> {
        let (sender, task) = http1::handshake(TokioIo::new(io)).await.map_err(|error| {
            let mut failed =
                AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
            failed.attempt().address = Some(address);
            failed.because(error)
        })?;
        let counted = Counted::new(open);
        // The task ends by itself when the handle is dropped or the other end closes.
        tokio::spawn(async move {
            let ended = task.await;
            drop(counted);
            if let Err(error) = ended {
                tracing::trace!(%error, %address, "a connection ended");
            }
        });
        let now = Instant::now();
        Ok(Self {
            sender,
            address,
            runtime: runtime::Handle::current().id(),
            reused: false,
            idle_since: now,
            dies_at: now + age,
        })
    }

    /// Hands the request over at once; the future is that of the answer.
    pub(crate) fn send(&mut self, request: Request<Full<Bytes>>) -> impl Future<Output = Sent> + use<> {
        self.sender.try_send_request(request)
    }

    /// Waits until it can take a request; `false` if it never will, or not soon.
    ///
    /// One that was answered before the whole request was written may be writing still, for ever.
    pub(crate) async fn ready(&mut self) -> bool {
        self.sender.is_ready() || matches!(timeout(SETTLE, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Whether it is worth handing a request to.
    pub(crate) fn usable(&self, now: Instant, limits: &PoolLimits) -> bool {
        !self.sender.is_closed() && now < self.expiry(limits)
    }

    /// When it is to be closed if nobody uses it.
    pub(crate) fn expiry(&self, limits: &PoolLimits) -> Instant {
        self.dies_at.min(self.idle_since + limits.idle)
    }

    /// Notes that it has carried a request to its end.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.reused = true;
        self.idle_since = now;
    }

    pub(crate) fn runtime(&self) -> runtime::Id {
        self.runtime
    }

    /// What an error means after the request was handed over and not given back.
    pub(crate) fn failed(&self, error: hyper::Error) -> AttemptError {
        // hyper cannot tell a connection that was closed while idle from one closed because of the
        // request: neither message nor kind differ. So the outcome is unknown in both cases.
        let kind = if error.is_parse() { ErrorKind::ProtocolViolation } else { ErrorKind::ConnectionLost };
        let mut failed = AttemptError::new(kind, Outcome::Unknown, Phase::Sent).because(error);
        failed.attempt().address = Some(self.address);
        failed.attempt().reused = self.reused;
        failed
    }
}

/// Counts one connection for as long as it exists.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
