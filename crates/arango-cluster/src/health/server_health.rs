//! The record of one server.

use serde::Deserialize;

use crate::open_enum::{open_enum, unsaid};
use crate::{LastAcked, ServerId, ServerRole, ServerState, StorageEngine, Timestamp};

open_enum! {
    /// How the agency finds a server, by the age of its last heartbeat.
    ///
    /// The ages are the defaults of `--agency.supervision-ok-threshold` and
    /// `--agency.supervision-grace-period`. A DB-Server passes through [`Bad`](Self::Bad) before it
    /// has failed; a coordinator may fail at once. The first new heartbeat makes any server good.
    pub enum HealthStatus {
        /// Heard of within 5 seconds; of an agent: it answered just now.
        Good = "GOOD",
        /// Not heard of for 5 to 10 seconds; of an agent: it did not answer just now.
        Bad = "BAD",
        /// Not heard of for longer. A coordinator's cursors and transactions are given up.
        Failed = "FAILED",
    }
}

/// What the agency wrote down about one server.
///
/// **The three times are not heartbeats.** The agency writes a record only when something in it
/// changes, so a server that has been good for a week shows times of a week ago. Whether a server
/// lives is told by [`status`](Self::status) alone. A server that never sent a heartbeat shows
/// `1970-01-01T00:00:00Z`.
///
/// Agents have few of the fields; each says so. Times are `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServerHealth {
    /// What the server is for.
    #[serde(default = "unsaid")]
    pub role: ServerRole,
    /// How it is.
    #[serde(default = "unsaid")]
    pub status: HealthStatus,
    /// Where the cluster reaches it, such as `tcp://10.0.0.11:8529`; clients may not.
    #[serde(default)]
    pub endpoint: String,
    /// Whether it may be removed: a failed coordinator, or a failed DB-Server that holds nothing.
    /// Never an agent.
    #[serde(default)]
    pub can_be_deleted: bool,
    /// A name for people, such as `DBServer0001`; agents have none.
    pub short_name: Option<String>,
    /// What tells the machine (or container) it runs on; agents have none.
    pub host: Option<String>,
    /// How far it says it has come with starting or stopping; agents do not say.
    pub sync_status: Option<ServerState>,
    /// When it stamped the last heartbeat before the record was written, by its own clock; agents
    /// have none.
    pub sync_time: Option<Timestamp>,
    /// Its version; missing for an agent that did not answer.
    pub version: Option<String>,
    /// Its storage engine; missing for an agent that did not answer.
    pub engine: Option<StorageEngine>,
    /// When it was last heard of before the record was written; missing for agents without a leader.
    #[serde(rename = "LastAckedTime")]
    pub last_acked: Option<LastAcked>,
    /// When the record was written, by the agency's clock. Agents have none, and neither has any
    /// server since 4.0.
    pub timestamp: Option<Timestamp>,
    /// Where it wants to be reached by clients, if that was configured.
    pub advertised_endpoint: Option<String>,
    /// Whether this agent leads; missing while no leader is seen, and for all but agents.
    pub leading: Option<bool>,
    /// Whom this agent takes for the leader, the empty id if nobody; missing if it did not answer,
    /// and for all but agents.
    pub leader: Option<ServerId>,
}

impl ServerHealth {
    /// Whether the [status](Self::status) is good.
    pub fn is_good(&self) -> bool {
        self.status == HealthStatus::Good
    }

    /// Where clients should reach it: the advertised endpoint, or else the cluster's own.
    ///
    /// `None` if neither is known.
    pub fn client_endpoint(&self) -> Option<&str> {
        let advertised = self.advertised_endpoint.as_deref().unwrap_or_default();
        [advertised, &self.endpoint].into_iter().find(|endpoint| !endpoint.is_empty())
    }
}
