//! Moving one shard.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::jobs::Scheduled;
use crate::{JobId, ServerId, ShardMove};

/// Begins to move one copy of a shard from one DB-Server to another.
///
/// The answer is a [job](crate::GetAgencyJob). Whether the other DB-Server has a copy already is not looked at: then the
/// job fails. Collections that are sharded like another follow it, and cannot be moved themselves.
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
/// 404 with error 404 if there is no such database, collection, DB-Server or shard, or if the shard does not lie there;
/// 403 if the collection is sharded like another, or if the user may not write to it. 500 if the agency does not take
/// the job within 20 seconds.
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
    /// Moves the copy that `from` has of a shard to `to`. If it leads, `from` stays as a follower.
    ///
    /// The collection is named by its name or its id, DB-Servers by their ids or short names.
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

    /// One move of a [plan](crate::RebalancePlan), as a job whose id is told.
    ///
    /// Plans reckon with a leader that gives up its copy to a DB-Server that has none, and changes places with one that
    /// has: of the first kind a move is only with [`leaving_no_follower`](Self::leaving_no_follower), which a plan does
    /// not say.
    pub fn of(planned: &'a ShardMove) -> Self {
        Self::new(&planned.collection, &planned.shard, &planned.from, &planned.to)
            .in_database(&planned.database)
    }

    /// Names the database of the collection. Default: that under whose path it is asked.
    #[must_use]
    pub fn in_database(mut self, name: &'a str) -> Self {
        self.database = Some(name);
        self
    }

    /// Lets the DB-Server give up its copy, also if it led. Default: who led stays as a follower, and who followed does
    /// not.
    #[must_use]
    pub fn leaving_no_follower(mut self) -> Self {
        self.remains_follower = false;
        self
    }

    /// Has the supervision try to undo the move later on. Default: not. Servers before late 3.12 pass over it; the first
    /// that knows it is not documented.
    #[must_use]
    pub fn to_be_undone(mut self) -> Self {
        self.try_undo = true;
        self
    }

    /// The shard that is moved.
    pub fn shard(&self) -> &str {
        self.shard
    }

    /// The DB-Server that it is moved from, as it was named.
    pub fn from(&self) -> &ServerId {
        self.from_server
    }

    /// The DB-Server that it is moved to, as it was named.
    pub fn to(&self) -> &ServerId {
        self.to_server
    }

    fn checked(&self) -> Result<&Self, BuildError> {
        let texts = [("database", self.database.unwrap_or("_")), ("collection", self.collection)];
        for (field, text) in texts.into_iter().chain([("shard", self.shard)]) {
            if text.is_empty() {
                return Err(BuildError::Field { field, reason: "is empty" });
            }
        }
        self.from_server.given_or_short("from")?;
        self.to_server.given_or_short("to")?;
        Ok(self)
    }
}

impl Operation for MoveShard<'_> {
    type Output = JobId;

    const METADATA: Metadata =
        Metadata::post("cluster.move_shard", "/_admin/cluster/moveShard").permission(Permission::Write); // not idempotent: each time is a job of its own

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.checked()?).build()
    }

    fn output(&self, response: ApiResponse) -> Result<JobId, DecodeError> {
        response.json::<Scheduled>().map(|scheduled| scheduled.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, assert_sends, response};

    const PATH: &str = "/_admin/cluster/moveShard";

    #[test]
    fn a_move_is_sent_with_what_is_said_of_it() {
        let (a, b) = (ServerId::from("PRMR-a"), ServerId::from("PRMR-b"));
        let plain = MoveShard::new("orders", "s1", &a, &b);
        assert_sends(
            &plain,
            "POST",
            PATH,
            r#"{"collection":"orders","shard":"s1","fromServer":"PRMR-a","toServer":"PRMR-b","remainsFollower":true}"#,
        );
        let all = plain.in_database("shop").leaving_no_follower().to_be_undone();
        assert_sends(
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
    fn a_move_of_a_plan_can_be_made_alone() {
        let planned = ShardMove {
            from: "PRMR-a".into(),
            to: "PRMR-b".into(),
            shard: "s1".to_owned(),
            collection: "1010001".to_owned(),
            database: "shop".to_owned(),
            is_leader: true,
        };
        let alone = MoveShard::of(&planned);
        let same = MoveShard::new("1010001", "s1", &planned.from, &planned.to).in_database("shop");
        assert_eq!(alone, same);
    }

    #[test]
    fn what_is_not_named_is_refused_by_name() {
        let (a, nobody) = (ServerId::from("PRMR-a"), ServerId::from(""));
        assert_refuses(&MoveShard::new("", "s1", &a, &a), "`collection` is empty");
        assert_refuses(&MoveShard::new("c", "", &a, &a), "`shard` is empty");
        assert_refuses(&MoveShard::new("c", "s1", &nobody, &a), "`from` is empty");
        assert_refuses(&MoveShard::new("c", "s1", &a, &nobody), "`to` is empty");
        assert_refuses(&MoveShard::new("c", "s1", &a, &a).in_database(""), "`database` is empty");
    }
}
