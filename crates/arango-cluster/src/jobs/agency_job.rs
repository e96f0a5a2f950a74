//! One job of the agency.

use std::fmt;

use arango_protocol::values::empty_value;
use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Timestamp,
    open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::jobs::JobId;
use crate::server::ServerId;

open_enum! {
    /// The state of a job of the agency.
    pub enum JobStatus {
        /// Waiting: its shard or its servers may be busy.
        ToDo = "ToDo",
        /// Running.
        Pending = "Pending",
        /// Completed.
        Finished = "Finished",
        /// Failed, or [cancelled](crate::CancelAgencyJob); [`AgencyJob::reason`] may contain the reason.
        Failed = "Failed",
    }
}

open_enum! {
    /// The type of a job of the agency.
    ///
    /// The supervision also creates jobs itself; their types are [`Unknown`](Self::Unknown) here.
    pub enum JobType {
        /// Moves one copy of a shard.
        MoveShard = "moveShard",
        /// Moves everything off a DB-Server.
        CleanOutServer = "cleanOutServer",
        /// Moves all leaderships of a DB-Server to followers.
        ResignLeadership = "resignLeadership",
    }
}

/// One job of the agency.
///
/// It waits, runs, and then finishes or fails; the supervision processes it once a second. Its type decides which
/// optional fields are present.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgencyJob {
    /// Its id.
    #[serde(rename = "job")]
    pub id: JobId,
    /// Its state. **The server reports `"error": false` for a failed job, too.**
    pub status: JobStatus,
    /// Its type.
    #[serde(rename = "type", default = "empty_value")]
    pub kind: JobType,
    /// The id of the coordinator that created it.
    pub creator: Option<ServerId>,
    /// When it was created.
    pub time_created: Option<Timestamp>,
    /// When it was started. Missing for a job that failed before.
    pub time_started: Option<Timestamp>,
    /// When it finished or failed.
    pub time_finished: Option<Timestamp>,
    /// Why it failed, for people; `Killed via API` after it was cancelled.
    pub reason: Option<String>,
    /// Whether [cancellation](crate::CancelAgencyJob) was requested.
    #[serde(default)]
    pub abort: bool,
    /// The DB-Server that is cleaned out, or resigns.
    pub server: Option<ServerId>,
    /// The database of the shard that is moved.
    pub database: Option<String>,
    /// The id of the collection of the shard that is moved.
    pub collection: Option<String>,
    /// The shard that is moved.
    pub shard: Option<String>,
    /// The source DB-Server of the move.
    pub from_server: Option<ServerId>,
    /// The target DB-Server of the move.
    pub to_server: Option<ServerId>,
    /// Whether the leader is moved.
    pub is_leader: Option<bool>,
    /// Whether the former leader keeps its copy as a follower.
    ///
    /// Missing for moves of a rebalance.
    pub remains_follower: Option<bool>,
    /// Whether the move is to be undone later.
    ///
    /// Missing for moves of a rebalance, and from old servers.
    pub try_undo: Option<bool>,
}

impl AgencyJob {
    /// Returns whether it has finished or failed.
    pub fn is_over(&self) -> bool {
        matches!(self.status, JobStatus::Finished | JobStatus::Failed)
    }
}

/// One line: the id, what is done with which server or shard, the state, and why it failed.
impl fmt::Display for AgencyJob {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: {}", self.id, self.kind)?;
        if let (Some(database), Some(collection), Some(shard)) =
            (&self.database, &self.collection, &self.shard)
        {
            write!(f, " {database}/{collection} {shard}")?;
        }
        if let Some(server) = &self.server {
            write!(f, " {server}")?;
        }
        if let (Some(from), Some(to)) = (&self.from_server, &self.to_server) {
            write!(f, " {from} → {to}")?;
        }
        write!(f, ": {}", self.status)?;
        match self.reason.as_deref().filter(|reason| !reason.is_empty()) {
            Some(reason) => write!(f, ", {reason}"),
            None => Ok(()),
        }
    }
}

/// Reads the state of a job of the agency.
///
/// The jobs of a [rebalance](crate::Rebalance) cannot be read, since their ids are not returned.
///
/// # Errors
///
/// 404 if there is no such job. **A job that has ended is deleted after a while**, so 404 for a job that existed
/// means that it has ended with an unknown outcome. 403 without write access to `_system`; 500 if the agency does not
/// respond within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetAgencyJob<'a> {
    /// The job.
    pub id: &'a JobId,
}

impl Operation for GetAgencyJob<'_> {
    type Output = AgencyJob;

    const METADATA: Metadata =
        Metadata::get("cluster.agency_job", "/_admin/cluster/queryAgencyJob").permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.id.as_str().is_empty() {
            return Err(BuildError::Field { field: "id", reason: "is empty" });
        }
        RequestBuilder::new(Self::METADATA).query("id", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AgencyJob, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read, response};

    fn job(body: &str) -> AgencyJob {
        read(&GetAgencyJob { id: &"1234567".into() }, body)
    }

    #[test]
    fn a_job_is_requested_by_id() {
        let id = JobId::from("1234567");
        assert_request(&GetAgencyJob { id: &id }, "GET", "/_admin/cluster/queryAgencyJob?id=1234567");
        assert_rejected(&GetAgencyJob { id: &"".into() }, "`id` is empty");
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
        let line = "job 1234567: moveShard shop/1010001 s1010002 PRMR-a → PRMR-b: Finished";
        assert_eq!(job.to_string(), line);
    }

    #[test]
    fn a_failed_job_has_a_reason_and_is_no_error() {
        let job =
            job(r#"{"type":"cleanOutServer","server":"PRMR-a","jobId":"7","creator":"CRDN-x","abort":true,
            "timeCreated":"2025-11-20T10:00:00Z","timeFinished":"2025-11-20T10:00:09Z",
            "reason":"Killed via API","error":false,"job":"7","status":"Failed"}"#);
        assert_eq!((job.status.clone(), job.kind.clone()), (JobStatus::Failed, JobType::CleanOutServer));
        assert_eq!((job.reason.as_deref(), job.abort), (Some("Killed via API"), true));
        assert_eq!((&job.time_started, &job.server), (&None, &Some("PRMR-a".into())));
        assert_eq!(job.to_string(), "job 7: cleanOutServer PRMR-a: Failed, Killed via API");
        assert!(job.is_over());
    }

    #[test]
    fn unknown_job_types_and_states_are_kept_verbatim() {
        let job = job(r#"{"type":"reconfigure","job":"7","status":"Waiting","new":[1]}"#);
        assert_eq!(job.kind, JobType::Unknown("reconfigure".to_owned()));
        assert_eq!(job.status, JobStatus::Unknown("Waiting".to_owned()));
        assert!(!job.is_over());
    }

    #[test]
    fn a_job_without_a_status_is_rejected() {
        let id = JobId::from("7");
        let error = GetAgencyJob { id: &id }.output(response(200, r#"{"job":"7"}"#)).unwrap_err();
        assert_eq!(error.path(), ".");
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("`status`"));
    }
}
