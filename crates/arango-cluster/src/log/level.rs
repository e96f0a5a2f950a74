//! How much is written to a log.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, DecodeError};
use serde::Deserialize;

use crate::open_enum::open_enum;

open_enum! {
    /// How grave an entry of a log is, or has to be to be written.
    pub enum LogLevel {
        /// The server cannot go on.
        Fatal = "FATAL" | "fatal",
        /// Something failed.
        Error = "ERROR" | "error",
        /// Something may come to fail.
        Warning = "WARNING" | "warning" | "WARN",
        /// Something happened.
        Info = "INFO" | "info",
        /// For those who look for faults.
        Debug = "DEBUG" | "debug",
        /// For those who look for faults step by step.
        Trace = "TRACE" | "trace",
    }
}

/// How grave entries have to be to be written, by their topics, such as `requests`.
pub type LogLevels = BTreeMap<String, LogLevel>;

/// Reads levels by topic. That none of the words is a level shows that something else was answered.
pub(super) fn by_topic(response: &ApiResponse) -> Result<LogLevels, DecodeError> {
    let levels: LogLevels = response.json()?;
    if levels.values().all(|level| matches!(level, LogLevel::Unknown(_))) {
        return Err(response.invalid("no topic has a known level"));
    }
    Ok(levels)
}

/// How grave entries have to be to be written, as a whole and for each place that they are written to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AppenderLogLevels {
    /// As a whole.
    pub global: LogLevels,
    /// For each place, such as `file:///var/log/arangod.log`.
    pub appenders: BTreeMap<String, LogLevels>,
}
