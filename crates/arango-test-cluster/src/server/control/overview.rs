//! What the control API shows of a cluster, as JSON and on its index page.

use http::Method;
use serde_json::{Map, Value, json};

use super::index_page::{self, CoordinatorRow, Index, ServerRow};
use super::router::{ControlError, Router};
use crate::http::request::Query;
use crate::journal::Counts;
use crate::state::servers::RunState;

/// How many requests are listed by default.
const LATEST_ENTRIES: usize = 50;

/// Which requests of a journal are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    /// At most this many, the latest.
    pub(crate) last: usize,
    /// Only those with a status of 400 or more.
    failed: bool,
    /// Only those with a higher number.
    after: Option<u64>,
}

impl Selection {
    /// Reads it from a query.
    pub(crate) fn read(query: &Query) -> Result<Self, ControlError> {
        let last = query.get("last").map_or(Ok(LATEST_ENTRIES), str::parse);
        let last = last.map_err(|_| (400, "`last` is not a number of requests".to_owned()))?;
        let failed = match query.get("failed") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err((400, "`failed` is neither `true` nor `false`".to_owned())),
        };
        let after = query.get("after").map(str::parse).transpose();
        let after = after.map_err(|_| (400, "`after` is not the number of a request".to_owned()))?;
        Ok(Self { last, failed, after })
    }

    /// Returns whether a request with this number and this status belongs to it.
    pub(crate) fn contains(self, number: u64, status: Option<u16>) -> bool {
        self.after.is_none_or(|after| number > after)
            && (!self.failed || status.is_some_and(|status| status >= 400))
    }
}

impl Router {
    /// Lists the servers.
    pub(super) fn describe(&self) -> Value {
        let coordinators: Vec<_> = (0..)
            .zip(&self.coordinators)
            .map(|(index, coordinator): (usize, _)| {
                json!({
                    "index": index, "id": coordinator.id(), "short_name": coordinator.short_name(),
                    "url": coordinator.url(), "up": coordinator.is_up(),
                    "paused": coordinator.inner.process.current().paused,
                    "connections": coordinator.open_connections(),
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

    /// Lists the latest requests. Without their queries, which may contain what is private.
    pub(super) fn entries(&self, query: &Query) -> Result<Value, ControlError> {
        let selection = Selection::read(query)?;
        let latest = self
            .cluster
            .journal
            .latest(selection.last, |number, entry| selection.contains(number, entry.status));
        let entries = latest.into_iter().map(|(number, entry)| {
            json!({
                "number": number, "coordinator": entry.coordinator, "method": entry.method.as_str(), "path": entry.path,
                "database": entry.database, "marker": entry.marker, "executed": entry.executed,
                "changes": entry.changes, "status": entry.status,
            })
        });
        Ok(json!({ "entries": entries.collect::<Vec<_>>() }))
    }

    /// Returns whether a request is one for the index page.
    pub(super) fn is_index(&self, head: &http::request::Parts) -> bool {
        head.method == Method::GET && head.uri.path().trim_matches('/') == self.token
    }

    /// Renders the index page.
    pub(super) fn index_page(&self) -> String {
        let coordinators =
            (0..).zip(&self.coordinators).map(|(index, coordinator): (usize, _)| CoordinatorRow {
                server: ServerRow {
                    id: coordinator.id().to_owned(),
                    short_name: coordinator.short_name().to_owned(),
                    state: state_name(coordinator.is_up(), coordinator.inner.process.current().paused),
                },
                url: coordinator.url(),
                connections: coordinator.open_connections(),
                requests: self.cluster.journal.requests_to(index),
            });
        let coordinators = coordinators.collect();
        let faults = self.faults().rows();
        let state = self.cluster.state();
        let db_servers = state.db_servers.iter().map(|server| ServerRow {
            id: server.id.clone(),
            short_name: server.short_name.clone(),
            state: state_name(
                server.paused || !matches!(server.run_state, RunState::Down { .. }),
                server.paused,
            ),
        });
        index_page::render(&Index {
            base: format!("/{}", self.token),
            version: self.cluster.config.version.text().to_owned(),
            coordinators,
            db_servers: db_servers.collect(),
            agents: state.agents.iter().map(|agent| agent.id.clone()).collect(),
            faults,
            recent: self
                .cluster
                .journal
                .latest(LATEST_ENTRIES, |_, _| true)
                .into_iter()
                .map(|(_, entry)| entry)
                .collect(),
            executed: self.cluster.journal.executed(),
        })
    }

    /// Lists the counts by marker.
    pub(super) fn markers(&self, prefix: &str) -> Value {
        let markers = self.cluster.journal.markers(prefix).into_iter();
        let counts = |(marker, counts): (String, Counts)| {
            (marker, json!({ "received": counts.received, "executed": counts.executed }))
        };
        json!({ "markers": markers.map(counts).collect::<Map<_, _>>() })
    }

    /// Returns the counts of the journal.
    pub(super) fn summary(&self) -> Value {
        let journal = &self.cluster.journal;
        json!({
            "requests_per_coordinator": journal.requests_per_coordinator(),
            "executed": journal.executed(),
            "unsupported": self.cluster.state().unsupported,
        })
    }
}

/// The state of a server in one word.
fn state_name(up: bool, paused: bool) -> &'static str {
    match (up, paused) {
        (false, _) => "down",
        (true, true) => "paused",
        (true, false) => "up",
    }
}
