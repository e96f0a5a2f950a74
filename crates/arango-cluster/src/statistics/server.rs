//! What is counted of the server as a whole.

use std::time::Duration;

use serde::Deserialize;

use crate::seconds;

/// What is counted of the server as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatistics {
    /// How long it has been running.
    #[serde(deserialize_with = "seconds::required")]
    pub uptime: Duration,
    /// How much memory the machine has, in bytes.
    pub physical_memory: u64,
    /// Of transactions.
    pub transactions: Option<TransactionStatistics>,
    /// Of JavaScript; missing where it is switched off, as on DB-Servers.
    #[serde(rename = "v8Context")]
    pub script_contexts: Option<ScriptContextStatistics>,
    /// Of threads and the queue before them.
    pub threads: Option<ThreadStatistics>,
}

/// What is counted of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TransactionStatistics {
    /// How many were begun.
    pub started: u64,
    /// How many were given up.
    pub aborted: u64,
    /// How many were made to last.
    pub committed: u64,
    /// How often one was made to last in parts.
    pub intermediate_commits: u64,
    /// How many only read.
    pub read_only: Option<u64>,
    /// How many only read, and allowed for reading from followers.
    pub dirty_read_only: Option<u64>,
}

/// What is counted of threads and the queue before them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ThreadStatistics {
    /// How many threads there are.
    pub scheduler_threads: u64,
    /// How many are blocked; always zero by now.
    #[serde(default)]
    pub blocked: u64,
    /// How many requests wait.
    pub queued: u64,
    /// How many requests are being worked on.
    pub in_progress: u64,
    /// How many requests never waited; always zero by now.
    #[serde(default)]
    pub direct_exec: u64,
}

/// What is counted of the contexts that JavaScript runs in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ScriptContextStatistics {
    /// How many there are.
    pub available: u64,
    /// How many are in use.
    pub busy: u64,
    /// How many are to be cleaned before they are used again.
    pub dirty: u64,
    /// How many can be used at once.
    pub free: u64,
    /// How many there may be.
    pub max: u64,
    /// How many there are at least.
    pub min: Option<u64>,
    /// Of each of them.
    #[serde(default)]
    pub memory: Vec<ScriptContext>,
}

/// What is counted of one context that JavaScript runs in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ScriptContext {
    /// Which it is.
    pub context_id: u64,
    /// When it was last measured, since the server started.
    #[serde(deserialize_with = "seconds::required")]
    pub t_max: Duration,
    /// How often it was measured.
    pub count_of_times: u64,
    /// The largest heap that was measured, in bytes.
    pub heap_max: u64,
    /// The smallest heap that was measured, in bytes.
    pub heap_min: u64,
    /// How often it was used.
    #[serde(default)]
    pub invocations: u64,
}
