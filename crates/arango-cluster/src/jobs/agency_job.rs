//! One job of the agency.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::open_enum::{open_enum, unsaid};
use crate::{JobId, ServerId, Timestamp};

open_enum! {
    /// How far a job of the agency has come.
    pub enum JobStatus {
        /// Waits: its shard or its servers may be busy.
        ToDo = "ToDo",
        /// Is being done.
        Pending = "Pending",
        /// Was done.
        Finished = "Finished",
        /// Could not be done, or was [cancelled](crate::CancelAgencyJob); [`AgencyJob::reason`] may tell why.
        Failed = "Failed",
    }
}

open_enum! {
    /// What a job of the agency does.
    ///
    /// The supervision makes jobs of its own too; their types are [`Unknown`](Self::Unknown) here.
    pub enum JobType {
        /// Moves one copy of a shard.
        MoveShard = "moveShard",
        /// Moves everything off a DB-Server.
        CleanOutServer = "cleanOutServer",
        /// Lets followers take over all that a DB-Server leads.
        ResignLeadership = "resignLeadership",
    }
}

/// One job of the agency.
///
/// It waits, is done, and then is finished or has failed; the supervision looks at it once a second.
/// Which of the optional fields there are depends on its type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyJob {
    /// Its id.
    #[serde(rename = "job")]
    pub id: JobId,
    /// How far it has come. **The server says of a failed job, too, that there was no error.**
    pub status: JobStatus,
    /// What it does.
    #[serde(rename = "type", default = "unsaid")]
    pub kind: JobType,
    /// Who wrote it down: the id of a coordinator.
    pub creator: Option<ServerId>,
    /// When it was written down.
    pub time_created: Option<Timestamp>,
    /// When it was begun. A job that fails before that has none.
    pub time_started: Option<Timestamp>,
    /// When it was finished or had failed.
    pub time_finished: Option<Timestamp>,
    /// Why it failed, for people; `Killed via API` after it was cancelled.
    pub reason: Option<String>,
    /// Whether somebody wants it [cancelled](crate::CancelAgencyJob).
    #[serde(default)]
    pub abort: bool,
    /// The DB-Server that is emptied, or resigns.
    pub server: Option<ServerId>,
    /// The database of the shard that is moved.
    pub database: Option<String>,
    /// The id of the collection of the shard that is moved.
    pub collection: Option<String>,
    /// The shard that is moved.
    pub shard: Option<String>,
    /// The DB-Server that it is moved from.
    pub from_server: Option<ServerId>,
    /// The DB-Server that it is moved to.
    pub to_server: Option<ServerId>,
    /// Whether it is the leading copy that is moved.
    pub is_leader: Option<bool>,
    /// Whether the one that led keeps its copy as a follower. Moves of a rebalance do not say.
    pub remains_follower: Option<bool>,
    /// Whether the move is to be undone later on. Moves of a rebalance do not say, nor do old servers.
    pub try_undo: Option<bool>,
}

impl AgencyJob {
    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        matches!(self.status, JobStatus::Finished | JobStatus::Failed)
    }
}

/// Asks how far a job of the agency has come.
///
/// Moves that a [rebalance](crate::Rebalance) begins cannot be asked for: their ids are not told.
///
/// # Errors
///
/// 404 if there is no such job. **A job that is over is forgotten after a while**, so 404 for one that has
/// been seen means that it is over, and that nobody knows how it ended. 403 without write access to
/// `_system`; 500 if the agency does not answer within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetAgencyJob<'a> {
    /// The job.
    pub id: &'a JobId,
}

impl Operation for GetAgencyJob<'_> {
    type Output = AgencyJob;

    const METADATA: Metadata =
        Metadata::get("cluster.agency_job", "/_admin/cluster/queryAgencyJob").permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.id.as_str().is_empty() {
            return Err(BuildError::Field { field: "id", reason: "is empty" });
        }
        RequestBuilder::new(Self::METADATA).query("id", self.id.as_str()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<AgencyJob, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, read, response};

    fn job(body: &str) -> AgencyJob {
        read(&GetAgencyJob { id: &"1234567".into() }, body)
    }

    #[test]
    fn a_job_is_asked_for_by_its_id() {
        let id = JobId::from("1234567");
        assert_asks(&GetAgencyJob { id: &id }, "GET", "/_admin/cluster/queryAgencyJob?id=1234567");
        assert_refuses(&GetAgencyJob { id: &"".into() }, "`id` is empty");
    }

    #[test]
    fn every_field_of_a_move_is_read() {
        let job = job(
            r#"{"type":"moveShard","database":"shop","collection":"1010001","jobId":"1234567","shard":"s1010002",
                "fromServer":"PRMR-a","toServer":"PRMR-b","isLeader":true,"remainsFollower":true,"tryUndo":false,
                "creator":"CRDN-x","timeCreated":"2025-11-20T10:00:00Z","timeStarted":"2025-11-20T10:00:02Z",
                "timeFinished":"2025-11-20T10:00:09Z","error":false,"job":"1234567","status":"Finished"}"#,
        );
        let expected = AgencyJob {
            id: "1234567".into(),
            status: JobStatus::Finished,
            kind: JobType::MoveShard,
            creator: Some("CRDN-x".into()),
            time_created: Some("2025-11-20T10:00:00Z".into()),
            time_started: Some("2025-11-20T10:00:02Z".into()),
            time_finished: Some("2025-11-20T10:00:09Z".into()),
            reason: None,
            abort: false,
            server: None,
            database: Some("shop".into()),
            collection: Some("1010001".into()),
            shard: Some("s1010002".into()),
            from_server: Some("PRMR-a".into()),
            to_server: Some("PRMR-b".into()),
            is_leader: Some(true),
            remains_follower: Some(true),
            try_undo: Some(false),
        };
        assert_eq!(job, expected);
        assert!(job.is_over());
    }

    #[test]
    fn a_job_that_failed_tells_why_and_is_no_error() {
        let job =
            job(r#"{"type":"cleanOutServer","server":"PRMR-a","jobId":"7","creator":"CRDN-x","abort":true,
            "timeCreated":"2025-11-20T10:00:00Z","timeFinished":"2025-11-20T10:00:09Z",
            "reason":"Killed via API","error":false,"job":"7","status":"Failed"}"#);
        assert_eq!((job.status.clone(), job.kind.clone()), (JobStatus::Failed, JobType::CleanOutServer));
        assert_eq!((job.reason.as_deref(), job.abort), (Some("Killed via API"), true));
        assert_eq!((&job.time_started, &job.server), (&None, &Some("PRMR-a".into())));
        assert!(job.is_over());
    }

    #[test]
    fn jobs_and_states_of_newer_servers_are_kept_as_words() {
        let job = job(r#"{"type":"reconfigure","job":"7","status":"Waiting","new":[1]}"#);
        assert_eq!(job.kind, JobType::Unknown("reconfigure".to_owned()));
        assert_eq!(job.status, JobStatus::Unknown("Waiting".to_owned()));
        assert!(!job.is_over());
    }

    #[test]
    fn a_job_without_a_status_is_none() {
        let id = JobId::from("7");
        let error = GetAgencyJob { id: &id }.output(response(200, r#"{"job":"7"}"#)).unwrap_err();
        assert_eq!(error.path(), ".");
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("`status`"));
    }
}
