//! Errors of long-running operations.

use std::fmt;
use std::time::Duration;

use arango_cluster::{HealthStatus, JobId, ServerId};
use arango_transport::{BoxError, Error};

/// Why a long-running operation stopped before its end. Its text includes its source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopReason {
    /// A call failed, and would fail again.
    #[error("a call failed permanently: {0}")]
    Call(#[source] Error),
    /// The time was up. What a server has started continues.
    #[error("not completed within {limit:?}{}", LastError(.last_error))]
    TimedOut {
        /// The limit.
        limit: Duration,
        /// The error of the latest poll, if it failed.
        #[source]
        last_error: Option<Error>,
    },
    /// It was cancelled, by this handle or by another client.
    #[error("cancelled")]
    Cancelled,
    /// The supervision could not complete the job.
    #[error("job {id} failed: {reason}")]
    JobFailed {
        /// The job.
        id: JobId,
        /// The reason given by the supervision, for people; may be empty.
        reason: String,
    },
    /// The agency lists no such job, and may have deleted it.
    #[error("the agency lists no job {0}: it does not exist, or it has ended and was deleted")]
    NoSuchJob(JobId),
    /// The agency no longer lists the job: it ended with unknown outcome.
    ///
    /// It was listed before.
    #[error("job {0} has ended and was deleted from the agency: its outcome is unknown")]
    JobOutcomeUnknown(JobId),
    /// Servers are unhealthy.
    #[error("not all servers are healthy: {}", Servers(.0))]
    Unhealthy(Vec<(ServerId, HealthStatus)>),
    /// Shards of these collections, named with their databases, are out of sync.
    ///
    /// A database without a collection is one that a coordinator did not know yet, although it was not dropped.
    #[error("shards are not in sync: {}", .0.join(", "))]
    OutOfSync(Vec<String>),
    /// Each check took too long to act upon its result.
    ///
    /// Health and shards were good.
    #[error("the check of health and shards is {age:?} old, which is too old to act upon")]
    StaleHealthCheck {
        /// The age of the last result.
        age: Duration,
    },
    /// A server still holds shards, so it is not removed.
    #[error("{server} still holds {shards} shards and is not removed")]
    HoldsShards {
        /// The server.
        server: ServerId,
        /// The number of shard copies on it.
        shards: u64,
    },
    /// The id is not that of a DB-Server, such as `PRMR-…`.
    ///
    /// Nothing was sent.
    #[error("{0} is not the id of a DB-Server")]
    NotADbServer(ServerId),
    /// The cluster knows no server of this id; nothing was started.
    #[error("the cluster knows no server {0}")]
    UnknownServer(ServerId),
    /// A server responds, but its process is from before the restart.
    #[error("{0} was not restarted: its process is still the previous one")]
    NotRestarted(ServerId),
    /// The caller's function failed to restart a server.
    #[error("{server} could not be restarted: {source}")]
    RestartFailed {
        /// The server.
        server: ServerId,
        /// The caller's error.
        #[source]
        source: BoxError,
    },
}

/// Displays why the latest poll failed, if it did.
struct LastError<'a>(&'a Option<Error>);

impl fmt::Display for LastError<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(error) => write!(f, "; the latest request failed: {error}"),
            None => Ok(()),
        }
    }
}

/// Displays servers with their status.
struct Servers<'a>(&'a [(ServerId, HealthStatus)]);

impl fmt::Display for Servers<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (server, status)) in self.0.iter().enumerate() {
            write!(f, "{}{server} is {status}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A long-running operation that stopped before its end.
///
/// Contains the reason, and the progress until then.
#[derive(Debug)]
pub struct Incomplete<D>(Box<Repr<D>>);

#[derive(Debug)]
struct Repr<D> {
    progress: D,
    reason: StopReason,
}

impl<D> Incomplete<D> {
    pub(super) fn new(progress: D, reason: StopReason) -> Self {
        Self(Box::new(Repr { progress, reason }))
    }

    /// Returns why it stopped.
    pub fn reason(&self) -> &StopReason {
        &self.0.reason
    }

    /// Returns the progress until then.
    pub fn progress(&self) -> &D {
        &self.0.progress
    }

    /// Returns the progress and the reason.
    pub fn into_parts(self) -> (D, StopReason) {
        let Repr { progress, reason } = *self.0;
        (progress, reason)
    }

    /// Returns the error of the call that stopped it, if any.
    pub fn call_error(&self) -> Option<&Error> {
        match self.reason() {
            StopReason::Call(error) => Some(error),
            StopReason::TimedOut { last_error: last, .. } => last.as_ref(),
            _ => None,
        }
    }
}

impl<D> fmt::Display for Incomplete<D> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.reason.fmt(f)
    }
}

impl<D: fmt::Debug> std::error::Error for Incomplete<D> {
    #[inline]
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(self.reason())
    }
}

#[cfg(test)]
mod tests {
    use arango_transport::{Call, ErrorKind};
    use http::Method;

    use super::*;

    #[test]
    fn an_incomplete_operation_reports_reason_and_progress() {
        let unhealthy = vec![("PRMR-1".into(), HealthStatus::Bad), ("CRDN-2".into(), HealthStatus::Failed)];
        let end = Incomplete::new(7, StopReason::Unhealthy(unhealthy));
        assert_eq!(end.to_string(), "not all servers are healthy: PRMR-1 is BAD, CRDN-2 is FAILED");
        assert_eq!((*end.progress(), end.call_error().is_none()), (7, true));

        let failed = StopReason::RestartFailed { server: "PRMR-1".into(), source: "no such unit".into() };
        let end = Incomplete::new((), failed);
        assert_eq!(end.to_string(), "PRMR-1 could not be restarted: no such unit");
        assert_eq!(std::error::Error::source(&end).unwrap().to_string(), "no such unit");
        assert!(matches!(end.into_parts().1, StopReason::RestartFailed { .. }));
    }

    #[test]
    fn the_line_of_an_error_has_that_of_the_call_which_failed() {
        let failed = || {
            let call = Call::with_name("cluster.health");
            let kind = ErrorKind::NoCoordinatorAvailable;
            Error::not_sent(&call, Method::GET, "/_admin/cluster/health", kind, "all are down")
        };
        let line = failed().to_string();
        let permanent = StopReason::Call(failed());
        assert_eq!(permanent.to_string(), format!("a call failed permanently: {line}"));
        let limit = Duration::from_secs(3);
        let late = |last_error| StopReason::TimedOut { limit, last_error }.to_string();
        assert_eq!(late(None), "not completed within 3s");
        let expected = format!("not completed within 3s; the latest request failed: {line}");
        assert_eq!(late(Some(failed())), expected);
    }
}
