//! What the server says about a query beside its rows.

use std::collections::BTreeMap;
use std::time::Duration;

use arango_protocol::ErrorNumber;
use arango_protocol::values::seconds;
use serde::{Deserialize, Serialize};

/// What the server says about a query beside its rows.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Extra {
    /// The warnings, at most [`max_warnings`](crate::QueryOptions::max_warnings).
    pub warnings: Vec<Warning>,
    /// The statistics; `None` for a result of the cache.
    pub stats: Option<QueryStats>,
    /// The seconds of each phase, if the query was [measured](crate::QueryOptions::profile).
    pub profile: BTreeMap<String, f64>,
    /// The plan, if each of its nodes was measured.
    pub plan: Option<serde_json::Value>,
}

/// A problem that did not stop a query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The error number.
    pub code: ErrorNumber,
    /// The text of the server.
    #[serde(default)]
    pub message: String,
}

/// What a query has done.
///
/// A number that the server does not send is zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct QueryStats {
    /// The writes.
    pub writes_executed: u64,
    /// The writes that failed and were ignored.
    pub writes_ignored: u64,
    /// The documents that were read by an index.
    ///
    /// Since 3.12.
    pub document_lookups: u64,
    /// The seeks of indexes.
    ///
    /// Since 3.12.
    pub seeks: u64,
    /// The documents that were read without an index.
    pub scanned_full: u64,
    /// The entries of indexes that were read.
    pub scanned_index: u64,
    /// The cursors that were created for indexes.
    pub cursors_created: u64,
    /// The cursors that were used again.
    pub cursors_rearmed: u64,
    /// The entries found in the caches of indexes.
    pub cache_hits: u64,
    /// The entries not found in the caches of indexes.
    pub cache_misses: u64,
    /// The documents that a filter removed.
    pub filtered: u64,
    /// The requests from the coordinator to DB-Servers.
    pub http_requests: u64,
    /// How long the query took; `None` if the server does not say.
    #[serde(deserialize_with = "seconds::optional", serialize_with = "seconds::write_optional")]
    pub execution_time: Option<Duration>,
    /// The most memory that was used at a time, in bytes.
    pub peak_memory_usage: u64,
    /// How often a part of the transaction was committed.
    pub intermediate_commits: u64,
    /// The number of rows without the last `LIMIT`.
    ///
    /// If it was [asked for](crate::QueryOptions::full_count).
    pub full_count: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_written;

    #[test]
    fn statistics_are_written_under_the_names_of_the_server() {
        let text = r#"{"warnings":[{"code":1563,"message":"m"}],"profile":{"executing":0.25},
            "stats":{"writesExecuted":1,"scannedFull":2,"executionTime":0.5,"fullCount":7}}"#;
        let extra: Extra = serde_json::from_str(text).unwrap();
        let expected = [
            ("/stats/writesExecuted", 1.into()),
            ("/stats/executionTime", 0.5.into()),
            ("/stats/fullCount", 7.into()),
            ("/profile/executing", 0.25.into()),
        ];
        assert_written(&extra, &expected);
    }
}
