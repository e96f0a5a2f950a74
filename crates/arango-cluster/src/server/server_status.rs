//! Role and state of a server, as reported by itself.

use serde::{Deserialize, Serialize};

use crate::server::{ServerId, ServerRole, ServerState};

/// Role and state of a server, as reported by itself.
///
/// While it starts, and outside a cluster, only the first five fields are present.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatus {
    /// The progress of starting.
    pub progress: Option<StartupProgress>,
    /// Whether it rejects clients because it is starting or in maintenance.
    #[serde(default)]
    pub maintenance: bool,
    /// The role.
    pub role: Option<ServerRole>,
    /// Whether it accepts writes. Removed in 4.0.
    pub write_ops_enabled: Option<bool>,
    /// Whether it is [read-only](crate::ServerMode::ReadOnly).
    #[serde(default)]
    pub read_only: bool,
    /// The id stored on its disk.
    pub persisted_id: Option<ServerId>,
    /// The number of its starts.
    ///
    /// Once it has increased, everything the server held in memory is lost: on a
    /// coordinator its cursors and transactions. Missing for agents.
    pub reboot_id: Option<u64>,
    /// The cluster-internal endpoint. Missing for agents.
    pub address: Option<String>,
    /// The id that it uses. Missing for agents.
    pub server_id: Option<ServerId>,
    /// The state of starting or stopping. Missing for agents.
    pub state: Option<ServerState>,
}

/// The progress of starting. Since 3.10.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StartupProgress {
    /// The current phase; `in wait` once it has started.
    pub phase: String,
    /// The feature that is starting; empty if none is.
    #[serde(default)]
    pub feature: String,
    /// The progress of recovery in the log.
    #[serde(default)]
    pub recovery_tick: u64,
}
