//! What a client has done so far, in numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Outcome;

/// The counts of a client. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Arc<Shared>);

// Relaxed throughout: each number is true by itself, and none says anything of another.
#[derive(Debug, Default)]
struct Shared {
    answered: AtomicU64,
    not_executed: AtomicU64,
    unknown: AtomicU64,
    executed: AtomicU64,
    retries: AtomicU64,
    hedges: AtomicU64,
    logins: AtomicU64,
    failed_logins: AtomicU64,
}

impl Counts {
    /// Counts a call that has ended; `failed` is what is known of one that failed.
    #[inline]
    pub(crate) fn call(&self, failed: Option<Outcome>) {
        let count = match failed {
            None => &self.0.answered,
            Some(Outcome::NotExecuted) => &self.0.not_executed,
            Some(Outcome::Unknown) => &self.0.unknown,
            Some(Outcome::Executed) => &self.0.executed,
        };
        one_more(count);
    }

    pub(crate) fn retry(&self) {
        one_more(&self.0.retries);
    }

    pub(crate) fn hedge(&self) {
        one_more(&self.0.hedges);
    }

    pub(crate) fn login(&self, succeeded: bool) {
        one_more(if succeeded { &self.0.logins } else { &self.0.failed_logins });
    }

    /// All of them, each as it is now.
    pub(crate) fn read(&self) -> CallCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Shared { answered, not_executed, unknown, executed, retries, hedges, logins, failed_logins } =
            &*self.0;
        CallCounts {
            answered: read(answered),
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

fn one_more(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// What a client has done since it was built. A call whose future was dropped is counted nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// Calls that were answered as they wanted.
    pub answered: u64,
    /// Calls that failed, of which it is proved that no coordinator ran them.
    pub failed_not_executed: u64,
    /// Calls that failed, of which nobody knows whether they were executed.
    pub failed_unknown: u64,
    /// Calls that failed after a coordinator has executed or refused them.
    pub failed_executed: u64,
    /// Attempts that followed a failed one.
    pub retries: u64,
    /// Attempts that were made beside a slow one.
    pub hedges: u64,
    /// Logins that gave a token, and tokens that a source has made.
    pub logins: u64,
    /// Logins that came to nothing.
    pub failed_logins: u64,
}
