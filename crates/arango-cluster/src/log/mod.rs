//! Logs and log levels of servers.

mod arrays;
mod entries;
mod level;
mod levels;
mod query;
mod reset;
mod set;

pub use arrays::{ClearLog, GetLogArrays, LogArrays};
pub use entries::{GetLogEntries, GetServerLogEntries, LogEntries, LogEntry};
pub use level::{AppenderLogLevels, LogLevel, LogLevels};
pub use levels::{GetAppenderLogLevels, GetLogLevels, GetServerAppenderLogLevels, GetServerLogLevels};
pub use query::{LogOrder, LogQuery};
pub use reset::{ResetLogLevels, ResetServerLogLevels};
pub use set::{SetLogLevels, SetServerLogLevels};
