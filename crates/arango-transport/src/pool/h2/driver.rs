//! The driver of an HTTP/2 connection, which runs in one task.
//!
//! hyper splits a connection into two futures: one takes requests, the other reads and writes. The driver
//! polls both in one task when they are woken. Therefore a request is written without waking another task,
//! the first future sees at once what was read, and the connection ends with this task.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper::rt::Executor;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use crate::pool::h2::read_activity::{ReadActivity, ReadActivityIo};
use crate::pool::h2::woken_task::WokenTask;

/// How long the final GOAWAY may take if the server does not read it.
const GOAWAY_TIMEOUT: Duration = Duration::from_secs(1);

type Client = http2::Connection<ReadActivityIo, Full<Bytes>, Spawner>;
type Wire = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the driver knows about the server.
#[derive(Debug, Default)]
pub(super) struct ConnectionStatus {
    /// The maximum number of concurrent streams, according to the server's settings.
    pub(super) streams: AtomicUsize,
    /// Whether a stream has already reported that the connection is lost, before its head or in its body.
    pub(super) lost: AtomicBool,
    /// Whether a response has arrived.
    pub(super) has_responded: AtomicBool,
}

/// Drives one connection to its end.
pub(super) struct Driver {
    address: Option<SocketAddr>,
    /// Takes requests until no handle or no connection is left.
    client: Option<WokenTask<Client>>,
    /// Reads and writes the connection.
    wire: Option<WokenTask<Wire>>,
    /// Whether something was read.
    activity: ReadActivity,
    status: Arc<ConnectionStatus>,
    /// Completes when no handle on the connection is left.
    no_handles: Option<WokenTask<oneshot::Receiver<()>>>,
    /// Limits the time for the final writes.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Driver {
    pub(super) fn new(
        client: Client,
        spawner: &Spawner,
        activity: ReadActivity,
        last: oneshot::Receiver<()>,
        address: Option<SocketAddr>,
    ) -> Self {
        Self {
            address,
            client: Some(WokenTask::new(client)),
            wire: spawner.take().map(WokenTask::new),
            activity,
            status: Arc::default(),
            no_handles: Some(WokenTask::new(last)),
            limit: None,
        }
    }

    pub(super) fn known(&self) -> Arc<ConnectionStatus> {
        Arc::clone(&self.status)
    }

    /// Drives the connection until the server's settings have arrived.
    pub(super) async fn wait_for_settings(&mut self) -> hyper::Result<()> {
        poll_fn(|cx| {
            let ended = self.poll_halves(cx);
            if self.status.streams.load(Ordering::Relaxed) > 0 {
                return Poll::Ready(Ok(()));
            }
            ended
        })
        .await
    }

    /// Polls both futures. Ready with the result of the one that takes requests.
    fn poll_halves(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let mut ended = self.poll_client(cx);
        let wire_ended =
            self.wire.as_mut().is_some_and(|wire| wire.poll(cx).is_some_and(|wire| wire.is_ready()));
        if wire_ended {
            self.wire = None;
        }
        // Data that was read may concern the future that takes requests, but hyper does not wake it for that.
        if let Some(client) = self.client.as_ref().filter(|_| self.activity.take() || wire_ended) {
            client.wake_task();
        }
        if ended.is_pending() {
            ended = self.poll_client(cx);
        }
        ended
    }

    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Some(client) = &mut self.client else { return Poll::Ready(Ok(())) };
        let Some(ended) = client.poll(cx) else { return Poll::Pending };
        if ended.is_pending() {
            let streams = client.get().current_max_send_streams();
            if self.status.streams.load(Ordering::Relaxed) != streams {
                self.status.streams.store(streams, Ordering::Relaxed);
            }
            return Poll::Pending;
        }
        // Dropping it returns the requests that it has not sent.
        self.client = None;
        ended
    }

    /// Ready when the final writes have taken too long.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(last) = &mut self.no_handles {
            // Nothing is ever sent: the sender is only dropped.
            ready!(last.poll(cx).unwrap_or(Poll::Pending)).ok();
            self.no_handles = None;
        }
        self.limit.get_or_insert_with(|| Box::pin(sleep(GOAWAY_TIMEOUT))).as_mut().poll(cx)
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let ended = self.poll_halves(cx);
        if let Poll::Ready(Err(error)) = &ended {
            tracing::trace!(%error, "a connection ends");
        }
        if self.client.is_some() || self.wire.is_some() {
            ready!(self.poll_limit(cx));
        }
        tracing::trace!(address = ?self.address, "a connection ended");
        Poll::Ready(())
    }
}

/// Runs the futures that hyper spawns.
///
/// The first one reads and writes the connection and is left to the driver. Each later one belongs to a
/// request.
#[derive(Clone, Default)]
pub(super) struct Spawner(Arc<Mutex<Spawned>>);

#[derive(Default)]
enum Spawned {
    /// Nothing has been spawned. The next future is the connection's.
    #[default]
    Nothing,
    Wire(Wire),
    Requests,
}

impl Spawner {
    /// Takes the future that reads and writes. Later futures belong to requests.
    fn take(&self) -> Option<Wire> {
        match std::mem::replace(&mut *self.lock(), Spawned::Requests) {
            Spawned::Wire(wire) => Some(wire),
            Spawned::Nothing | Spawned::Requests => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Spawned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for Spawner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut begun = self.lock();
        if let Spawned::Nothing = *begun {
            *begun = Spawned::Wire(Box::pin(future));
        } else {
            drop(begun);
            // Boxed: it is large, and tokio moves the futures that it runs.
            tokio::spawn(Box::pin(future));
        }
    }
}
