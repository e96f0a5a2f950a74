//! Migration of indexes whose numbers old servers sorted wrongly.

mod check;
mod migrate;
mod status;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::server::ServerId;

pub use check::{AffectedIndex, CheckSortMigration, SortCheck};
pub use migrate::{MigrateSorting, SortMigrationResult};
pub use status::{GetSortMigration, SortMigration, SortOrder};

/// DB-Servers scan all their indexes. The coordinator waits for them for up to 12 hours.
const SERVER_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);

/// The response of each DB-Server, or its error.
///
/// **The call succeeds even if none of them does.**
pub type ByDbServer<T> = BTreeMap<ServerId, DbServerResponse<T>>;

/// The response of one DB-Server to a coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    try_from = "WholeBody<T>",
    bound(deserialize = "T: Deserialize<'de>"),
    rename_all = "camelCase",
    untagged
)]
#[non_exhaustive]
pub enum DbServerResponse<T> {
    /// Success.
    Success {
        /// The result.
        result: T,
    },
    /// It refused, or could not be reached.
    Failure {
        /// The error number.
        error_code: u32,
        /// The error message, for people.
        error_message: String,
    },
}

/// The whole body of a DB-Server's response. Decoded as one, so that errors contain their path.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
struct WholeBody<T> {
    result: Option<T>,
    #[serde(alias = "errorNum")]
    error_code: Option<u32>,
    #[serde(default)]
    error_message: String,
}

impl<T> TryFrom<WholeBody<T>> for DbServerResponse<T> {
    type Error = &'static str;

    fn try_from(body: WholeBody<T>) -> Result<Self, Self::Error> {
        let WholeBody { result, error_code, error_message } = body;
        match (result, error_code) {
            (Some(result), _) => Ok(Self::Success { result }),
            (None, Some(error_code)) => Ok(Self::Failure { error_code, error_message }),
            (None, None) => Err("neither `result` nor `errorCode`"),
        }
    }
}

impl<T> DbServerResponse<T> {
    /// Returns the result of a success.
    pub fn result(&self) -> Option<&T> {
        match self {
            Self::Success { result } => Some(result),
            Self::Failure { .. } => None,
        }
    }
}
