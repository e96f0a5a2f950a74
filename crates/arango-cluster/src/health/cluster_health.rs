//! The health records of all servers.

use arango_protocol::{ApiResponse, OutputError};
use serde::{Deserialize, Deserializer, Serialize};

use super::records::{ExactRecords, Records};
use crate::health::ServerHealth;
use crate::server::{ServerId, ServerRole};

/// The health of every server of the cluster, ordered by server id.
///
/// ```
/// use arango_cluster::{ClusterHealth, HealthStatus};
///
/// let health: ClusterHealth = serde_json::from_str(
///     r#"{"ClusterId":"9a1f","Health":{"CRDN-1":{"Role":"Coordinator","Status":"BAD"}}}"#,
/// )?;
/// for (id, server) in health.servers() {
///     println!("{id} {} {}", server.role, server.status);
/// }
/// assert!(!health.all_good());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ClusterHealth {
    /// The id of the cluster, a UUID.
    #[serde(rename = "ClusterId", default, deserialize_with = "empty_if_null")]
    pub cluster_id: String,
    #[serde(rename = "Health")]
    records: Records,
}

/// Health whose records are all valid.
#[derive(Deserialize)]
struct ExactHealth {
    #[serde(rename = "ClusterId", default)]
    cluster_id: String,
    #[serde(rename = "Health")]
    records: ExactRecords,
}

impl ClusterHealth {
    /// Decodes a response: in one pass if all records are valid, else record by record, which costs twice as much.
    pub(super) fn from_response(response: &ApiResponse) -> Result<Self, OutputError> {
        match response.json::<ExactHealth>() {
            Ok(ExactHealth { cluster_id, records }) => Ok(Self { cluster_id, records: records.into() }),
            Err(_) => response.json(),
        }
    }

    /// Returns all servers, ordered by id: agents, coordinators, DB-Servers.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = (&ServerId, &ServerHealth)> {
        self.records.servers.iter().map(|(id, server)| (id, server))
    }

    /// Returns the coordinators, ordered by id.
    pub fn coordinators(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.with_role(ServerRole::Coordinator)
    }

    /// Returns the DB-Servers, ordered by id.
    pub fn db_servers(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.with_role(ServerRole::DbServer)
    }

    /// Returns the agents, ordered by id.
    pub fn agents(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.with_role(ServerRole::Agent)
    }

    /// Returns one server, or `None` if it has no record.
    ///
    /// A server has no record, for example, while it is joining.
    #[inline]
    pub fn get(&self, id: &ServerId) -> Option<&ServerHealth> {
        let at = self.records.servers.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(&self.records.servers[at].1)
    }

    /// Returns what could not be decoded.
    ///
    /// Each item names the server, and the invalid field or record. The server is still listed among
    /// [all](Self::servers), with the fields that could be decoded. Its role is then derived from its id, and a status
    /// that could not be decoded is [`Unknown`](crate::HealthStatus::Unknown), which is not good.
    #[inline]
    pub fn unreadable(&self) -> impl ExactSizeIterator<Item = (&ServerId, &str)> {
        self.records.unreadable.iter().map(|(id, reason)| (id, reason.as_str()))
    }

    /// Returns whether every server with a record is good.
    ///
    /// Missing servers are ignored.
    #[inline]
    pub fn all_good(&self) -> bool {
        self.records.servers.iter().all(|(_, server)| server.is_good())
    }

    fn with_role(&self, role: ServerRole) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.servers().filter(move |(_, server)| server.role == role)
    }
}

fn empty_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
