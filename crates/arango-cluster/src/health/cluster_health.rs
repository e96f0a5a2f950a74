//! The records of all servers.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

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
    #[serde(rename = "ClusterId", default)]
    pub cluster_id: String,
    #[serde(rename = "Health", deserialize_with = "sorted")]
    records: Vec<(ServerId, ServerHealth)>,
}

impl ClusterHealth {
    /// All servers, in the order of their ids: agents, coordinators, DB-Servers.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = (&ServerId, &ServerHealth)> {
        self.records.iter().map(|(id, server)| (id, server))
    }

    /// The coordinators, in the order of their ids.
    pub fn coordinators(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of(ServerRole::Coordinator)
    }

    /// The DB-Servers, in the order of their ids.
    pub fn db_servers(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of(ServerRole::DbServer)
    }

    /// The agents, in the order of their ids.
    pub fn agents(&self) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.of(ServerRole::Agent)
    }

    /// One server; `None` if it has no record, as one that is just joining.
    pub fn get(&self, id: &ServerId) -> Option<&ServerHealth> {
        let at = self.records.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(&self.records[at].1)
    }

    /// Whether every server that has a record is good. A server that is missing is not missed.
    pub fn all_good(&self) -> bool {
        self.records.iter().all(|(_, server)| server.is_good())
    }

    fn of(&self, role: ServerRole) -> impl Iterator<Item = (&ServerId, &ServerHealth)> {
        self.servers().filter(move |(_, server)| server.role == role)
    }
}

// The server's order is unspecified. Sorting a vector once costs less than keeping a tree, and is
// nothing where the server happened to keep the order.
fn sorted<'de, D>(deserializer: D) -> Result<Vec<(ServerId, ServerHealth)>, D::Error>
where
    D: Deserializer<'de>,
{
    let mut records = deserializer.deserialize_map(Records)?;
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(records)
}

struct Records;

impl<'de> Visitor<'de> for Records {
    type Value = Vec<(ServerId, ServerHealth)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of servers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut records = Vec::with_capacity(map.size_hint().unwrap_or(16).min(1024));
        while let Some(record) = map.next_entry()? {
            records.push(record);
        }
        Ok(records)
    }
}
