//! Moving a single shard.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::jobs::{JobId, Scheduled};
use crate::rebalance::ShardMove;
use crate::server::ServerId;

/// Starts to move one copy of a shard to another DB-Server.
///
/// The response contains the id of a [job](crate::GetAgencyJob). The server does not check whether the target already
/// has a copy: then the job fails. A collection that is sharded like another one is moved with it, and cannot be
/// moved itself.
///
/// ```
/// use arango_cluster::{MoveShard, ServerId};
///
/// let (from, to) = (ServerId::from("DBServer0001"), ServerId::from("DBServer0002"));
/// let job = MoveShard::new("orders", "s1010002", &from, &to).in_database("shop");
/// # let _ = job;
/// ```
///
/// # Errors
///
/// 404 with error 404 if there is no such database, collection, DB-Server or shard, or if the shard is not on the
/// source; 403 if the collection is sharded like another one, or if the user has no write access to it. 500 if the
/// agency does not accept the job within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveShard<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'a str>,
    collection: &'a str,
    shard: &'a str,
    from_server: &'a ServerId,
    to_server: &'a ServerId,
    remains_follower: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    try_undo: bool,
}

impl<'a> MoveShard<'a> {
    /// Moves the copy of a shard on `from` to `to`.
    ///
    /// A leader stays on `from` as a follower.
    ///
    /// The collection is given by its name or its id, DB-Servers by their ids or short names.
    pub fn new(collection: &'a str, shard: &'a str, from: &'a ServerId, to: &'a ServerId) -> Self {
        Self {
            database: None,
            collection,
            shard,
            from_server: from,
            to_server: to,
            remains_follower: true,
            try_undo: false,
        }
    }

    /// One move of a [plan](crate::RebalancePlan), as a job with a known id.
    ///
    /// A plan assumes that a leader gives up its copy if the target has none, and swaps roles if the target is a
    /// follower. A move of the first kind needs [`without_follower`](Self::without_follower), which the plan
    /// does not contain.
    pub fn from_plan(planned: &'a ShardMove) -> Self {
        Self::new(&planned.collection, &planned.shard, &planned.from, &planned.to)
            .in_database(&planned.database)
    }

    /// Sets the database of the collection. Default: the database of the request.
    #[must_use]
    pub fn in_database(mut self, name: &'a str) -> Self {
        self.database = Some(name);
        self
    }

    /// Removes the copy on the source even if it was the leader.
    ///
    /// Default: a leader stays as a follower, and a follower does not stay.
    #[must_use]
    pub fn without_follower(mut self) -> Self {
        self.remains_follower = false;
        self
    }

    /// Makes the supervision try to undo the move later. Default: not.
    ///
    /// Servers before late 3.12 ignore it; the first version that supports it is not documented.
    #[must_use]
    pub fn with_undo(mut self) -> Self {
        self.try_undo = true;
        self
    }

    /// Returns the shard to move.
    pub fn shard(&self) -> &str {
        self.shard
    }

    /// Returns the source DB-Server, as it was given.
    pub fn from(&self) -> &ServerId {
        self.from_server
    }

    /// Returns the target DB-Server, as it was given.
    pub fn to(&self) -> &ServerId {
        self.to_server
    }

    #[inline]
    fn checked(&self) -> Result<&Self, BuildError> {
        let texts = [("database", self.database.unwrap_or("_")), ("collection", self.collection)];
        for (field, text) in texts.into_iter().chain([("shard", self.shard)]) {
            if text.is_empty() {
                return Err(BuildError::Field { field, reason: "is empty" });
            }
        }
        self.from_server.checked_id_or_short_name("from")?;
        self.to_server.checked_id_or_short_name("to")?;
        Ok(self)
    }
}

impl Operation for MoveShard<'_> {
    type Output = JobId;

    // Not idempotent: each request creates another job.
    const METADATA: Metadata =
        Metadata::post("cluster.move_shard", "/_admin/cluster/moveShard").permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.checked()?).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<JobId, OutputError> {
        response.json::<Scheduled>().map(|scheduled| scheduled.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, response};

    const PATH: &str = "/_admin/cluster/moveShard";

    #[test]
    fn a_move_is_sent_with_its_options() {
        let (a, b) = (ServerId::from("PRMR-a"), ServerId::from("PRMR-b"));
        let plain = MoveShard::new("orders", "s1", &a, &b);
        assert_request_with_body(
            &plain,
            "POST",
            PATH,
            r#"{"collection":"orders","shard":"s1","fromServer":"PRMR-a","toServer":"PRMR-b","remainsFollower":true}"#,
        );
        let all = plain.in_database("shop").without_follower().with_undo();
        assert_request_with_body(
            &all,
            "POST",
            PATH,
            concat!(
                r#"{"database":"shop","collection":"orders","shard":"s1","fromServer":"PRMR-a","#,
                r#""toServer":"PRMR-b","remainsFollower":false,"tryUndo":true}"#
            ),
        );
        let id = plain.output(response(202, r#"{"error":false,"code":202,"id":"1234567"}"#)).unwrap();
        assert_eq!(id, "1234567".into());
    }

    #[test]
    fn a_planned_move_can_be_executed_individually() {
        let planned = ShardMove {
            from: "PRMR-a".into(),
            to: "PRMR-b".into(),
            shard: "s1".to_owned(),
            collection: "1010001".to_owned(),
            database: "shop".to_owned(),
            is_leader: true,
        };
        let alone = MoveShard::from_plan(&planned);
        let same = MoveShard::new("1010001", "s1", &planned.from, &planned.to).in_database("shop");
        assert_eq!(alone, same);
    }

    #[test]
    fn empty_names_are_rejected_by_field() {
        let (a, unnamed) = (ServerId::from("PRMR-a"), ServerId::from(""));
        assert_rejected(&MoveShard::new("", "s1", &a, &a), "`collection` is empty");
        assert_rejected(&MoveShard::new("c", "", &a, &a), "`shard` is empty");
        assert_rejected(&MoveShard::new("c", "s1", &unnamed, &a), "`from` is empty");
        assert_rejected(&MoveShard::new("c", "s1", &a, &unnamed), "`to` is empty");
        assert_rejected(&MoveShard::new("c", "s1", &a, &a).in_database(""), "`database` is empty");
    }
}
