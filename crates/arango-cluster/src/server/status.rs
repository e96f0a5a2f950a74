//! The status report of a server.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Scope};
use serde::{Deserialize, Serialize};

use crate::server::{FoxxStatus, ServerId, ServerStatus};
use crate::types::product_name;

/// The status report of a server.
///
/// Version and role decide which optional fields are present.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusReport {
    /// Always `arango`.
    #[serde(deserialize_with = "product_name::require_arango")]
    pub server: String,
    /// `community` or `enterprise`; since 3.12.5 every package reports `enterprise`.
    #[serde(default)]
    pub license: String,
    /// The version, such as `3.12.7-2`.
    pub version: Option<String>,
    /// The id of its process.
    pub pid: Option<u64>,
    /// `server`, or `console`. Removed in 4.0.
    pub mode: Option<String>,
    /// The same as [`mode`](Self::mode), under a later name. Removed in 4.0.
    pub operation_mode: Option<String>,
    /// Whether Foxx services can be managed. Removed in 4.0.
    pub foxx_api: Option<bool>,
    /// An identifier of the machine (or container).
    pub host: Option<String>,
    /// The host name of the machine.
    pub hostname: Option<String>,
    /// Role and state.
    pub server_info: ServerStatus,
    /// The Foxx status of coordinators. Removed in 4.0.
    pub coordinator: Option<FoxxStatus>,
    /// The connection to the agency.
    ///
    /// Present on servers of a cluster once they have started.
    pub agency: Option<AgencyStatus>,
    /// The status of an agent; only on agents.
    pub agent: Option<AgentStatus>,
}

/// The connection of a server to the agency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyStatus {
    /// The connection.
    pub agency_comm: AgencyConnection,
}

/// The endpoints of the agency known to a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AgencyConnection {
    /// The endpoint of each agent, such as `tcp://10.0.0.31:8531`.
    pub endpoints: Vec<String>,
}

/// The status of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentStatus {
    /// The election term.
    pub term: u64,
    /// Its id.
    pub id: ServerId,
    /// Its endpoint.
    pub endpoint: String,
    /// The leader as seen by this agent, empty if there is none.
    pub leader_id: ServerId,
    /// Whether it is the leader.
    pub leading: bool,
}

/// Reads the status report of the responding server.
///
/// # Errors
///
/// 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatus;

impl Operation for GetStatus {
    type Output = StatusReport;

    const METADATA: Metadata = Metadata::get("server.status", "/_admin/status").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<StatusReport, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{ServerRole, ServerState};
    use crate::testing::{assert_request, read};

    #[test]
    fn the_status_of_a_coordinator_is_read() {
        assert_request(&GetStatus, "GET", "/_admin/status");
        let status = read(
            &GetStatus,
            r#"{"server":"arango","license":"enterprise","version":"3.12.5","pid":1,"mode":"server",
                "operationMode":"server","foxxApi":true,"host":"0f4c","hostname":"crdn1",
                "serverInfo":{"progress":{"phase":"in wait","feature":"","recoveryTick":1234},
                    "maintenance":false,"role":"COORDINATOR","writeOpsEnabled":true,"readOnly":false,
                    "persistedId":"CRDN-1","rebootId":3,"address":"tcp://10.0.0.11:8529",
                    "serverId":"CRDN-1","state":"SERVING"},
                "coordinator":{"foxxmaster":["CRDN-2"],"isFoxxmaster":[false]},
                "agency":{"agencyComm":{"endpoints":["tcp://10.0.0.31:8531"]}}}"#,
        );
        assert_eq!((status.pid, status.foxx_api), (Some(1), Some(true)));
        assert_eq!(status.server_info.reboot_id, Some(3));
        assert_eq!(status.server_info.role, Some(ServerRole::Coordinator));
        assert_eq!(status.server_info.state, Some(ServerState::Serving));
        assert_eq!(status.server_info.progress.unwrap().recovery_tick, 1234);
        assert_eq!(status.coordinator.unwrap().foxxmaster, Some("CRDN-2".into()));
        assert_eq!(status.agency.unwrap().agency_comm.endpoints, ["tcp://10.0.0.31:8531"]);
    }

    #[test]
    fn starting_and_newer_servers_omit_fields() {
        let status = read(
            &GetStatus,
            r#"{"server":"arango","version":"4.0.0","pid":1,"serverInfo":{"role":"COORDINATOR",
                "progress":{"phase":"in start","feature":"RocksDB"},"maintenance":true,"readOnly":false}}"#,
        );
        assert!(status.server_info.maintenance);
        assert_eq!((status.mode, status.operation_mode, status.coordinator), (None, None, None));
        assert_eq!((status.server_info.reboot_id, status.server_info.write_ops_enabled), (None, None));
    }

    #[test]
    fn the_status_of_an_agent_has_election_data() {
        let status = read(
            &GetStatus,
            r#"{"server":"arango","serverInfo":{"role":"AGENT","persistedId":"AGNT-1"},"agent":{"term":2,"id":"AGNT-1",
                "endpoint":"tcp://10.0.0.31:8531","leaderId":"AGNT-1","leading":true}}"#,
        );
        let agent = status.agent.unwrap();
        assert_eq!((agent.term, agent.leading, agent.leader_id), (2, true, "AGNT-1".into()));
    }
}
