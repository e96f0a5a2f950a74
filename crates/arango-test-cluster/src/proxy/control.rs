//! The control address of proxies: paths and bodies are those of the embedded cluster, where they mean the same.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::coordinator_proxy::CoordinatorProxy;
use super::supported_faults::Visibility;
use super::traffic::{Exchange, MarkerCounts, TrafficJournal};
use crate::http::request::Query;
use crate::server::control::fault_body::{Injection, read_injection};
use crate::server::control::injected::{Guard, Injected};
use crate::server::control::overview::Selection;
use crate::server::control::router::{ControlError, ok, read};
use crate::server::control::{Control, ControlRoutes};

/// Opens the control address of these proxies.
pub(super) async fn open(proxies: Vec<CoordinatorProxy>, journal: TrafficJournal) -> io::Result<Control> {
    Control::open_for(|token| ProxyRouter { token, proxies, journal, faults: Mutex::default() }).await
}

struct ProxyRouter {
    token: String,
    proxies: Vec<CoordinatorProxy>,
    journal: TrafficJournal,
    faults: Mutex<Injected>,
}

impl ControlRoutes for ProxyRouter {
    async fn route(&self, head: &Parts, body: &Bytes) -> Result<Value, ControlError> {
        let parts: Vec<_> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [token, parts @ ..] if *token == self.token => self.handle(head, parts, body),
            _ => Err((404, "wrong token".to_owned())),
        }
    }

    fn page(&self, _: &Parts) -> Option<String> {
        None
    }
}

impl ProxyRouter {
    fn handle(&self, head: &Parts, parts: &[&str], body: &[u8]) -> Result<Value, ControlError> {
        let query = Query::parse(head.uri.query().unwrap_or_default());
        match (&head.method, parts) {
            (&Method::GET, ["cluster"]) => Ok(self.describe()),
            (&Method::POST, ["coordinators", index, "faults"]) => self.inject(index, body),
            (&Method::POST, ["coordinators", index, action]) => self.act(index, action),
            (&Method::POST, ["faults"]) => {
                Err((501, "a proxy has no conditions of the whole cluster".to_owned()))
            }
            (&Method::GET, ["faults"]) => Ok(self.faults().list()),
            (&Method::DELETE, ["faults"]) => {
                self.faults().clear();
                Ok(ok())
            }
            (&Method::DELETE, ["faults", id]) => self.faults().end(id),
            (&Method::GET, ["journal", "markers"]) if !self.reads_requests() => {
                Err((501, "a proxy cannot read markers over TLS".to_owned()))
            }
            (&Method::GET, ["journal", "markers"]) => {
                Ok(self.markers(query.get("prefix").unwrap_or_default()))
            }
            (&Method::GET, ["journal", "entries"]) => self.entries(&query),
            (&Method::GET, ["journal", "summary"]) => {
                Ok(json!({ "requests_per_coordinator": self.journal.per_coordinator(self.proxies.len()) }))
            }
            (&Method::POST, ["journal", "clear"]) => {
                self.journal.clear();
                Ok(ok())
            }
            _ => Err((501, format!("a proxy cannot do this: {} {}", head.method, parts.join("/")))),
        }
    }

    fn describe(&self) -> Value {
        let proxies = self.proxies.iter().enumerate().map(|(index, proxy)| {
            json!({
                "index": index, "url": proxy.url(), "up": proxy.is_up(),
                "paused": proxy.inner.process.current().paused, "connections": proxy.open_connections(),
            })
        });
        json!({ "coordinators": proxies.collect::<Vec<_>>() })
    }

    /// Whether requests can be read, and not only bytes.
    fn reads_requests(&self) -> bool {
        self.proxies.iter().any(|proxy| proxy.inner.visibility == Visibility::Http)
    }

    fn proxy(&self, index: &str) -> Result<&CoordinatorProxy, ControlError> {
        let found = index.parse::<usize>().ok().and_then(|index| self.proxies.get(index));
        let count = self.proxies.len();
        found.ok_or_else(|| {
            (404, format!("no coordinator has the index {index}: there are {count}, and the first is 0"))
        })
    }

    fn act(&self, index: &str, action: &str) -> Result<Value, ControlError> {
        let proxy = self.proxy(index)?;
        match action {
            "kill" => proxy.kill(),
            "restart" => proxy.restart().map_err(|error| (500, error.to_string()))?,
            "pause" => proxy.pause(),
            "resume" => proxy.resume(),
            _ => return Err((501, format!("a proxy cannot {action} a coordinator"))),
        }
        Ok(ok())
    }

    fn inject(&self, index: &str, body: &[u8]) -> Result<Value, ControlError> {
        let proxy = self.proxy(index)?;
        let fault: Value = read(body)?;
        let guard = match read_injection(&fault).map_err(|reason| (400, reason))? {
            Injection::Fault(parsed) => proxy.inject(parsed).map_err(|error| (400, error.to_string()))?,
            Injection::Condition(_) => {
                let kind = fault["kind"].as_str().unwrap_or_default();
                let reason = format!("a proxy cannot cause `{kind}`: it is a state of a server");
                return Err((400, reason));
            }
        };
        Ok(self.faults().add(Some(proxy.inner.index), fault, Guard::Fault(guard)))
    }

    /// A proxy does not know what was executed, so that it reports what it has passed on.
    fn markers(&self, prefix: &str) -> Value {
        let markers = self.journal.markers(prefix).into_iter();
        let counts = |(marker, counts): (String, MarkerCounts)| {
            (marker, json!({ "received": counts.received, "forwarded": counts.forwarded }))
        };
        json!({ "markers": markers.map(counts).collect::<Map<_, _>>() })
    }

    fn entries(&self, query: &Query) -> Result<Value, ControlError> {
        let selection = Selection::read(query)?;
        let latest = self
            .journal
            .latest(selection.last, |exchange| selection.contains(exchange.number, exchange.status));
        Ok(json!({ "entries": latest.iter().map(entry).collect::<Vec<_>>() }))
    }

    fn faults(&self) -> MutexGuard<'_, Injected> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(exchange: &Exchange) -> Value {
    json!({
        "number": exchange.number, "coordinator": exchange.coordinator, "begin_ms": unix_millis(exchange.begin),
        "method": exchange.method.as_ref().map(Method::as_str), "path": exchange.path,
        "database": exchange.database, "marker": exchange.marker, "forwarded": exchange.forwarded,
        "status": exchange.status, "request_bytes": exchange.request_bytes,
        "response_bytes": exchange.response_bytes,
    })
}

/// Milliseconds since 1970.
fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
