//! A small HTTP door for other processes: what a test does with method calls, they do with requests.
//!
//! | request below the [URL](Control::url) | does |
//! |---|---|
//! | `GET /cluster` | lists servers, with their addresses and whether they are up |
//! | `POST /coordinators/{i}/kill`, `restart`, `pause`, `resume` | what the methods of [`Coordinator`] do |
//! | `POST /coordinators/{i}/faults` | injects a fault, answers its id |
//! | `DELETE /faults/{id}`, `DELETE /faults` | ends one fault, or all that came through here |
//! | `GET /journal/markers?prefix=p` | counts by marker |
//! | `GET /journal/summary` | counts by coordinator, executions, what was unsupported |
//! | `POST /journal/clear` | forgets |
//!
//! A fault is `{"kind": …}` with `latency` (`ms`), `close` (`phase`, `how`), `answer` (`status`, `error_num`, `message`, or
//! `body` and `content_type`; `after_execution`), `hang` or `garbage`; and for each `method`, `path` and `times` as wanted.

mod fault_body;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::fault_body::read_fault;
use crate::cluster::Shared;
use crate::coordinator::Coordinator;
use crate::faults_in_force::FaultGuard;
use crate::http::request::Query;
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
        let desk = Arc::new(Desk { token, cluster, coordinators, faults: Mutex::default() });
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

struct Desk {
    token: String,
    cluster: Arc<Shared>,
    coordinators: Vec<Coordinator>,
    faults: Mutex<Injected>,
}

/// The faults that came through this door.
#[derive(Default)]
struct Injected {
    last: u64,
    guards: BTreeMap<u64, FaultGuard>,
}

/// Why a request is not done: status and reason.
type Refused = (u16, String);

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

impl Desk {
    async fn route(&self, head: &http::request::Parts, body: &Bytes) -> Result<Value, Refused> {
        let parts: Vec<_> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let unknown = || (404, format!("no such call: {} {}", head.method, head.uri.path()));
        let [token, parts @ ..] = parts.as_slice() else { return Err(unknown()) };
        if *token != self.token {
            return Err((404, "no such door".to_owned()));
        }
        let query = Query::parse(head.uri.query().unwrap_or_default());
        match (&head.method, parts) {
            (&Method::GET, ["cluster"]) => Ok(self.describe()),
            (&Method::POST, ["coordinators", index, "faults"]) => self.inject(self.coordinator(index)?, body),
            (&Method::POST, ["coordinators", index, deed]) => {
                let coordinator = self.coordinator(index)?;
                match *deed {
                    "kill" => coordinator.kill(),
                    "pause" => coordinator.pause(),
                    "resume" => coordinator.resume(),
                    "restart" => coordinator.restart().await.map_err(|error| (500, error.to_string()))?,
                    _ => return Err(unknown()),
                }
                Ok(done())
            }
            (&Method::DELETE, ["faults"]) => {
                self.faults().guards.clear();
                Ok(done())
            }
            (&Method::DELETE, ["faults", id]) => {
                let guard = id.parse().ok().and_then(|id: u64| self.faults().guards.remove(&id));
                let hits = guard.ok_or_else(|| (404, format!("no fault {id}")))?.hits();
                Ok(json!({ "ok": true, "hits": hits }))
            }
            (&Method::GET, ["journal", "markers"]) => {
                Ok(self.markers(query.get("prefix").unwrap_or_default()))
            }
            (&Method::GET, ["journal", "summary"]) => Ok(self.summary()),
            (&Method::POST, ["journal", "clear"]) => {
                self.cluster.journal.clear();
                Ok(done())
            }
            _ => Err(unknown()),
        }
    }

    fn describe(&self) -> Value {
        let coordinators: Vec<_> = (0..)
            .zip(&self.coordinators)
            .map(|(index, coordinator): (usize, _)| {
                json!({
                    "index": index, "id": coordinator.id(), "short_name": coordinator.short_name(),
                    "url": coordinator.url(), "up": coordinator.is_up(),
                })
            })
            .collect();
        let state = self.cluster.state();
        let agents: Vec<_> = state.agents.iter().map(|agent| &agent.id).collect();
        json!({
            "version": self.cluster.config.version.text(), "coordinators": coordinators,
            "db_servers": state.db_server_ids(), "agents": agents,
        })
    }

    fn coordinator(&self, index: &str) -> Result<&Coordinator, Refused> {
        let found = index.parse::<usize>().ok().and_then(|index| self.coordinators.get(index));
        found.ok_or_else(|| (404, format!("no coordinator {index}")))
    }

    fn inject(&self, coordinator: &Coordinator, body: &[u8]) -> Result<Value, Refused> {
        let body = serde_json::from_slice(body).map_err(|error| (400, error.to_string()))?;
        let fault = read_fault(&body).map_err(|reason| (400, reason))?;
        let mut faults = self.faults();
        faults.last += 1;
        let id = faults.last;
        faults.guards.insert(id, coordinator.inject(fault));
        Ok(json!({ "id": id }))
    }

    fn markers(&self, prefix: &str) -> Value {
        let markers = self.cluster.journal.markers(prefix).into_iter();
        let counts = |(marker, counts): (String, crate::Counts)| {
            (marker, json!({ "received": counts.received, "executed": counts.executed }))
        };
        json!({ "markers": markers.map(counts).collect::<Map<_, _>>() })
    }

    fn summary(&self) -> Value {
        let journal = &self.cluster.journal;
        json!({
            "requests_per_coordinator": journal.requests_per_coordinator(),
            "executed": journal.executed(),
            "unsupported": self.cluster.state().unsupported,
        })
    }

    fn faults(&self) -> MutexGuard<'_, Injected> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn done() -> Value {
    json!({ "ok": true })
}
