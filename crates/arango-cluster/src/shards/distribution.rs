//! Reading the placement of shards.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use crate::shards::ShardDistribution;

/// Reads the planned and current placement of the shards of all collections.
///
/// Only collections of the database of the request are included.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShardDistribution;

impl Operation for GetShardDistribution {
    type Output = ShardDistribution;

    const METADATA: Metadata =
        Metadata::get("cluster.shard_distribution", "/_admin/cluster/shardDistribution")
            .scope(Scope::Database)
            .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ShardDistribution, OutputError> {
        response.json()
    }
}

/// Reads the placement of the shards of one collection, with sync progress.
///
/// Shards that are out of sync have their progress. The server makes the leaders count, for up to two seconds.
///
/// # Errors
///
/// 404 with error 1203 if there is no such collection; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCollectionShardDistribution<'a> {
    /// The collection, by its name or its id.
    pub collection: &'a str,
}

impl Operation for GetCollectionShardDistribution<'_> {
    type Output = ShardDistribution;

    // The server also accepts a `PUT` with the name in the body, with the same response.
    const METADATA: Metadata =
        Metadata::get("cluster.collection_shard_distribution", "/_admin/cluster/collectionShardDistribution")
            .scope(Scope::Database)
            .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.collection.is_empty() {
            return Err(BuildError::Field { field: "collection", reason: "is empty" });
        }
        RequestBuilder::new(Self::METADATA).query("collection", self.collection).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ShardDistribution, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    const BODY: &str = r#"{"error":false,"code":200,"results":{"orders":{
        "Plan":{"s1010001":{"leader":"DBServer0001","followers":["DBServer0002"]},
            "s1010002":{"leader":"DBServer0002","followers":["DBServer0003"],
                "progress":{"total":1000,"current":400,"followerPercent":40,"followersSyncing":1}}},
        "Current":{"s1010001":{"leader":"DBServer0001","followers":["DBServer0002"]},
            "s1010002":{"leader":"DBServer0002","followers":[]}}}}}"#;

    #[test]
    fn plan_and_current_are_distinguished() {
        assert_request(&GetShardDistribution, "GET", "/_admin/cluster/shardDistribution");
        let all = read(&GetShardDistribution, BODY);
        let orders = &all.collections["orders"];
        assert_eq!(orders.plan["s1010001"], orders.current["s1010001"]);
        assert_eq!(orders.plan["s1010002"].followers, ["DBServer0003".into()]);
        assert!(orders.current["s1010002"].followers.is_empty());
        assert!(!orders.is_in_sync() && !all.is_in_sync());
    }

    #[test]
    fn progress_is_read_for_out_of_sync_shards() {
        let operation = GetCollectionShardDistribution { collection: "a&b" };
        assert_request(&operation, "GET", "/_admin/cluster/collectionShardDistribution?collection=a%26b");
        assert_rejected(&GetCollectionShardDistribution { collection: "" }, "`collection` is empty");
        let plan = &read(&operation, BODY).collections["orders"].plan;
        assert_eq!(plan["s1010001"].progress, None);
        let progress = plan["s1010002"].progress.as_ref().unwrap();
        assert_eq!((progress.total, progress.current), (1000, 400));
        assert_eq!((progress.follower_percent, progress.followers_syncing), (Some(40.0), Some(1)));

        let old = BODY.replace(r#","followerPercent":40,"followersSyncing":1"#, r#","followerPercent":null"#);
        let plan = &read(&operation, &old).collections["orders"].plan;
        let progress = plan["s1010002"].progress.as_ref().unwrap();
        assert_eq!((progress.follower_percent, progress.followers_syncing), (None, None));
    }

    #[test]
    fn followers_in_another_order_are_in_sync_and_a_shard_that_is_missing_is_not() {
        let shards = |current: &str| {
            let body = format!(
                r#"{{"results":{{"c":{{"Plan":{{"s1":{{"leader":"A","followers":["B","C"]}}}},"Current":{current}}}}}}}"#
            );
            read(&GetShardDistribution, &body)
        };
        assert!(shards(r#"{"s1":{"leader":"A","followers":["C","B"]}}"#).is_in_sync());
        for current in [
            "{}",
            r#"{"s1":{"leader":"A","followers":["B"]}}"#,
            r#"{"s1":{"leader":"B","followers":["A","C"]}}"#,
            r#"{"s1":{"leader":"A","followers":["B","C","D"]}}"#,
        ] {
            assert!(!shards(current).is_in_sync(), "{current}");
        }
    }
}
