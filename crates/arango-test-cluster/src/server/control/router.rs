//! Routes control requests by method and path.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fault_body::{Injection, read_injection};
use super::injected::{Guard, Injected};
use super::jobs_body;
use crate::config::version::Version;
use crate::http::request::Query;
use crate::server::agency_jobs::AgencyJobs;
use crate::server::cluster::ClusterInner;
use crate::server::conditions::ConditionGuard;
use crate::server::coordinator::Coordinator;
use crate::server::tokens::Tokens;
use crate::state::conditions::Condition;

/// Handles the requests of other processes.
pub(super) struct Router {
    pub(super) token: String,
    pub(super) cluster: Arc<ClusterInner>,
    pub(super) coordinators: Vec<Coordinator>,
    faults: Mutex<Injected>,
}

/// Why a request is rejected: status and reason.
pub(crate) type ControlError = (u16, String);

impl Router {
    pub(super) fn new(token: String, cluster: Arc<ClusterInner>, coordinators: Vec<Coordinator>) -> Self {
        Self { token, cluster, coordinators, faults: Mutex::default() }
    }

    pub(super) async fn handle(
        &self,
        head: &http::request::Parts,
        body: &Bytes,
    ) -> Result<Value, ControlError> {
        let parts: Vec<_> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let unknown = || (404, format!("no such call: {} {}", head.method, head.uri.path()));
        let [token, parts @ ..] = parts.as_slice() else { return Err(unknown()) };
        if *token != self.token {
            return Err((404, "wrong token".to_owned()));
        }
        let query = Query::parse(head.uri.query().unwrap_or_default());
        match (&head.method, parts) {
            (&Method::GET, ["cluster"]) => Ok(self.describe()),
            (&Method::POST, ["coordinators", index, "faults"]) => {
                self.inject(Some(self.coordinator(index)?), body)
            }
            (&Method::POST, ["coordinators", index, "secret"]) => {
                let Secrets { secret, passive } = read(body)?;
                self.coordinator(index)?.set_secrets(secret, passive);
                Ok(ok())
            }
            (&Method::POST, ["coordinators", index, "advertise"]) => {
                let Advertised { endpoint } = read(body)?;
                self.coordinator(index)?.advertise(endpoint.as_deref());
                Ok(ok())
            }
            (&Method::POST, ["coordinators", index, action]) => {
                self.coordinator_action(index, action, body).await?.ok_or_else(unknown)
            }
            (&Method::POST, ["db-servers", index, action]) => {
                self.db_server_action(index, action, body)?.ok_or_else(unknown)
            }
            (method, ["agency-jobs", rest @ ..]) => {
                jobs_body::handle(&AgencyJobs::new(&self.cluster), method, rest, body).ok_or_else(unknown)?
            }
            (&Method::POST, ["secret"]) => {
                let Secrets { secret, .. } = read(body)?;
                self.cluster.state().sessions.rotate(&secret);
                Ok(ok())
            }
            (&Method::POST, ["tokens", "expire"]) => {
                Tokens::new(&self.cluster).expire_all();
                Ok(ok())
            }
            (&Method::POST, ["tokens", "lifetime"]) => {
                let Lifetime { seconds } = read(body)?;
                Tokens::new(&self.cluster).set_lifetime(Duration::from_secs(seconds));
                Ok(ok())
            }
            (&Method::POST, ["sync-time"]) => {
                let Delay { ms } = read(body)?;
                self.cluster.state().sync_time = Duration::from_millis(ms);
                Ok(ok())
            }
            (&Method::POST, ["propagation"]) => {
                let Delay { ms } = read(body)?;
                self.cluster.state().propagation_delay = Duration::from_millis(ms);
                Ok(ok())
            }
            (&Method::POST, ["faults"]) => self.inject(None, body),
            (&Method::GET, ["faults"]) => Ok(self.faults().list()),
            (&Method::DELETE, ["faults"]) => {
                self.faults().clear();
                Ok(ok())
            }
            (&Method::DELETE, ["faults", id]) => self.faults().end(id),
            (&Method::GET, ["journal", "markers"]) => {
                Ok(self.markers(query.get("prefix").unwrap_or_default()))
            }
            (&Method::GET, ["journal", "entries"]) => self.entries(&query),
            (&Method::GET, ["journal", "summary"]) => Ok(self.summary()),
            (&Method::POST, ["journal", "clear"]) => {
                self.cluster.journal.clear();
                Ok(ok())
            }
            _ => Err(unknown()),
        }
    }

    pub(super) fn coordinator(&self, index: &str) -> Result<&Coordinator, ControlError> {
        let found = index.parse::<usize>().ok().and_then(|index| self.coordinators.get(index));
        let count = self.coordinators.len();
        found.ok_or_else(|| {
            (404, format!("no coordinator has the index {index}: there are {count}, and the first is 0"))
        })
    }

    /// Begins a fault or condition of one coordinator, or of the whole cluster.
    fn inject(&self, coordinator: Option<&Coordinator>, body: &[u8]) -> Result<Value, ControlError> {
        let fault = read(body)?;
        let injection = read_injection(&fault).map_err(|reason| (400, reason))?;
        let guard = match (injection, coordinator) {
            (Injection::Condition(Condition::AgencyDown), None) => {
                Guard::Condition(ConditionGuard::begin(&self.cluster, None, Condition::AgencyDown))
            }
            (Injection::Condition(Condition::AgencyDown), Some(_)) => {
                return Err((400, "`agency-down` applies to the whole cluster: POST /faults".to_owned()));
            }
            (_, None) => {
                return Err((400, "this kind needs a coordinator: POST /coordinators/{i}/faults".to_owned()));
            }
            (Injection::Fault(fault), Some(coordinator)) => Guard::Fault(coordinator.inject(fault)),
            (Injection::Condition(condition), Some(coordinator)) => {
                Guard::Condition(coordinator.begin(condition))
            }
        };
        let coordinator = coordinator.map(|coordinator| coordinator.inner.index);
        Ok(self.faults().add(coordinator, fault, guard))
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Injected> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn ok() -> Value {
    json!({ "ok": true })
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

/// Reads the version of an upgrade request.
pub(super) fn version(body: &[u8]) -> Result<Version, ControlError> {
    let Upgrade { version } = read(body)?;
    Version::read(&version).map_err(|error| (400, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upgrade {
    version: String,
}

/// The secrets of one coordinator, or of all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secret: String,
    #[serde(default)]
    passive: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advertised {
    endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetime {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    ms: u64,
}
