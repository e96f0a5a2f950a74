//! The control address of a real cluster: a part of what the embedded cluster offers.
//!
//! | request below its URL | effect |
//! |---|---|
//! | `GET /cluster` | lists the servers |
//! | `POST /coordinators/{i}/kill`, `restart`, `pause`, `resume` | on a coordinator; `i` from 0 |
//! | `POST /db-servers/{i}/stop`, `start`, `pause`, `resume` | on a DB-Server; `/agents/{i}` the same |
//! | `GET /coordinators/{i}/log`, … | what a server has logged |
//!
//! What is about faults and the journal goes to the control address of the proxies, if there are any. Everything else
//! is 501.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::cluster::http_client::HttpClient;
use crate::cluster::member::{Action, Member, Role};

/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request, and where its result goes: the response, or a status and a reason.
#[derive(Debug)]
pub(crate) struct ControlRequest {
    pub(crate) call: Call,
    pub(crate) reply: oneshot::Sender<Result<Value, (u16, String)>>,
}

/// What is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Describe,
    Act(Member, Action),
    Log(Member),
}

/// Listens on loopback until it is dropped. The owner of the servers handles the requests, one at a time.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) url: String,
    pub(crate) requests: mpsc::Receiver<ControlRequest>,
    _tasks: JoinSet<()>,
}

impl Control {
    /// Opens a listener. The first segment of every path is a random token, which other users do not know.
    ///
    /// `proxies` is the control address of the proxies.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) async fn open(proxies: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let token = format!("{:032x}", rand::random::<u128>());
        let url = format!("http://{}/{token}", listener.local_addr()?);
        let (sender, requests) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        let routes = Routes { token, proxies, sender };
        tasks.spawn(accept(listener, routes));
        Ok(Self { url, requests, _tasks: tasks })
    }
}

/// Where requests go.
#[derive(Debug, Clone)]
struct Routes {
    token: String,
    /// The control address of the proxies.
    proxies: Option<String>,
    /// To the owner of the servers.
    sender: mpsc::Sender<ControlRequest>,
}

async fn accept(listener: TcpListener, routes: Routes) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Such as too many open files, which does not pass at once.
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let routes = routes.clone();
        connections.spawn(async move {
            let service = service_fn(|request| respond(request, &routes));
            // A client that closes its connection early needs no response.
            _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(request: Request<Incoming>, routes: &Routes) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (status, body) = match routes.handle(&head, &body).await {
        Ok(body) => (200, body),
        Err((status, reason)) => (status, json!({ "ok": false, "error": reason })),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(response)
}

impl Routes {
    async fn handle(&self, head: &Parts, body: &[u8]) -> Result<Value, (u16, String)> {
        let parts: Vec<_> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [first, path @ ..] if *first == self.token => match read(&head.method, path) {
                Some(call) => ask(call, &self.sender).await,
                None if is_for_proxies(path) => self.ask_proxies(head, path, body).await,
                None => Err((501, "a real cluster cannot do this; the embedded one may".to_owned())),
            },
            _ => Err((404, "wrong token".to_owned())),
        }
    }

    async fn ask_proxies(&self, head: &Parts, path: &[&str], body: &[u8]) -> Result<Value, (u16, String)> {
        let Some(proxies) = &self.proxies else {
            return Err((501, "a real cluster has faults and a journal only with --proxy".to_owned()));
        };
        let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{proxies}/{}{query}", path.join("/"));
        let body = String::from_utf8_lossy(body).into_owned();
        let failed = |error: anyhow::Error| (500, format!("the proxies do not respond: {error:#}"));
        let client = HttpClient::new(None).map_err(failed)?;
        let response = client.send(head.method.clone(), &url, body).await.map_err(failed)?;
        match response.status {
            200 => Ok(response.body),
            status => Err((status, response.body["error"].as_str().unwrap_or("no reason given").to_owned())),
        }
    }
}

/// Whether a request is about what proxies do.
fn is_for_proxies(path: &[&str]) -> bool {
    matches!(path, ["faults" | "journal", ..] | ["coordinators", _, "faults"])
}

async fn ask(call: Call, sender: &mpsc::Sender<ControlRequest>) -> Result<Value, (u16, String)> {
    let ended = || (503, "the cluster has ended".to_owned());
    let (reply, result) = oneshot::channel();
    sender.send(ControlRequest { call, reply }).await.map_err(|_| ended())?;
    result.await.map_err(|_| ended())?
}

fn read(method: &Method, path: &[&str]) -> Option<Call> {
    if let (&Method::GET, ["cluster"]) = (method, path) {
        return Some(Call::Describe);
    }
    let [role, index, verb] = path else { return None };
    let role = Role::ALL.into_iter().find(|known| known.path() == *role)?;
    let member = Member { role, index: index.parse().ok()? };
    let action = match (role, *verb) {
        (_, "log") => return (method == Method::GET).then_some(Call::Log(member)),
        (Role::Coordinator, "kill") | (Role::DbServer | Role::Agent, "stop") => Action::Kill,
        (Role::Coordinator, "restart") | (Role::DbServer | Role::Agent, "start") => Action::Restart,
        (_, "pause") => Action::Pause,
        (_, "resume") => Action::Resume,
        _ => return None,
    };
    (method == Method::POST).then_some(Call::Act(member, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_embedded_cluster() {
        let coordinator = Member { role: Role::Coordinator, index: 1 };
        let db_server = Member { role: Role::DbServer, index: 0 };

        assert_eq!(
            read(&Method::POST, &["coordinators", "1", "kill"]),
            Some(Call::Act(coordinator, Action::Kill))
        );
        assert_eq!(
            read(&Method::POST, &["db-servers", "0", "start"]),
            Some(Call::Act(db_server, Action::Restart))
        );
        assert_eq!(read(&Method::GET, &["db-servers", "0", "log"]), Some(Call::Log(db_server)));
    }

    #[test]
    fn what_only_the_embedded_cluster_and_proxies_have_is_not_read() {
        for path in
            [&["coordinators", "0", "faults"][..], &["journal", "clear"], &["db-servers", "0", "kill"]]
        {
            assert_eq!(read(&Method::POST, path), None, "{path:?}");
        }
        assert!(is_for_proxies(&["coordinators", "0", "faults"]) && is_for_proxies(&["journal", "clear"]));
        assert!(!is_for_proxies(&["tokens", "expire"]));
        assert_eq!(read(&Method::GET, &["coordinators", "0", "kill"]), None);
    }
}
