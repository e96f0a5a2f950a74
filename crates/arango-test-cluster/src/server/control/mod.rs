//! An HTTP control API for other processes, with the operations that tests have as methods.
//!
//! | request below the [URL](Control::url) | effect |
//! |---|---|
//! | `GET /cluster` | lists the servers, with their addresses, states and connections |
//! | `POST /coordinators/{i}/kill`, `restart`, `pause`, `resume`, `deregister` | as the methods of [`Coordinator`] |
//! | `POST /coordinators/{i}/advertise` | sets the advertised `endpoint` |
//! | `POST /db-servers/{i}/stop`, `start`, `pause`, `resume` | the same for a DB-Server |
//! | `POST /coordinators/{i}/upgrade`, `/db-servers/{i}/upgrade` | restarts the server in another `version` |
//! | `POST /sync-time` | sets after how many `ms` the copies of a returning DB-Server are in sync |
//! | `POST /coordinators/{i}/faults` | injects a fault or begins a condition; returns its id |
//! | `POST /coordinators/{i}/secret`, `POST /secret` | sets the `secret` that signs tokens, for one coordinator or all |
//! | `POST /tokens/expire` | invalidates all login tokens issued so far |
//! | `POST /tokens/lifetime` | sets the lifetime of login tokens from now on, in `seconds` |
//! | `POST /propagation` | sets the propagation delay in `ms` |
//! | `GET /agency-jobs`, `DELETE /agency-jobs` | lists the agency's jobs; forgets the ended ones |
//! | `POST /agency-jobs/timing` | sets their timing: `wait_ms`, `move_ms`, `max_concurrent` |
//! | `POST /agency-jobs/next`, `every`, `{id}` | sets their outcome: `{"outcome":"finish"}`, `hang`, or `fail` with `reason` |
//! | `POST /faults` | begins a condition of the whole cluster: `agency-down` |
//! | `GET /faults` | lists the faults of this API, and how many requests each has affected |
//! | `DELETE /faults/{id}`, `DELETE /faults` | ends one fault, or all faults of this API |
//! | `GET /journal/markers?prefix=p` | returns the counts by marker |
//! | `GET /journal/entries?last=n&failed=true&after=number` | returns the latest requests, oldest first, at most 50 by default; or only those with a status of 400 or more, or with a higher number |
//! | `GET /journal/summary` | returns requests by coordinator, executions, and unsupported calls |
//! | `POST /journal/clear` | clears the journal |
//! | `GET /` | a page for a browser: servers, faults, the latest requests, and these calls |
//!
//! A fault is `{"kind": …}` with the keys of its kind and, optionally, `method`, `path` and `times`. A condition has a
//! `kind` and the keys of that kind only.
//!
//! | kind | keys |
//! |---|---|
//! | `latency` | `ms` |
//! | `close` | `phase`, `how` |
//! | `response` | `status`; `error_num` and `message`, or `body` and `content_type`; `after_execution` |
//! | `early-response` | `status`, `error_num`, `message`, `close` |
//! | `slow-head`, `slow-body` | `bytes`, `ms` |
//! | `stall`, `padded` | `bytes` |
//! | `truncate` | `bytes`, `how` |
//! | `reset-stream` | `phase`, `reason` |
//! | `go-away`, `go-away-unprocessed` | |
//! | `hang`, `garbage`, `huge-head`, `bad-chunks` | |
//! | `queue-time` (condition) | `ms` |
//! | `queue-full`, `starting`, `maintenance`, `shutting-down` (conditions) | |
//! | `tls` (condition) | `handshake` |
//! | `agency-down` (condition of the whole cluster) | |

mod calls;
pub(crate) mod fault_body;
mod index_page;
pub(crate) mod injected;
mod jobs_body;
pub(crate) mod overview;
pub(crate) mod router;
mod server_actions;

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::router::{ControlError, Router};
use crate::server::cluster::ClusterInner;
use crate::server::coordinator::Coordinator;
use crate::state::ids::Ids;

/// Handles the requests to a control address.
pub(crate) trait ControlRoutes: Send + Sync + 'static {
    /// Handles a request. Its path begins with the token.
    fn route(
        &self,
        head: &http::request::Parts,
        body: &Bytes,
    ) -> impl Future<Output = Result<Value, ControlError>> + Send;

    /// Returns a page in HTML, if that is what is requested.
    fn page(&self, head: &http::request::Parts) -> Option<String>;
}

impl ControlRoutes for Router {
    async fn route(&self, head: &http::request::Parts, body: &Bytes) -> Result<Value, ControlError> {
        self.handle(head, body).await
    }

    fn page(&self, head: &http::request::Parts) -> Option<String> {
        self.is_index(head).then(|| self.index_page())
    }
}

/// Controls the cluster over HTTP on a loopback port.
///
/// When it is dropped, it closes and its faults end. The first segment of every path is a random token, so that other
/// users of the machine have no access.
pub struct Control {
    url: String,
    tasks: JoinSet<()>,
}

impl Control {
    pub(crate) async fn open(cluster: Arc<ClusterInner>, coordinators: Vec<Coordinator>) -> io::Result<Self> {
        Self::open_for(|token| Router::new(token, cluster, coordinators)).await
    }

    /// Opens the address for any routes, which `create` makes with the random token.
    pub(crate) async fn open_for<R: ControlRoutes>(create: impl FnOnce(String) -> R) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        // Not generated from the cluster's seed, which may be known to others.
        let token = Ids::new(rand::random()).hex(16);
        let url = format!("http://{}/{token}", listener.local_addr()?);
        let router = Arc::new(create(token));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, router));
        Ok(Self { url, tasks })
    }

    /// Returns its URL: `http://127.0.0.1:PORT/TOKEN`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL contains the token, so it is left out.
        f.debug_struct("Control").field("open", &!self.tasks.is_empty()).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, router: Arc<impl ControlRoutes>) {
    // Connections end with this task, because the set is dropped with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let router = Arc::clone(&router);
        connections.spawn(async move {
            let service = service_fn(|request| handle(Arc::clone(&router), request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "control connection failed");
            }
        });
    }
}

async fn handle(
    router: Arc<impl ControlRoutes>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(html) = router.page(&head) {
        return Ok(page(html));
    }
    let (status, body) = match router.route(&head, &body).await {
        Ok(body) => (200, body),
        Err((status, reason)) => (status, json!({ "ok": false, "error": reason })),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Ok(response)
}

fn page(html: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(html)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    // Nothing runs and nothing is loaded, whatever a request has put into the journal.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    response
}
