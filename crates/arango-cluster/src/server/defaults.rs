//! What a new database is made with.

use std::fmt;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::open_enum::{open_enum, unsaid};

/// How many copies of each shard there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicationFactor {
    /// This many, the leader among them.
    Copies(u64),
    /// One on each DB-Server.
    Satellite,
    /// A word this version of the crate does not know, as the server wrote it.
    Unknown(String),
}

impl<'de> Deserialize<'de> for ReplicationFactor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountOrWord)
    }
}

struct CountOrWord;

impl Visitor<'_> for CountOrWord {
    type Value = ReplicationFactor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a word")
    }

    fn visit_u64<E>(self, copies: u64) -> Result<ReplicationFactor, E> {
        Ok(ReplicationFactor::Copies(copies))
    }

    fn visit_str<E>(self, word: &str) -> Result<ReplicationFactor, E> {
        Ok(match word {
            "satellite" => ReplicationFactor::Satellite,
            other => ReplicationFactor::Unknown(other.to_owned()),
        })
    }
}

open_enum! {
    /// How the collections of a database are sharded.
    ///
    /// The server's word for the usual way is the empty one, which is also what a word that is missing is taken for.
    pub enum DatabaseSharding {
        /// Each as it says itself.
        Flexible = "" | "flexible",
        /// All of them in one shard each, on the same DB-Server.
        Single = "single",
    }
}

/// What a new database is made with where nobody says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DatabaseDefaults {
    /// How many copies of each shard there are.
    pub replication_factor: ReplicationFactor,
    /// How many of them a write waits for.
    pub write_concern: u64,
    /// How collections are sharded.
    #[serde(default = "unsaid")]
    pub sharding: DatabaseSharding,
    /// Which protocol copies are kept by. Told by newer servers only.
    pub replication_version: Option<String>,
}

/// Asks what a new database is made with where nobody says otherwise.
///
/// # Errors
///
/// 401 if nobody is logged in, or the user has no right to the database that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetDatabaseDefaults;

impl Operation for GetDatabaseDefaults {
    type Output = DatabaseDefaults;

    const METADATA: Metadata = Metadata::get("cluster.database_defaults", "/_admin/server/databaseDefaults");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<DatabaseDefaults, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read, response};

    #[test]
    fn defaults_of_old_and_new_servers_are_read() {
        assert_asks(&GetDatabaseDefaults, "GET", "/_admin/server/databaseDefaults");
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
