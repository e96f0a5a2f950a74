//! What drives one HTTP/2 connection, in one task.
//!
//! hyper cuts it in two: what takes requests, and what reads and writes. Both are run here by turns, each if
//! it was woken, so that a request is written without another task being woken, so that what takes requests
//! learns at once what was read, and so that the connection ends with this one task.

use std::future::poll_fn;
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

use super::bell::Belled;
use super::ears::{Ears, Heard};

/// How long a goodbye may take that the other end does not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

type Client = http2::Connection<Ears, Full<Bytes>, Spawner>;
type Wire = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the driver knows of the other end.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// How many streams there may be at once, by its word.
    pub(super) streams: AtomicUsize,
    /// Somebody has told already that the connection is lost.
    pub(super) lost: AtomicBool,
    /// An answer has come.
    pub(super) answered: AtomicBool,
}

/// Drives one connection to its end.
pub(super) struct Driver {
    /// Takes requests, until there is nobody to hand one over, or nobody to take it.
    client: Option<Belled<Client>>,
    /// Reads and writes.
    wire: Option<Belled<Wire>>,
    /// Whether it has read something.
    heard: Heard,
    known: Arc<Known>,
    /// Comes when nobody has a handle on the connection any more.
    last: Option<Belled<oneshot::Receiver<()>>>,
    /// Limits what is still written then.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Driver {
    pub(super) fn new(client: Client, spawner: &Spawner, heard: Heard, last: oneshot::Receiver<()>) -> Self {
        Self {
            client: Some(Belled::new(client)),
            wire: spawner.take().map(Belled::new),
            heard,
            known: Arc::default(),
            last: Some(Belled::new(last)),
            limit: None,
        }
    }

    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known)
    }

    /// Goes as far as the first word of the other end: how many streams it allows.
    pub(super) async fn settle(&mut self) -> hyper::Result<()> {
        poll_fn(|cx| {
            let ended = self.poll_halves(cx);
            if self.known.streams.load(Ordering::Relaxed) > 0 {
                return Poll::Ready(Ok(()));
            }
            ended
        })
        .await
    }

    /// Polls both halves; ready when what takes requests has ended, and with why.
    fn poll_halves(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let mut ended = self.poll_client(cx);
        let wire_ended =
            self.wire.as_mut().is_some_and(|wire| wire.poll(cx).is_some_and(|wire| wire.is_ready()));
        if wire_ended {
            self.wire = None;
        }
        // What was read may be news for what takes requests, but hyper does not wake it for that.
        if let Some(client) = self.client.as_ref().filter(|_| self.heard.take() || wire_ended) {
            client.ring();
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
            if self.known.streams.load(Ordering::Relaxed) != streams {
                self.known.streams.store(streams, Ordering::Relaxed);
            }
            return Poll::Pending;
        }
        // What it has taken and not sent is given back.
        self.client = None;
        ended
    }

    /// Ready when the last words have taken too long.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(last) = &mut self.last {
            // Never said, only dropped.
            ready!(last.poll(cx).unwrap_or(Poll::Pending)).ok();
            self.last = None;
        }
        self.limit.get_or_insert_with(|| Box::pin(sleep(LAST_WORDS))).as_mut().poll(cx)
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let ended = self.poll_halves(cx);
        if let Poll::Ready(Err(error)) = &ended {
            tracing::trace!(%error, "a connection ends");
        }
        if self.client.is_none() && self.wire.is_none() {
            return Poll::Ready(());
        }
        self.poll_limit(cx)
    }
}

/// Runs what hyper runs beside a connection: first of all what reads and writes, which is left to the driver, and
/// then something for each request.
#[derive(Clone, Default)]
pub(super) struct Spawner(Arc<Mutex<Begun>>);

#[derive(Default)]
enum Begun {
    /// There is no request yet, so what is to be run is the connection's own.
    #[default]
    Nothing,
    Wire(Wire),
    Requests,
}

impl Spawner {
    /// Takes what reads and writes; from now on there are requests.
    fn take(&self) -> Option<Wire> {
        match std::mem::replace(&mut *self.lock(), Begun::Requests) {
            Begun::Wire(wire) => Some(wire),
            Begun::Nothing | Begun::Requests => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for Spawner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut begun = self.lock();
        if let Begun::Nothing = *begun {
            *begun = Begun::Wire(Box::pin(future));
        } else {
            drop(begun);
            // In a box: it is large, and tokio moves what it runs from place to place.
            tokio::spawn(Box::pin(future));
        }
    }
}
