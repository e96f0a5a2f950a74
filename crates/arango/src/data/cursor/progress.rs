//! How far a cursor was read, and what its query has written.

use arango_transport::Error;
use arango_transport::protocol::Outcome;
use serde::{Deserialize, Serialize};

/// How far a cursor was read that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CursorLost {
    /// The number of batches that were read.
    pub batches: u64,
    /// The number of rows that were returned.
    pub rows: u64,
    /// Whether what the query has written is committed.
    ///
    /// `None` if it writes nothing, and if that is unknown: a stream commits with its last batch, whose response may be the
    /// one that was lost.
    pub is_committed: Option<bool>,
}

/// What a query has written when its first batch is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::data) enum CursorEffect {
    /// Nothing: it only reads.
    None,
    /// Everything, and it is committed.
    Committed,
    /// It is a stream that writes when its batches are read. So no batch is read before it is needed.
    CommitsWithItsLastBatch,
    /// What the transaction has, which is used by one request at a time.
    OfTransaction,
}

impl CursorEffect {
    /// Whether a batch may be read before it is needed.
    pub(super) fn allows_reading_ahead(self) -> bool {
        matches!(self, Self::None | Self::Committed)
    }

    /// Returns what became of the query if one of its batches could not be read; `None` if it does not write by itself.
    pub(super) fn outcome_after(self, error: &Error) -> Option<Outcome> {
        match self {
            Self::None | Self::OfTransaction => None,
            Self::Committed => Some(Outcome::Executed),
            Self::CommitsWithItsLastBatch => Some(match error.outcome() {
                // Closing the cursor undoes what is not committed.
                Outcome::NotExecuted => Outcome::NotExecuted,
                // It is not known whether the batch was the last one.
                Outcome::Unknown | Outcome::Executed => Outcome::Unknown,
            }),
        }
    }
}
