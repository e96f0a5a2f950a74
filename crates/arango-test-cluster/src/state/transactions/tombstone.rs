//! What is known of a transaction that has ended.

use std::time::Duration;

use tokio::time::Instant;

use super::transaction::is_own;
use crate::http::reply::ApiError;
use crate::state::auth::Caller;

/// How long a coordinator remembers a transaction that has ended. A request to end it again renews this time.
pub(super) const TTL: Duration = Duration::from_secs(600);

/// How a transaction has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FinalStatus {
    Committed,
    Aborted,
}

impl FinalStatus {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted => "aborted",
        }
    }
}

/// A transaction that has ended, that is being committed, or that a coordinator has never seen.
#[derive(Debug)]
pub(crate) struct Tombstone {
    pub(super) user: Option<String>,
    pub(super) database: String,
    /// While a commit runs this says already that it has succeeded.
    pub(crate) status: FinalStatus,
    /// Whether it was not used for too long.
    pub(super) was_expired: bool,
    pub(super) expires: Instant,
    /// Why its commit has failed, for the response to that commit.
    pub(crate) failure: Option<ApiError>,
}

impl Tombstone {
    /// Returns whether a caller may learn of it from this database.
    pub(crate) fn is_of(&self, caller: &Caller, database: &str) -> bool {
        self.database == database && is_own(self.user.as_deref(), caller)
    }

    /// Returns the status as an error names it.
    pub(super) fn described(&self) -> &'static str {
        if self.was_expired { "expired" } else { self.status.text() }
    }
}
