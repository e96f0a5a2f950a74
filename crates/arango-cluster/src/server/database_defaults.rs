//! Defaults of new databases.

use arango_protocol::values::empty_value;
use arango_protocol::{ApiResponse, DatabaseSharding, Metadata, Operation, OutputError, ReplicationFactor};
use serde::{Deserialize, Serialize};

/// The defaults of new databases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
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

    #[inline]
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
