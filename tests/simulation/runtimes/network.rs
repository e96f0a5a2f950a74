//! Connects the client to the cluster of the current phase, and counts requests, connects and logins.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep};

/// Start of the request line of a login.
const LOGIN: &[u8] = b"POST /_open/auth";
const METHODS: [&[u8]; 5] = [b"GET ", b"POST ", b"PUT ", b"DELETE ", b"HEAD "];

/// The network to the current cluster. Clones are the same network.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<State>>);

/// How the token source behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SourceMode {
    #[default]
    Responds,
    Delays(Duration),
    Hangs,
    Panics,
}

#[derive(Default)]
pub(crate) struct State {
    coordinators: Vec<Coordinator>,
    /// The token that the token source returns.
    pub(crate) token: String,
    pub(crate) source: SourceMode,
    /// When the token source last panicked, on the client's clock.
    pub(crate) panicked: Option<Instant>,
    /// Coordinators to which connects hang; `delay` is the time of connects to the others.
    pub(crate) hanging: Vec<usize>,
    pub(crate) delay: Duration,
    /// Logins in flight, including requests to the token source.
    pub(crate) logins: usize,
    pub(crate) counts: Counts,
}

/// What the client did in one phase.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) connects: usize,
    pub(crate) requests: usize,
    pub(crate) logins: usize,
    /// Maximum number of logins in flight at once.
    pub(crate) logins_at_once: usize,
    /// Requests to the token source within a second after its panic.
    pub(crate) calls_during_hold_off: usize,
}

/// A login in flight, until it is dropped.
pub(crate) struct LoginGuard(Network);

impl Network {
    /// Switches to another cluster, removes all faults, and resets the counts.
    pub(crate) fn connect_to(&self, cluster: &TestCluster) {
        let mut state = self.state();
        // Valid for an hour of the new cluster's clock.
        state.token = cluster.user_token("root", Duration::from_secs(3_600));
        state.coordinators = cluster.coordinators().to_vec();
        state.source = SourceMode::default();
        state.hanging.clear();
        state.delay = Duration::ZERO;
        state.counts = Counts::default();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin_login(&self) -> LoginGuard {
        let mut state = self.state();
        state.logins += 1;
        state.counts.logins += 1;
        state.counts.logins_at_once = state.counts.logins_at_once.max(state.logins);
        LoginGuard(self.clone())
    }

    async fn open(&self, address: SocketAddr) -> io::Result<Box<dyn Io>> {
        let (coordinator, hangs, delay) = {
            let mut state = self.state();
            state.counts.connects += 1;
            let position = state.coordinators.iter().position(|one| one.address() == address);
            let index = position.ok_or(io::ErrorKind::ConnectionRefused)?;
            (state.coordinators[index].clone(), state.hanging.contains(&index), state.delay)
        };
        if hangs {
            pending::<()>().await;
        }
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let stream = coordinator.connect()?;
        Ok(Box::new(CountingStream { stream, network: self.clone(), login: None }))
    }
}

impl Drop for LoginGuard {
    fn drop(&mut self) {
        self.0.state().logins -= 1;
    }
}

impl Connect for Network {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(self.open(address))
    }
}

/// A connection whose requests are counted.
struct CountingStream {
    stream: DuplexStream,
    network: Network,
    login: Option<LoginGuard>,
}

impl AsyncRead for CountingStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() && buffer.filled().len() > before {
            self.login = None;
        }
        polled
    }
}

impl AsyncWrite for CountingStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = polled {
            if METHODS.iter().any(|method| bytes.starts_with(method)) {
                self.network.state().counts.requests += 1;
            }
            if bytes.starts_with(LOGIN) {
                self.login = Some(self.network.begin_login());
            }
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
