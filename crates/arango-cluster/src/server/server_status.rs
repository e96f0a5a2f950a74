//! What a server says it is and is doing.

use serde::Deserialize;

use crate::{ServerId, ServerRole, ServerState};

/// What a server is and what it is doing.
///
/// While it starts, and outside a cluster, only the first five fields are present.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatus {
    /// How far it has come with starting.
    pub progress: Option<StartupProgress>,
    /// Whether it refuses clients because it is starting or being maintained.
    #[serde(default)]
    pub maintenance: bool,
    /// What it is for.
    pub role: Option<ServerRole>,
    /// Whether it takes writes. Gone since 4.0.
    pub write_ops_enabled: Option<bool>,
    /// Whether it is [read-only](crate::ServerMode::ReadOnly).
    #[serde(default)]
    pub read_only: bool,
    /// The id it keeps on its disk.
    pub persisted_id: Option<ServerId>,
    /// How often it has been started. Once it grew, what the server held in memory is lost: on a
    /// coordinator its cursors and transactions. Agents do not say.
    pub reboot_id: Option<u64>,
    /// Where the cluster reaches it. Agents do not say.
    pub address: Option<String>,
    /// The id it goes by. Agents do not say.
    pub server_id: Option<ServerId>,
    /// How far it has come with starting or stopping. Agents do not say.
    pub state: Option<ServerState>,
}

/// How far a server has come with starting. Told since 3.10.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StartupProgress {
    /// What it is doing; `in wait` once it has started.
    pub phase: String,
    /// The part that is starting; empty if none is.
    #[serde(default)]
    pub feature: String,
    /// How far recovery has come in the log.
    #[serde(default)]
    pub recovery_tick: u64,
}
