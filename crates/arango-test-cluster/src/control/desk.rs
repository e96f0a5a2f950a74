//! What other processes may ask for, by method and path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::fault_body::{Wrong, read_wrong};
use super::jobs_body;
use crate::agency_jobs::AgencyJobs;
use crate::cluster::Shared;
use crate::conditions::ConditionGuard;
use crate::coordinator::Coordinator;
use crate::faults_in_force::FaultGuard;
use crate::http::request::Query;
use crate::state::conditions::Condition;
use crate::tokens::Tokens;
use crate::version::Version;

/// Where the requests of other processes are dealt with.
pub(super) struct Desk {
    token: String,
    pub(super) cluster: Arc<Shared>,
    coordinators: Vec<Coordinator>,
    faults: Mutex<Injected>,
}

/// The faults that came through this door.
#[derive(Default)]
struct Injected {
    last: u64,
    guards: BTreeMap<u64, Guard>,
}

enum Guard {
    Fault(FaultGuard),
    Condition(ConditionGuard),
}

impl Guard {
    fn hits(&self) -> usize {
        match self {
            Self::Fault(guard) => guard.hits(),
            Self::Condition(guard) => guard.hits(),
        }
    }
}

/// Why a request is not done: status and reason.
pub(super) type Refused = (u16, String);

impl Desk {
    pub(super) fn new(token: String, cluster: Arc<Shared>, coordinators: Vec<Coordinator>) -> Self {
        Self { token, cluster, coordinators, faults: Mutex::default() }
    }

    pub(super) async fn route(&self, head: &http::request::Parts, body: &Bytes) -> Result<Value, Refused> {
        let parts: Vec<_> = head.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let unknown = || (404, format!("no such call: {} {}", head.method, head.uri.path()));
        let [token, parts @ ..] = parts.as_slice() else { return Err(unknown()) };
        if *token != self.token {
            return Err((404, "no such door".to_owned()));
        }
        let query = Query::parse(head.uri.query().unwrap_or_default());
        match (&head.method, parts) {
            (&Method::GET, ["cluster"]) => Ok(self.describe()),
            (&Method::POST, ["coordinators", index, "faults"]) => {
                self.begin(Some(self.coordinator(index)?), body)
            }
            (&Method::POST, ["coordinators", index, "secret"]) => {
                let Secrets { secret, passive } = read(body)?;
                self.coordinator(index)?.set_secrets(secret, passive);
                Ok(done())
            }
            (&Method::POST, ["coordinators", index, "advertise"]) => {
                let Advertised { endpoint } = read(body)?;
                self.coordinator(index)?.advertise(endpoint.as_deref());
                Ok(done())
            }
            (&Method::POST, ["coordinators", index, deed]) => {
                self.to_coordinator(index, deed, body).await?.ok_or_else(unknown)
            }
            (&Method::POST, ["db-servers", index, deed]) => {
                self.to_db_server(index, deed, body)?.ok_or_else(unknown)
            }
            (method, ["agency-jobs", rest @ ..]) => {
                jobs_body::answer(&AgencyJobs::new(&self.cluster), method, rest, body).ok_or_else(unknown)?
            }
            (&Method::POST, ["secret"]) => {
                let Secrets { secret, .. } = read(body)?;
                self.cluster.state().sessions.rotate(&secret);
                Ok(done())
            }
            (&Method::POST, ["tokens", "expire"]) => {
                Tokens::new(&self.cluster).expire_all();
                Ok(done())
            }
            (&Method::POST, ["tokens", "lifetime"]) => {
                let Lifetime { seconds } = read(body)?;
                Tokens::new(&self.cluster).set_lifetime(Duration::from_secs(seconds));
                Ok(done())
            }
            (&Method::POST, ["sync-time"]) => {
                let Delay { ms } = read(body)?;
                self.cluster.state().sync_time = Duration::from_millis(ms);
                Ok(done())
            }
            (&Method::POST, ["propagation"]) => {
                let Delay { ms } = read(body)?;
                self.cluster.state().propagation = Duration::from_millis(ms);
                Ok(done())
            }
            (&Method::POST, ["faults"]) => self.begin(None, body),
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

    pub(super) fn coordinator(&self, index: &str) -> Result<&Coordinator, Refused> {
        let found = index.parse::<usize>().ok().and_then(|index| self.coordinators.get(index));
        found.ok_or_else(|| (404, format!("no coordinator {index}")))
    }

    /// Begins a fault or a condition of one coordinator, or of all.
    fn begin(&self, coordinator: Option<&Coordinator>, body: &[u8]) -> Result<Value, Refused> {
        let wrong = read_wrong(&read(body)?).map_err(|reason| (400, reason))?;
        let guard = match (wrong, coordinator) {
            (Wrong::Condition(Condition::AgencyDown), None) => {
                Guard::Condition(ConditionGuard::begin(&self.cluster, None, Condition::AgencyDown))
            }
            (Wrong::Condition(Condition::AgencyDown), Some(_)) => {
                return Err((400, "the agency is the whole cluster's: POST /faults".to_owned()));
            }
            (_, None) => return Err((400, "of which coordinator? POST /coordinators/{i}/faults".to_owned())),
            (Wrong::Fault(fault), Some(coordinator)) => Guard::Fault(coordinator.inject(fault)),
            (Wrong::Condition(condition), Some(coordinator)) => {
                Guard::Condition(coordinator.begin(condition))
            }
        };
        let mut faults = self.faults();
        faults.last += 1;
        let id = faults.last;
        faults.guards.insert(id, guard);
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

pub(super) fn done() -> Value {
    json!({ "ok": true })
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

/// The version that a server is to have.
pub(super) fn version(body: &[u8]) -> Result<Version, Refused> {
    let Upgrade { version } = read(body)?;
    Version::read(&version).map_err(|error| (400, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upgrade {
    version: String,
}

/// Secrets of a coordinator, or of all.
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
