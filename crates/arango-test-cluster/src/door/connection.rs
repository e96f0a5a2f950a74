//! One connection: its requests, in their order or side by side, until somebody has had enough.

use std::error::Error;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tower_service::Service as _;

use super::frozen::Frozen;
use super::goodbye::Place;
use super::wire::Wire;
use super::{last_words, tls};
use crate::body::Body;
use crate::handler::{Cut, Ended, Handler};

/// How much of a request's body may come before it is read, as arangod says: all that there can be.
const WINDOW: u32 = (1 << 30) - 1;

/// Serves a connection to its end: the client's, the keep-alive timeout's, a fault's, or the coordinator's.
///
/// Its first bytes tell which HTTP is spoken on it, as arangod lets them; whoever negotiates it beforehand begins with the
/// same bytes.
pub(super) async fn run(wire: Wire, handler: Handler, keep_alive: Duration) {
    let shared = Arc::<Shared>::default();
    let heart = &handler.coordinator().heart;
    let born = heart.pulse().generation;
    let wire = match &handler.coordinator().cluster.certificates {
        None => wire,
        Some(certificates) => tokio::select! {
            biased;
            () = heart.until(|pulse| pulse.generation != born) => return wire.cut(),
            encrypted = tls::accept(&wire, certificates, handler.coordinator()) => match encrypted {
                Some(encrypted) => encrypted,
                None => return,
            },
        },
    };

    let service = service_fn(|request| Arc::clone(&shared).answer(handler.clone(), request));
    let io = Frozen::new(wire.clone(), Arc::clone(handler.coordinator()));
    let builder = builder(handler.coordinator().cluster.config.streams);
    let connection = builder.serve_connection(TokioIo::new(io), service);
    let served = async {
        tokio::pin!(connection);
        loop {
            tokio::select! {
                biased;
                () = shared.cut.notified() => return,
                () = shared.goodbye.notified() => connection.as_mut().graceful_shutdown(),
                outcome = &mut connection => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "connection");
                    }
                    return;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = heart.until(|pulse| pulse.generation != born) => return wire.cut(),
        () = served => {}
        () = shared.activity.idle_for(keep_alive) => return wire.cut(),
    }
    let ended = shared.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(cut) = ended {
        tokio::select! {
            biased;
            () = heart.until(|pulse| pulse.generation != born) => wire.cut(),
            () = last_words::say(cut, &wire, handler.coordinator()) => {}
        }
    }
}

fn builder(streams: u32) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().auto_date_header(false).title_case_headers(true).pipeline_flush(true);
    builder
        .http2()
        .auto_date_header(false)
        .max_concurrent_streams(streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if streams == 0 { builder.http1_only() } else { builder }
}

/// What the requests of one connection share.
#[derive(Debug, Default)]
struct Shared {
    activity: Activity,
    requests: AtomicU32,
    goodbye: Arc<Notify>,
    /// How the connection ends, once a request has ended it.
    ended: Mutex<Option<Cut>>,
    cut: Notify,
}

impl Shared {
    async fn answer(
        self: Arc<Self>,
        mut handler: Handler,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
        let _busy = self.activity.busy();
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let version = request.version();
        request.extensions_mut().insert(Place { before, goodbye: Arc::clone(&self.goodbye) });
        let cut = match handler.call(request).await {
            Ok(response) => return Ok(response),
            Err(Ended::Stream(reason)) if version == Version::HTTP_2 => {
                return Err(h2::Error::from(h2::Reason::from(reason)).into());
            }
            Err(Ended::Stream(_)) => Cut::default(),
            Err(Ended::Connection(cut)) => cut,
        };
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
        if version == Version::HTTP_2 {
            self.cut.notify_one();
            // A service that fails resets its stream; nothing more is to be said on any of them.
            pending::<()>().await;
        }
        // hyper writes nothing for a service that fails: what is left to write is ours.
        Err(io::Error::from(io::ErrorKind::ConnectionAborted).into())
    }
}

/// When a connection last had something to do.
#[derive(Debug)]
struct Activity {
    /// Requests under way, and when the last one began or ended.
    state: Mutex<(usize, Instant)>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { state: Mutex::new((0, Instant::now())) }
    }
}

/// Marks the time of a request; idleness counts from its end.
struct Busy<'a>(&'a Activity);

impl Activity {
    fn busy(&self) -> Busy<'_> {
        self.change(|requests| requests + 1);
        Busy(self)
    }

    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (change(state.0), Instant::now());
    }

    /// Ends once nothing has happened for `limit`. The timer is not touched by requests: it looks when it fires.
    async fn idle_for(&self, limit: Duration) {
        loop {
            let (requests, last) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if requests == 0 && now >= last + limit {
                return;
            }
            sleep_until(if requests > 0 { now + limit } else { last + limit }).await;
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.change(|requests| requests.saturating_sub(1));
    }
}
