//! How many shards there are.

use std::collections::BTreeMap;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::ServerId;

const PATH: &str = "/_admin/cluster/shardStatistics";

/// How many shards there are. Where one database or DB-Server is told of, it is how many of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShardStatistics {
    /// How many databases.
    #[serde(default)]
    pub databases: u64,
    /// How many collections.
    #[serde(default)]
    pub collections: u64,
    /// How many shards, copies not counted.
    pub shards: u64,
    /// How many of the copies lead.
    pub leaders: u64,
    /// How many of those are of collections that are not sharded like another.
    #[serde(default)]
    pub real_leaders: u64,
    /// How many of the copies follow.
    pub followers: u64,
    /// How many DB-Servers hold them. Told of the whole.
    pub servers: Option<u64>,
}

/// Asks how many shards there are, as a whole or on one DB-Server.
///
/// Sent in the database `_system`, whichever the handle is of.
///
/// # Errors
///
/// 400 with error 10 if there is no such DB-Server; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatistics<'a> {
    /// The DB-Server, **by its id**: a short name will not do. `None` is all of them.
    pub server: Option<&'a ServerId>,
}

impl Operation for GetShardStatistics<'_> {
    type Output = ShardStatistics;

    const METADATA: Metadata =
        Metadata::get("cluster.shard_statistics", PATH).system_only().permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA);
        match self.server {
            Some(server) => draft.query("DBserver", server.given("server")?.as_str()),
            None => draft,
        }
        .build()
    }

    fn output(&self, response: ApiResponse) -> Result<ShardStatistics, DecodeError> {
        response.json_result()
    }
}

/// Asks how many shards each database has. Errors are those of [`GetShardStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatisticsByDatabase;

impl Operation for GetShardStatisticsByDatabase {
    type Output = BTreeMap<String, ShardStatistics>;

    const METADATA: Metadata = Metadata::get("cluster.shard_statistics_by_database", PATH)
        .system_only()
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("details", "true").build()
    }

    fn output(&self, response: ApiResponse) -> Result<Self::Output, DecodeError> {
        response.json_result()
    }
}

/// Asks how many shards each DB-Server holds. Errors are those of [`GetShardStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatisticsByServer;

impl Operation for GetShardStatisticsByServer {
    type Output = BTreeMap<ServerId, ShardStatistics>;

    const METADATA: Metadata =
        Metadata::get("cluster.shard_statistics_by_server", PATH).system_only().permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("DBserver", "all").build()
    }

    fn output(&self, response: ApiResponse) -> Result<Self::Output, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, read};

    const WHOLE: &str = r#"{"databases":2,"collections":14,"shards":30,"leaders":30,"realLeaders":12,"followers":29,"servers":3}"#;

    #[test]
    fn shards_are_counted_as_a_whole_and_in_parts() {
        let whole = GetShardStatistics::default();
        assert_asks(&whole, "GET", PATH);
        let count = read(&whole, &format!(r#"{{"error":false,"code":200,"result":{WHOLE}}}"#));
        assert_eq!((count.databases, count.collections, count.shards), (2, 14, 30));
        assert_eq!(
            (count.leaders, count.real_leaders, count.followers, count.servers),
            (30, 12, 29, Some(3))
        );

        let server = ServerId::from("PRMR-1");
        let one = GetShardStatistics { server: Some(&server) };
        assert_asks(&one, "GET", "/_admin/cluster/shardStatistics?DBserver=PRMR-1");
        assert_refuses(&GetShardStatistics { server: Some(&"".into()) }, "`server` is empty");

        assert_asks(&GetShardStatisticsByDatabase, "GET", "/_admin/cluster/shardStatistics?details=true");
        let by =
            read(&GetShardStatisticsByDatabase, &format!(r#"{{"error":false,"result":{{"shop":{WHOLE}}}}}"#));
        assert_eq!(by["shop"], count);
        assert_asks(&GetShardStatisticsByServer, "GET", "/_admin/cluster/shardStatistics?DBserver=all");
        let one = r#"{"error":false,"result":{"PRMR-1":{"shards":7,"leaders":3,"followers":4}}}"#;
        let by = read(&GetShardStatisticsByServer, one);
        assert_eq!((by[&server].shards, by[&server].leaders, by[&server].servers), (7, 3, None));
    }
}
