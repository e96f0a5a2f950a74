//! A small HTTP door for other processes: what a test does with method calls, they do with requests.
//!
//! | request below the [URL](Control::url) | does |
//! |---|---|
//! | `GET /cluster` | lists servers, with their addresses and whether they are up |
//! | `POST /coordinators/{i}/kill`, `restart`, `pause`, `resume` | what the methods of [`Coordinator`] do |
//! | `POST /db-servers/{i}/stop`, `start`, `pause`, `resume` | the same of a DB-Server |
//! | `POST /coordinators/{i}/upgrade`, `/db-servers/{i}/upgrade` | starts it again in another `version` |
//! | `POST /sync-time` | after how many `ms` the copies of a DB-Server that comes back are in sync |
//! | `POST /coordinators/{i}/faults` | injects a fault or begins a condition, answers its id |
//! | `POST /coordinators/{i}/secret`, `POST /secret` | gives one coordinator, or all, the `secret` that signs tokens |
//! | `POST /tokens/expire` | refuses what logins have given so far |
//! | `POST /tokens/lifetime` | how many `seconds` tokens of logins hold from now on |
//! | `POST /propagation` | after how many `ms` all coordinators know of something new |
//! | `GET /agency-jobs`, `DELETE /agency-jobs` | lists the jobs of the agency; forgets those that have ended |
//! | `POST /agency-jobs/pace` | how quickly they run: `wait_ms`, `move_ms`, `at_once` |
//! | `POST /agency-jobs/next`, `every`, `{id}` | what becomes of them: `{"fate":"finish"}`, `hang`, or `fail` with a `reason` |
//! | `POST /faults` | begins a condition of the whole cluster: `agency-down` |
//! | `DELETE /faults/{id}`, `DELETE /faults` | ends one fault, or all that came through here |
//! | `GET /journal/markers?prefix=p` | counts by marker |
//! | `GET /journal/summary` | counts by coordinator, executions, what was unsupported |
//! | `POST /journal/clear` | forgets |
//!
//! A fault is `{"kind": …}` with the keys of its kind, and `method`, `path` and `times` as wanted. A condition has a kind and
//! keys of its own.
//!
//! | kind | keys |
//! |---|---|
//! | `latency` | `ms` |
//! | `close` | `phase`, `how` |
//! | `answer` | `status`; `error_num` and `message`, or `body` and `content_type`; `after_execution` |
//! | `early-answer` | `status`, `error_num`, `message`, `close` |
//! | `slow-head`, `slow-body` | `bytes`, `ms` |
//! | `stall`, `padded` | `bytes` |
//! | `truncate` | `bytes`, `how` |
//! | `reset-stream` | `phase`, `reason` |
//! | `go-away`, `disown` | |
//! | `hang`, `garbage`, `huge-head`, `bad-chunks` | |
//! | `queue-time` (condition) | `ms` |
//! | `queue-full`, `starting`, `maintenance`, `shutting-down` (conditions) | |

mod deeds;
mod desk;
mod fault_body;
mod jobs_body;

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
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::desk::Desk;
use crate::cluster::Shared;
use crate::coordinator::Coordinator;
use crate::state::ids::Ids;

/// Controls the cluster over HTTP on a loopback port; ends when it is dropped, and its faults with it.
///
/// The first segment of every path is a random token, so that nobody else on the machine meddles.
pub struct Control {
    url: String,
    tasks: JoinSet<()>,
}

impl Control {
    pub(crate) async fn open(cluster: Arc<Shared>, coordinators: Vec<Coordinator>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        // Never from the cluster's seed, which others may know.
        let token = Ids::new(rand::random()).hex(16);
        let url = format!("http://{}/{token}", listener.local_addr()?);
        let desk = Arc::new(Desk::new(token, cluster, coordinators));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, desk));
        Ok(Self { url, tasks })
    }

    /// Where it listens: `http://127.0.0.1:PORT/TOKEN`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds the token.
        f.debug_struct("Control").field("open", &!self.tasks.is_empty()).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    // Connections end with this task, because the set ends with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let desk = Arc::clone(&desk);
        connections.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&desk), request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "control connection");
            }
        });
    }
}

async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (status, body) = match desk.route(&head, &body).await {
        Ok(body) => (200, body),
        Err((status, reason)) => (status, json!({ "ok": false, "error": reason })),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Ok(response)
}
