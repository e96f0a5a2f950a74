//! Connects the client to the cluster of the current phase, and counts what it does there.

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

/// The start of a request line of a login.
const LOGIN: &[u8] = b"POST /_open/auth";
const METHODS: [&[u8]; 5] = [b"GET ", b"POST ", b"PUT ", b"DELETE ", b"HEAD "];

/// The way to whichever cluster is current. Clones are the same network.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<State>>);

/// How the token source behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SourceMode {
    #[default]
    Answers,
    Takes(Duration),
    Hangs,
    Panics,
}

#[derive(Default)]
pub(crate) struct State {
    coordinators: Vec<Coordinator>,
    /// What the token source gives out.
    pub(crate) token: String,
    pub(crate) source: SourceMode,
    /// When the token source last panicked, on the client's clock.
    pub(crate) panicked: Option<Instant>,
    /// Coordinators to which connects hang, and how long they take to the others.
    pub(crate) hanging: Vec<usize>,
    pub(crate) delay: Duration,
    /// Logins that are under way; the same for questions to the token source.
    pub(crate) logins: usize,
    pub(crate) counts: Counts,
}

/// What the client did in one phase.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) dials: usize,
    pub(crate) requests: usize,
    pub(crate) logins: usize,
    /// The most logins that were under way at once.
    pub(crate) logins_at_once: usize,
    /// Questions to the token source that came within a second of its panic.
    pub(crate) too_early: usize,
}

/// A login that is under way, until it is dropped.
pub(crate) struct LoginUnderWay(Network);

impl Network {
    /// Leads to another cluster, without faults, and counts anew.
    pub(crate) fn lead_to(&self, cluster: &TestCluster) {
        let mut state = self.state();
        // A token of an hour, by the calendar of the new cluster.
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

    pub(crate) fn begin_login(&self) -> LoginUnderWay {
        let mut state = self.state();
        state.logins += 1;
        state.counts.logins += 1;
        state.counts.logins_at_once = state.counts.logins_at_once.max(state.logins);
        LoginUnderWay(self.clone())
    }

    async fn open(&self, address: SocketAddr) -> io::Result<Box<dyn Io>> {
        let (coordinator, hangs, delay) = {
            let mut state = self.state();
            state.counts.dials += 1;
            let found = state.coordinators.iter().position(|one| one.address() == address);
            let index = found.ok_or(io::ErrorKind::ConnectionRefused)?;
            (state.coordinators[index].clone(), state.hanging.contains(&index), state.delay)
        };
        if hangs {
            pending::<()>().await;
        }
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let stream = coordinator.dial()?;
        Ok(Box::new(Counted { stream, network: self.clone(), login: None }))
    }
}

impl Drop for LoginUnderWay {
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
struct Counted {
    stream: DuplexStream,
    network: Network,
    login: Option<LoginUnderWay>,
}

impl AsyncRead for Counted {
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

impl AsyncWrite for Counted {
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
