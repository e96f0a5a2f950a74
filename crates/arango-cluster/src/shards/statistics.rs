//! Numbers of shards.

use std::collections::BTreeMap;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::server::ServerId;

const PATH: &str = "/_admin/cluster/shardStatistics";

/// Numbers of shards: in total, of one database or of one DB-Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShardStatistics {
    /// The number of databases.
    #[serde(default)]
    pub databases: u64,
    /// The number of collections.
    #[serde(default)]
    pub collections: u64,
    /// The number of shards, without copies.
    pub shards: u64,
    /// The number of leaders.
    pub leaders: u64,
    /// The number of leaders of collections not sharded like another one.
    #[serde(default)]
    pub real_leaders: u64,
    /// The number of followers.
    pub followers: u64,
    /// The number of DB-Servers that hold them. Only in the total.
    pub servers: Option<u64>,
}

/// Reads the numbers of shards, in total or on one DB-Server.
///
/// Always sent in the database `_system`.
///
/// # Errors
///
/// 400 with error 10 if there is no such DB-Server; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatistics<'a> {
    /// The DB-Server, **by its id**; a short name is not accepted.
    ///
    /// `None`: all of them.
    pub server: Option<&'a ServerId>,
}

impl Operation for GetShardStatistics<'_> {
    type Output = ShardStatistics;

    const METADATA: Metadata =
        Metadata::get("cluster.shard_statistics", PATH).system_only().permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        match self.server {
            Some(server) => builder.query("DBserver", server.checked_id("server")?.as_str()),
            None => builder,
        }
        .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ShardStatistics, OutputError> {
        response.json_result()
    }
}

/// Reads the numbers of shards of each database.
///
/// Errors are those of [`GetShardStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatisticsByDatabase;

impl Operation for GetShardStatisticsByDatabase {
    type Output = BTreeMap<String, ShardStatistics>;

    const METADATA: Metadata = Metadata::get("cluster.shard_statistics_by_database", PATH)
        .system_only()
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("details", "true").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        response.json_result()
    }
}

/// Reads the numbers of shards on each DB-Server.
///
/// Errors are those of [`GetShardStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardStatisticsByServer;

impl Operation for GetShardStatisticsByServer {
    type Output = BTreeMap<ServerId, ShardStatistics>;

    const METADATA: Metadata =
        Metadata::get("cluster.shard_statistics_by_server", PATH).system_only().permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("DBserver", "all").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    const WHOLE: &str = r#"{"databases":2,"collections":14,"shards":30,"leaders":30,"realLeaders":12,"followers":29,"servers":3}"#;

    #[test]
    fn shards_are_counted_as_a_whole_and_in_parts() {
        let whole = GetShardStatistics::default();
        assert_request(&whole, "GET", PATH);
        let count = read(&whole, &format!(r#"{{"error":false,"code":200,"result":{WHOLE}}}"#));
        assert_eq!((count.databases, count.collections, count.shards), (2, 14, 30));
        assert_eq!(
            (count.leaders, count.real_leaders, count.followers, count.servers),
            (30, 12, 29, Some(3))
        );

        let server = ServerId::from("PRMR-1");
        let one = GetShardStatistics { server: Some(&server) };
        assert_request(&one, "GET", "/_admin/cluster/shardStatistics?DBserver=PRMR-1");
        assert_rejected(&GetShardStatistics { server: Some(&"".into()) }, "`server` is empty");

        assert_request(&GetShardStatisticsByDatabase, "GET", "/_admin/cluster/shardStatistics?details=true");
        let by =
            read(&GetShardStatisticsByDatabase, &format!(r#"{{"error":false,"result":{{"shop":{WHOLE}}}}}"#));
        assert_eq!(by["shop"], count);
        assert_request(&GetShardStatisticsByServer, "GET", "/_admin/cluster/shardStatistics?DBserver=all");
        let one = r#"{"error":false,"result":{"PRMR-1":{"shards":7,"leaders":3,"followers":4}}}"#;
        let by = read(&GetShardStatisticsByServer, one);
        assert_eq!((by[&server].shards, by[&server].leaders, by[&server].servers), (7, 3, None));
    }
}
