//! Work that has not come to its end.

use std::fmt;
use std::time::Duration;

use arango_cluster::{HealthStatus, JobId, ServerId};
use arango_transport::{BoxError, Error};

/// Why long work stopped before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// A call failed, and would fail again.
    #[error("a call failed for good")]
    Call(#[source] Error),
    /// There was no time left. What a server has begun goes on.
    #[error("it was not over within {limit:?}")]
    OutOfTime {
        /// How long it might take.
        limit: Duration,
        /// Why the latest look showed nothing, if it did not.
        #[source]
        last: Option<Error>,
    },
    /// It was cancelled, by this handle or by somebody else.
    #[error("it was cancelled")]
    Cancelled,
    /// The supervision could not do the job.
    #[error("job {id} failed: {reason}")]
    JobFailed {
        /// The job.
        id: JobId,
        /// What the supervision says of it, for people; may be empty.
        reason: String,
    },
    /// The agency knows no such job, and may have forgotten it.
    #[error("the agency knows no job {0}: there was none, or it is over and forgotten")]
    NoSuchJob(JobId),
    /// The job was seen, and then the agency knew it no longer: it is over, and nobody knows how it ended.
    #[error("job {0} is over, and the agency has forgotten how it ended")]
    Forgotten(JobId),
    /// Servers are not good.
    #[error("not all servers are good: {}", Servers(.0))]
    Unhealthy(Vec<(ServerId, HealthStatus)>),
    /// Shards of these collections, named with their databases, are not where they are meant to be. A database that is
    /// named alone is one that a coordinator did not know yet, although it was not dropped.
    #[error("shards are not in sync: {}", .0.join(", "))]
    OutOfSync(Vec<String>),
    /// Nothing was wrong with health and shards, but looking at them took too long, each time, to act upon it.
    #[error("what was seen of health and shards was {age:?} old, and too old to act upon")]
    Outdated {
        /// How old it was the last time.
        age: Duration,
    },
    /// A server holds shards still, so it is not removed.
    #[error("{server} holds {shards} shards still, and is not removed")]
    HoldsShards {
        /// The server.
        server: ServerId,
        /// How many copies of shards lie on it.
        shards: u64,
    },
    /// What was named is not the id of a DB-Server, such as `PRMR-…`; nobody was asked.
    #[error("{0} is not the id of a DB-Server")]
    NotADbServer(ServerId),
    /// What was named is not the id of a server that the cluster knows; nothing was begun.
    #[error("the cluster knows no server {0}")]
    UnknownServer(ServerId),
    /// A server answers, and its process is the one that was there before the restart.
    #[error("{0} was not restarted: its process is the one that was there before")]
    NotRestarted(ServerId),
    /// Restarting a server, which is the caller's to do, failed.
    #[error("{server} could not be restarted")]
    Restart {
        /// The server.
        server: ServerId,
        /// What the caller says of it.
        #[source]
        source: BoxError,
    },
}

/// Lists servers with how they are.
struct Servers<'a>(&'a [(ServerId, HealthStatus)]);

impl fmt::Display for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (server, status)) in self.0.iter().enumerate() {
            write!(f, "{}{server} is {status}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Long work that stopped before its end: why, and what was done until then.
#[derive(Debug)]
pub struct Unfinished<D>(Box<Repr<D>>);

#[derive(Debug)]
struct Repr<D> {
    done: D,
    why: Stopped,
}

impl<D> Unfinished<D> {
    pub(super) fn new(done: D, why: Stopped) -> Self {
        Self(Box::new(Repr { done, why }))
    }

    /// Why it stopped.
    pub fn why(&self) -> &Stopped {
        &self.0.why
    }

    /// What was done until then.
    pub fn done(&self) -> &D {
        &self.0.done
    }

    /// Takes it apart: what was done, and why it stopped.
    pub fn into_parts(self) -> (D, Stopped) {
        let Repr { done, why } = *self.0;
        (done, why)
    }

    /// The error of the call that stopped it, if a call did.
    pub fn call(&self) -> Option<&Error> {
        match self.why() {
            Stopped::Call(error) => Some(error),
            Stopped::OutOfTime { last, .. } => last.as_ref(),
            _ => None,
        }
    }
}

impl<D> fmt::Display for Unfinished<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.why.fmt(f)
    }
}

impl<D: fmt::Debug> std::error::Error for Unfinished<D> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(self.why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_what_stopped_it_and_keeps_what_was_done() {
        let sick = vec![("PRMR-1".into(), HealthStatus::Bad), ("CRDN-2".into(), HealthStatus::Failed)];
        let end = Unfinished::new(7, Stopped::Unhealthy(sick));
        assert_eq!(end.to_string(), "not all servers are good: PRMR-1 is BAD, CRDN-2 is FAILED");
        assert_eq!((*end.done(), end.call().is_none()), (7, true));

        let failed = Stopped::Restart { server: "PRMR-1".into(), source: "no such unit".into() };
        let end = Unfinished::new((), failed);
        assert_eq!(end.to_string(), "PRMR-1 could not be restarted");
        assert_eq!(std::error::Error::source(&end).unwrap().to_string(), "no such unit");
        assert!(matches!(end.into_parts().1, Stopped::Restart { .. }));
    }
}
