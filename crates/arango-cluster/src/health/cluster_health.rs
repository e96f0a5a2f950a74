//! The records of all servers.

use arango_protocol::{ApiResponse, DecodeError};
use serde::{Deserialize, Deserializer};

use super::records::{Exact, Records};
use crate::{ServerHealth, ServerId, ServerRole};

/// How every server of the cluster is, in the order of their ids.
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ClusterHealth {
    /// The id of the cluster, a UUID.
    #[serde(rename = "ClusterId", default, deserialize_with = "empty_if_null")]
    pub cluster_id: String,
    #[serde(rename = "Health")]
    records: Records,
}

/// Health whose records all are as they should be.
#[derive(Deserialize)]
struct ExactHealth {
    #[serde(rename = "ClusterId", default)]
    cluster_id: String,
    #[serde(rename = "Health")]
    records: Exact,
}

impl ClusterHealth {
    /// Reads an answer: at once if all of it fits, else record by record, which costs twice as much.
    pub(super) fn of(response: &ApiResponse) -> Result<Self, DecodeError> {
        match response.json::<ExactHealth>() {
            Ok(ExactHealth { cluster_id, records }) => Ok(Self { cluster_id, records: records.into() }),
            Err(_) => response.json(),
        }
    }

    /// All servers, in the order of their ids: agents, coordinators, DB-Servers.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = (&ServerId, &ServerHealth)> {
        self.records.servers.iter().map(|(id, server)| (id, server))
    }

    /// The coordinators, in the order of their ids.
    pub fn coordinators(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of_role(ServerRole::Coordinator)
    }

    /// The DB-Servers, in the order of their ids.
    pub fn db_servers(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of_role(ServerRole::DbServer)
    }

    /// The agents, in the order of their ids.
    pub fn agents(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of_role(ServerRole::Agent)
    }

    /// One server; `None` if it has no record, as one that is just joining.
    pub fn get(&self, id: &ServerId) -> Option<&ServerHealth> {
        let at = self.records.servers.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(&self.records.servers[at].1)
    }

    /// What could not be read: the server, and which field of its record is of another type than it should be, or that the
    /// record is none.
    ///
    /// The server is among the [others](Self::servers) all the same, with what could be read. Its role is then told by its
    /// id, and a status that could not be read is [`Unknown`](crate::HealthStatus::Unknown), which is not good.
    pub fn unreadable(&self) -> impl ExactSizeIterator<Item = (&ServerId, &str)> {
        self.records.unreadable.iter().map(|(id, reason)| (id, reason.as_str()))
    }

    /// Whether every server that has a record is good. A server that is missing is not missed.
    pub fn all_good(&self) -> bool {
        self.records.servers.iter().all(|(_, server)| server.is_good())
    }

    fn of_role(&self, role: ServerRole) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.servers().filter(move |(_, server)| server.role == role)
    }
}

fn empty_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
