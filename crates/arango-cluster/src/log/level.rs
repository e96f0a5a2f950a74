//! Log levels.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, OutputError, open_enum};
use serde::{Deserialize, Serialize};

open_enum! {
    /// Severity of a log entry, or minimum severity that is logged.
    pub enum LogLevel {
        /// The server cannot continue.
        Fatal = "FATAL" | "fatal",
        /// Something failed.
        Error = "ERROR" | "error",
        /// Something may fail.
        Warning = "WARNING" | "warning" | "WARN",
        /// Something happened.
        Info = "INFO" | "info",
        /// For debugging.
        Debug = "DEBUG" | "debug",
        /// For step-by-step debugging.
        Trace = "TRACE" | "trace",
    }
}

/// Minimum severity by topic, such as `requests`.
pub type LogLevels = BTreeMap<String, LogLevel>;

/// Decodes levels by topic. If no value is a known level, the response comes from something else.
#[inline]
pub(super) fn by_topic(response: &ApiResponse) -> Result<LogLevels, OutputError> {
    let levels: LogLevels = response.json()?;
    if levels.values().all(|level| matches!(level, LogLevel::Unknown(_))) {
        return Err(response.invalid("no topic has a known level"));
    }
    Ok(levels)
}

/// Minimum severities, globally and for each log appender.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AppenderLogLevels {
    /// The global ones.
    pub global: LogLevels,
    /// For each appender, such as `file:///var/log/arangod.log`.
    pub appenders: BTreeMap<String, LogLevels>,
}
