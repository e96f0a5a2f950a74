//! The health record of one server.

use arango_protocol::values::empty_value;
use arango_protocol::{Timestamp, open_enum};
use serde::{Deserialize, Serialize};

use crate::health::LastAcked;
use crate::server::{ServerId, ServerRole, ServerState, StorageEngine};

open_enum! {
    /// The health of a server by the age of its last heartbeat.
    ///
    /// As seen by the agency.
    ///
    /// The ages are the defaults of `--agency.supervision-ok-threshold` and `--agency.supervision-grace-period`. A
    /// DB-Server becomes [`Bad`](Self::Bad) before it fails; a coordinator may fail at once. The next heartbeat makes
    /// any server good again.
    pub enum HealthStatus {
        /// Last heartbeat at most 5 seconds ago.
        ///
        /// For an agent: it has just responded.
        Good = "GOOD",
        /// Last heartbeat 5 to 10 seconds ago.
        ///
        /// For an agent: it has just not responded.
        Bad = "BAD",
        /// Last heartbeat longer ago. A coordinator's cursors and transactions are abandoned.
        Failed = "FAILED",
    }
}

/// The health record of one server.
///
/// **The three times are not heartbeats.** The agency writes a record only when something in it changes, so a server
/// that has been good for a week has times of a week ago. Only [`status`](Self::status) shows whether a server is
/// alive. A server that never sent a heartbeat has `1970-01-01T00:00:00Z`.
///
/// Agents have only some of the fields, as documented with each. Times are `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServerHealth {
    /// The role of the server.
    #[serde(default = "empty_value")]
    pub role: ServerRole,
    /// The health of the server.
    #[serde(default = "empty_value")]
    pub status: HealthStatus,
    /// The cluster-internal endpoint, such as `tcp://10.0.0.11:8529`.
    ///
    /// Clients may not be able to reach it.
    #[serde(default)]
    pub endpoint: String,
    /// Whether it can be removed; never an agent.
    ///
    /// True for a failed coordinator, or a failed DB-Server that holds nothing.
    #[serde(default)]
    pub can_be_deleted: bool,
    /// A name for people, such as `DBServer0001`; agents have none.
    pub short_name: Option<String>,
    /// An identifier of the machine (or container); agents have none.
    pub host: Option<String>,
    /// Its own state of starting or stopping; agents have none.
    pub sync_status: Option<ServerState>,
    /// The time of the last heartbeat before the record was written.
    ///
    /// By the server's clock; agents have none.
    pub sync_time: Option<Timestamp>,
    /// Its version; missing for an agent that did not respond.
    pub version: Option<String>,
    /// Its storage engine; missing for an agent that did not respond.
    pub engine: Option<StorageEngine>,
    /// When the cluster last heard from it before the record was written.
    ///
    /// Missing for agents without a leader.
    #[serde(rename = "LastAckedTime")]
    pub last_acked: Option<LastAcked>,
    /// When the record was written, by the agency's clock.
    ///
    /// Missing for agents, and for all servers since 4.0.
    pub timestamp: Option<Timestamp>,
    /// The endpoint for clients, if one is configured.
    pub advertised_endpoint: Option<String>,
    /// Whether this agent is the leader.
    ///
    /// Missing while no leader is known, and for all other servers.
    pub leading: Option<bool>,
    /// The leader as seen by this agent, empty if there is none.
    ///
    /// Missing if the agent did not respond, and for all other servers.
    pub leader: Option<ServerId>,
}

impl ServerHealth {
    /// Returns whether the [status](Self::status) is good.
    pub fn is_good(&self) -> bool {
        self.status == HealthStatus::Good
    }

    /// Returns the endpoint for clients.
    ///
    /// The advertised one, or else the cluster-internal one. `None` if neither is known.
    #[inline]
    pub fn client_endpoint(&self) -> Option<&str> {
        let advertised = self.advertised_endpoint.as_deref().unwrap_or_default();
        [advertised, &self.endpoint].into_iter().find(|endpoint| !endpoint.is_empty())
    }
}
