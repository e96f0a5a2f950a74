//! Serves one connection: its requests, in sequence or concurrently, until it ends.

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
use tower_service::Service;

use super::goaway::RequestPosition;
use super::paused_io::PausedIo;
use super::shared_stream::SharedStream;
use super::silent_io::SilentIo;
use super::{ConnectionHandler, Listener, raw_close, tls};
use crate::server::abort::{Abort, ConnectionClose};
use crate::server::handler::Handler;
use crate::server::process_state::ProcessStateWatch;

/// Flow-control window for request bodies, as arangod announces it: the largest possible.
const WINDOW: u32 = (1 << 30) - 1;

impl ConnectionHandler for Handler {
    fn listener(&self) -> &Listener {
        &self.coordinator().listener
    }

    async fn serve(self, stream: SharedStream, keep_alive: Duration) {
        let coordinator = self.coordinator();
        let client = stream.client();
        let process = &coordinator.process;
        let generation = process.current().generation;
        let stream = match &coordinator.cluster.certificates {
            None => stream,
            Some(certificates) => tokio::select! {
                biased;
                () = process.wait_for(|state| state.generation != generation) => return stream.abort(),
                encrypted = tls::accept(&stream, certificates, coordinator) => match encrypted {
                    Some(encrypted) => encrypted,
                    None => return,
                },
            },
        };
        let max_concurrent_streams = coordinator.cluster.config.max_concurrent_streams;
        let limits = Limits { keep_alive, max_concurrent_streams, generation };
        run(stream, self.clone().of_client(client), process, limits, pending()).await;
    }
}

/// What limits a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Time without a request after which the connection ends.
    pub(crate) keep_alive: Duration,
    /// Streams of HTTP/2 at a time; 0 switches it off.
    pub(crate) max_concurrent_streams: u32,
    /// The generation of the process with which the connection ends.
    pub(crate) generation: u64,
}

/// Serves HTTP on a connection to its end.
///
/// The client, a limit, a fault or the end of the process ends it. When `until_drained` completes, it accepts no further
/// request and ends after the present ones. The first bytes decide between HTTP/1.1 and HTTP/2, as in arangod. A client
/// that has negotiated HTTP/2 begins with the same bytes.
pub(crate) async fn run<S, B>(
    stream: SharedStream,
    service: S,
    process: &Arc<ProcessStateWatch>,
    limits: Limits,
    until_drained: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Abort> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let shared = Arc::<ConnectionState>::default();
    let requests = service_fn(|request| Arc::clone(&shared).handle(service.clone(), request));
    let io = PausedIo::new(stream.clone(), Arc::clone(process));
    let state = Arc::clone(&shared);
    let io = SilentIo::new(io, move || state.requests.load(Ordering::Relaxed) > 0);
    let builder = builder(limits.max_concurrent_streams);
    let connection = builder.serve_connection(TokioIo::new(io), requests);
    let served = async {
        tokio::pin!(connection);
        tokio::pin!(until_drained);
        let mut is_drained = false;
        loop {
            tokio::select! {
                biased;
                () = shared.close_requested.notified() => return,
                () = shared.goaway.notified() => connection.as_mut().graceful_shutdown(),
                outcome = &mut connection => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "connection failed");
                    }
                    return;
                }
                () = &mut until_drained, if !is_drained => {
                    is_drained = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = process.wait_for(|state| state.generation != limits.generation) => return stream.abort(),
        () = served => {}
        () = shared.activity.idle_for(limits.keep_alive) => return stream.abort(),
    }
    let ended = shared.close.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(close) = ended {
        tokio::select! {
            biased;
            () = process.wait_for(|state| state.generation != limits.generation) => stream.abort(),
            () = raw_close::run(close, &stream, process) => {}
        }
    }
}

fn builder(streams: u32) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().auto_date_header(false).title_case_headers(true).pipeline_flush(false);
    builder
        .http2()
        .auto_date_header(false)
        .max_concurrent_streams(streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if streams == 0 { builder.http1_only() } else { builder }
}

/// State shared by the requests of one connection.
#[derive(Debug, Default)]
struct ConnectionState {
    activity: Activity,
    requests: AtomicU32,
    goaway: Arc<Notify>,
    /// How the connection ends; set by the request that ends it.
    close: Mutex<Option<ConnectionClose>>,
    close_requested: Notify,
}

impl ConnectionState {
    async fn handle<S, B>(
        self: Arc<Self>,
        mut service: S,
        mut request: Request<Incoming>,
    ) -> Result<Response<B>, Box<dyn Error + Send + Sync>>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Abort>,
    {
        let _busy = self.activity.start_request();
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        let version = request.version();
        request
            .extensions_mut()
            .insert(RequestPosition { preceding: before, goaway: Arc::clone(&self.goaway) });
        let close = match service.call(request).await {
            Ok(response) => return Ok(response),
            Err(Abort::Stream(reason)) if version == Version::HTTP_2 => {
                return Err(h2::Error::from(h2::Reason::from(reason)).into());
            }
            Err(Abort::Stream(_)) => ConnectionClose::default(),
            Err(Abort::Connection(close)) => close,
        };
        *self.close.lock().unwrap_or_else(PoisonError::into_inner) = Some(close);
        if version == Version::HTTP_2 {
            self.close_requested.notify_one();
            // A failed service would reset its stream, but no stream of this connection may send anything more.
            pending::<()>().await;
        }
        // hyper writes nothing for a failed service, so what is left to write is written here.
        Err(io::Error::from(io::ErrorKind::ConnectionAborted).into())
    }
}

/// Tracks when a connection was last active.
#[derive(Debug)]
struct Activity {
    /// Requests in progress, and when the last one began or ended.
    state: Mutex<(usize, Instant)>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { state: Mutex::new((0, Instant::now())) }
    }
}

/// Marks a request as in progress. Idle time counts from its end.
struct ActiveRequest<'a>(&'a Activity);

impl Activity {
    fn start_request(&self) -> ActiveRequest<'_> {
        self.change(|requests| requests + 1);
        ActiveRequest(self)
    }

    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (change(state.0), Instant::now());
    }

    /// Completes once the connection has been idle for `limit`. Requests do not reset the timer; it checks the activity
    /// when it fires.
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

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        self.0.change(|requests| requests.saturating_sub(1));
    }
}
