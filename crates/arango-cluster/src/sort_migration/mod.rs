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
const SERVER_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);

/// What each DB-Server answered, or why it did not. **The whole is a success also if none of them succeeded.**
pub type ByDbServer<T> = BTreeMap<ServerId, DbServerAnswer<T>>;

/// What one DB-Server answered to a coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WholeBody<T>", bound = "T: Deserialize<'de>")]
#[non_exhaustive]
pub enum DbServerAnswer<T> {
    /// It answered.
    Answered {
        /// The answer.
        result: T,
    },
    /// It refused, or could not be reached.
    Refused {
        /// What went wrong, by number.
        error_code: u32,
        /// What went wrong, for people.
        error_message: String,
    },
}

/// The whole body that a DB-Server answered. Read as one, so that what does not fit in it is told with its place.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
struct WholeBody<T> {
    result: Option<T>,
    #[serde(alias = "errorNum")]
    error_code: Option<u32>,
    #[serde(default)]
    error_message: String,
}

impl<T> TryFrom<WholeBody<T>> for DbServerAnswer<T> {
    type Error = &'static str;

    fn try_from(body: WholeBody<T>) -> Result<Self, Self::Error> {
        let WholeBody { result, error_code, error_message } = body;
        match (result, error_code) {
            (Some(result), _) => Ok(Self::Answered { result }),
            (None, Some(error_code)) => Ok(Self::Refused { error_code, error_message }),
            (None, None) => Err("neither `result` nor `errorCode`"),
        }
    }
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
