//! Defaults of new databases.

use std::fmt;

use arango_protocol::values::empty_value;
use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, open_enum};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

/// The number of copies of each shard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicationFactor {
    /// This many, including the leader.
    Copies(u64),
    /// One on each DB-Server.
    Satellite,
    /// A value unknown to this version of the crate.
    ///
    /// It is kept as the server wrote it.
    Unknown(String),
}

impl<'de> Deserialize<'de> for ReplicationFactor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReplicationFactorVisitor)
    }
}

struct ReplicationFactorVisitor;

impl Visitor<'_> for ReplicationFactorVisitor {
    type Value = ReplicationFactor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_u64<E>(self, copies: u64) -> Result<ReplicationFactor, E> {
        Ok(ReplicationFactor::Copies(copies))
    }

    fn visit_str<E>(self, value: &str) -> Result<ReplicationFactor, E> {
        Ok(match value {
            "satellite" => ReplicationFactor::Satellite,
            other => ReplicationFactor::Unknown(other.to_owned()),
        })
    }
}

open_enum! {
    /// The sharding of a database's collections.
    ///
    /// The server writes the default as an empty string; a missing value counts as the default too.
    pub enum DatabaseSharding {
        /// Each collection has its own sharding.
        Flexible = "" | "flexible",
        /// All collections have one shard each, on the same DB-Server.
        Single = "single",
    }
}

/// The defaults of new databases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DatabaseDefaults {
    /// The number of copies of each shard.
    pub replication_factor: ReplicationFactor,
    /// The number of copies that a write waits for.
    pub write_concern: u64,
    /// The sharding of collections.
    #[serde(default = "empty_value")]
    pub sharding: DatabaseSharding,
    /// The version of the replication protocol. Only from newer servers.
    pub replication_version: Option<String>,
}

/// Reads the defaults of new databases.
///
/// # Errors
///
/// 401 without a login, or if the user has no access to the database of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetDatabaseDefaults;

impl Operation for GetDatabaseDefaults {
    type Output = DatabaseDefaults;

    const METADATA: Metadata = Metadata::get("cluster.database_defaults", "/_admin/server/databaseDefaults");

    fn output(&self, response: ApiResponse) -> Result<DatabaseDefaults, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn defaults_of_old_and_new_servers_are_read() {
        assert_request(&GetDatabaseDefaults, "GET", "/_admin/server/databaseDefaults");
        let old = read(&GetDatabaseDefaults, r#"{"replicationFactor":1,"writeConcern":1,"sharding":""}"#);
        assert_eq!((old.replication_factor, old.write_concern), (ReplicationFactor::Copies(1), 1));
        assert_eq!((old.sharding, old.replication_version), (DatabaseSharding::Flexible, None));
        let new = read(
            &GetDatabaseDefaults,
            r#"{"replicationFactor":"satellite","writeConcern":2,"sharding":"single","replicationVersion":"1"}"#,
        );
        assert_eq!(new.replication_factor, ReplicationFactor::Satellite);
        assert_eq!(new.sharding, DatabaseSharding::Single);
        assert_eq!(new.replication_version.as_deref(), Some("1"));
        let newer = read(&GetDatabaseDefaults, r#"{"replicationFactor":"many","writeConcern":2}"#);
        assert_eq!(newer.replication_factor, ReplicationFactor::Unknown("many".to_owned()));
        let fault = GetDatabaseDefaults.output(response(200, r#"{"replicationFactor":[],"writeConcern":2}"#));
        assert_eq!(fault.unwrap_err().path(), "replicationFactor");
    }
}
