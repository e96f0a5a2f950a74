//! Statistics of the server as a whole.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use arango_protocol::values::seconds;

/// Statistics of the server as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatistics {
    /// Time since the start of the server.
    #[serde(deserialize_with = "seconds::required", serialize_with = "seconds::write")]
    pub uptime: Duration,
    /// Memory of the machine, in bytes.
    pub physical_memory: u64,
    /// Of transactions.
    pub transactions: Option<TransactionStatistics>,
    /// Of JavaScript contexts; missing if JavaScript is disabled, as on DB-Servers.
    #[serde(rename = "v8Context")]
    pub script_contexts: Option<ScriptContextStatistics>,
    /// Of threads and their queue.
    pub threads: Option<ThreadStatistics>,
}

/// Statistics of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TransactionStatistics {
    /// Started transactions.
    pub started: u64,
    /// Aborted transactions.
    pub aborted: u64,
    /// Committed transactions.
    pub committed: u64,
    /// Intermediate commits.
    pub intermediate_commits: u64,
    /// Read-only transactions.
    pub read_only: Option<u64>,
    /// Read-only transactions that allow reading from followers.
    pub dirty_read_only: Option<u64>,
}

/// Statistics of threads and their queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ThreadStatistics {
    /// Number of threads.
    pub scheduler_threads: u64,
    /// Blocked threads; always zero in current versions.
    #[serde(default)]
    pub blocked: u64,
    /// Queued requests.
    pub queued: u64,
    /// Requests in progress.
    pub in_progress: u64,
    /// Requests that were never queued; always zero in current versions.
    #[serde(default)]
    pub direct_exec: u64,
}

/// Statistics of JavaScript contexts.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ScriptContextStatistics {
    /// Number of contexts.
    pub available: u64,
    /// Contexts in use.
    pub busy: u64,
    /// Contexts that need cleaning before they can be used again.
    pub dirty: u64,
    /// Contexts that can be used at once.
    pub free: u64,
    /// Maximum number of contexts.
    pub max: u64,
    /// Minimum number of contexts.
    pub min: Option<u64>,
    /// Of each context.
    #[serde(default)]
    pub memory: Vec<ScriptContext>,
}

/// Statistics of one JavaScript context.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ScriptContext {
    /// Its id.
    pub context_id: u64,
    /// Time of its last measurement, since the start of the server.
    #[serde(deserialize_with = "seconds::required", serialize_with = "seconds::write")]
    pub t_max: Duration,
    /// Number of measurements.
    pub count_of_times: u64,
    /// The largest measured heap, in bytes.
    pub heap_max: u64,
    /// The smallest measured heap, in bytes.
    pub heap_min: u64,
    /// Number of uses.
    #[serde(default)]
    pub invocations: u64,
}
