//! Call counters of a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arango_protocol::Outcome;

/// The call counters of a client. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallTotals(Arc<Shared>);

// Relaxed everywhere: the counters are independent of each other.
#[derive(Debug, Default)]
struct Shared {
    succeeded: AtomicU64,
    not_executed: AtomicU64,
    unknown: AtomicU64,
    executed: AtomicU64,
    retries: AtomicU64,
    hedges: AtomicU64,
    logins: AtomicU64,
    failed_logins: AtomicU64,
}

impl CallTotals {
    /// Counts a call that has ended. `failed` is the outcome of a failed call.
    #[inline]
    pub(crate) fn call(&self, failed: Option<Outcome>) {
        let count = match failed {
            None => &self.0.succeeded,
            Some(Outcome::NotExecuted) => &self.0.not_executed,
            Some(Outcome::Unknown) => &self.0.unknown,
            Some(Outcome::Executed) => &self.0.executed,
        };
        increment(count);
    }

    pub(crate) fn retry(&self) {
        increment(&self.0.retries);
    }

    pub(crate) fn hedge(&self) {
        increment(&self.0.hedges);
    }

    pub(crate) fn login(&self, succeeded: bool) {
        increment(if succeeded { &self.0.logins } else { &self.0.failed_logins });
    }

    /// Returns all counters. They are not read at the same instant.
    pub(crate) fn snapshot(&self) -> CallCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Shared {
            succeeded: answered,
            not_executed,
            unknown,
            executed,
            retries,
            hedges,
            logins,
            failed_logins,
        } = &*self.0;
        CallCounts {
            succeeded: read(answered),
            failed_not_executed: read(not_executed),
            failed_unknown: read(unknown),
            failed_executed: read(executed),
            retries: read(retries),
            hedges: read(hedges),
            logins: read(logins),
            failed_logins: read(failed_logins),
        }
    }
}

fn increment(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// Counters of a client since it was built.
///
/// A call whose future was dropped is not counted, nor one whose streamed response was dropped before its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that failed and were certainly not executed.
    pub failed_not_executed: u64,
    /// Calls that failed with an unknown outcome.
    pub failed_unknown: u64,
    /// Calls that failed after a coordinator executed or rejected them.
    pub failed_executed: u64,
    /// Attempts that followed a failed one.
    pub retries: u64,
    /// Hedged attempts, sent while a slow one was still running.
    pub hedges: u64,
    /// Successful logins, including tokens obtained from a token source.
    pub logins: u64,
    /// Failed logins.
    pub failed_logins: u64,
}
