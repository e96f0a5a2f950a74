//! How the server that answers sees itself.

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{FoxxStatus, ServerId, ServerStatus, product};

/// How a server sees itself. What is optional is not told by every version and role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusReport {
    /// Always `arango`.
    #[serde(deserialize_with = "product::arango")]
    pub server: String,
    /// `community` or `enterprise`; since 3.12.5 every package says `enterprise`.
    #[serde(default)]
    pub license: String,
    /// Such as `3.12.7-2`.
    pub version: Option<String>,
    /// The id of its process.
    pub pid: Option<u64>,
    /// `server`, or `console`. Gone since 4.0.
    pub mode: Option<String>,
    /// The same as [`mode`](Self::mode), under a later name. Gone since 4.0.
    pub operation_mode: Option<String>,
    /// Whether Foxx services may be managed. Gone since 4.0.
    pub foxx_api: Option<bool>,
    /// What tells the machine (or container) it runs on.
    pub host: Option<String>,
    /// The name of the machine.
    pub hostname: Option<String>,
    /// What it is and what it is doing.
    pub server_info: ServerStatus,
    /// What coordinators say of Foxx. Gone since 4.0.
    pub coordinator: Option<FoxxStatus>,
    /// Where it finds the agency; servers of a cluster say so once they have started.
    pub agency: Option<AgencyStatus>,
    /// What only an agent says.
    pub agent: Option<AgentStatus>,
}

/// Where a server finds the agency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyStatus {
    /// How it speaks to the agency.
    pub agency_comm: AgencyConnection,
}

/// How a server speaks to the agency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AgencyConnection {
    /// Where it finds each agent, such as `tcp://10.0.0.31:8531`.
    pub endpoints: Vec<String>,
}

/// What only an agent says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentStatus {
    /// The term of the agency's elections.
    pub term: u64,
    /// Its id.
    pub id: ServerId,
    /// Where it is.
    pub endpoint: String,
    /// Whom it takes for the leader, empty if nobody.
    pub leader_id: ServerId,
    /// Whether it leads.
    pub leading: bool,
}

/// Asks the server that answers how it sees itself.
///
/// # Errors
///
/// 403 if the server is hardened and the user is no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatus;

impl Operation for GetStatus {
    type Output = StatusReport;

    const METADATA: Metadata = Metadata::get("server.status", "/_admin/status").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<StatusReport, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};
    use crate::{ServerRole, ServerState};

    #[test]
    fn a_coordinator_tells_how_it_sees_itself() {
        assert_asks(&GetStatus, "GET", "/_admin/status");
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
    fn a_server_that_is_starting_tells_less_and_so_does_a_newer_one() {
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
    fn an_agent_tells_of_elections() {
        let status = read(
            &GetStatus,
            r#"{"server":"arango","serverInfo":{"role":"AGENT","persistedId":"AGNT-1"},"agent":{"term":2,"id":"AGNT-1",
                "endpoint":"tcp://10.0.0.31:8531","leaderId":"AGNT-1","leading":true}}"#,
        );
        let agent = status.agent.unwrap();
        assert_eq!((agent.term, agent.leading, agent.leader_id), (2, true, "AGNT-1".into()));
    }
}
