//! Sorting numbers of indexes anew, which old servers sorted wrongly.

mod check;
mod migrate;
mod status;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::ServerId;

pub use check::{AffectedIndex, CheckSortMigration, SortCheck};
pub use migrate::{MigrateSorting, SortMigrated};
pub use status::{GetSortMigration, SortMigration, SortOrder};

/// DB-Servers go through all their indexes. The coordinator waits for them for up to 12 hours.
const PATIENCE: Duration = Duration::from_secs(12 * 60 * 60);

/// What each DB-Server answered, or why it did not. **The whole is a success also if none of them succeeded.**
pub type ByDbServer<T> = BTreeMap<ServerId, DbServerAnswer<T>>;

/// What one DB-Server answered to a coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum DbServerAnswer<T> {
    /// It answered.
    Answered {
        /// The answer.
        result: T,
    },
    /// It refused, or could not be reached.
    #[serde(rename_all = "camelCase")]
    Refused {
        /// What went wrong, by number.
        #[serde(alias = "errorNum")]
        error_code: u32,
        /// What went wrong, for people.
        #[serde(default)]
        error_message: String,
    },
}

impl<T> DbServerAnswer<T> {
    /// What it answered, if it did.
    pub fn answered(&self) -> Option<&T> {
        match self {
            Self::Answered { result } => Some(result),
            Self::Refused { .. } => None,
        }
    }
}
