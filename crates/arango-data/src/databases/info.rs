//! The properties of a database.

use arango_protocol::values::empty_value;
use arango_protocol::{
    ApiResponse, DatabaseSharding, Metadata, Operation, OutputError, ReplicationFactor, Scope,
};
use serde::{Deserialize, Serialize};

/// The properties of a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DatabaseInfo {
    /// The name.
    pub name: String,
    /// The id.
    pub id: String,
    /// Whether it is the database `_system`.
    #[serde(default)]
    pub is_system: bool,
    /// The sharding of its collections.
    #[serde(default = "empty_value")]
    pub sharding: DatabaseSharding,
    /// The default number of copies of each shard.
    pub replication_factor: Option<ReplicationFactor>,
    /// The default number of copies that must be in sync.
    pub write_concern: Option<u64>,
}

/// Returns the properties of the database of the request.
///
/// # Errors
///
/// 404 with error 1228 if it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCurrentDatabase;

impl Operation for GetCurrentDatabase {
    type Output = DatabaseInfo;

    const METADATA: Metadata =
        Metadata::get("database.current", "/_api/database/current").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DatabaseInfo, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read};

    #[test]
    fn a_database_of_any_version_is_read() {
        assert_request(&GetCurrentDatabase, "GET", "/_api/database/current");
        let body = r#"{"error":false,"code":200,"result":{"name":"shop","id":"1010123","path":"none","isSystem":false,
            "sharding":"","replicationFactor":"satellite","writeConcern":0}}"#;
        let database = read(&GetCurrentDatabase, body);
        assert_eq!(database.sharding, DatabaseSharding::Flexible);
        assert_eq!(database.replication_factor, Some(ReplicationFactor::Satellite));
        let short = r#"{"error":false,"code":200,"result":{"name":"shop","id":"1","sharding":"single"}}"#;
        assert_eq!(read(&GetCurrentDatabase, short).sharding, DatabaseSharding::Single);
    }

    #[test]
    fn a_database_is_written_under_the_names_of_the_server() {
        let body = r#"{"error":false,"code":200,"result":{"name":"shop","id":"1","isSystem":false,"sharding":"single",
            "replicationFactor":2,"writeConcern":1}}"#;
        let database = read(&GetCurrentDatabase, body);
        assert_written(&database, &[("/sharding", "single".into()), ("/replicationFactor", 2.into())]);
    }
}
