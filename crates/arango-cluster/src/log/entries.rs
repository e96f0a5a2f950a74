//! The log of a server.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope, Timestamp,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::log::{LogLevel, LogQuery};
use crate::server::ServerId;

const PATH: &str = "/_admin/log/entries";

/// Log entries of a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct LogEntries {
    /// The total number of entries, including those not requested.
    pub total: u64,
    /// The requested entries.
    #[serde(rename = "messages")]
    pub entries: Vec<LogEntry>,
}

/// A log entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its id; later entries have larger ids.
    pub id: u64,
    /// Its topic, such as `startup`.
    pub topic: String,
    /// Its severity.
    pub level: LogLevel,
    /// When it was written.
    pub date: Timestamp,
    /// The message.
    pub message: String,
}

/// Reads log entries of the responding server.
///
/// # Errors
///
/// 403 if `--log.api-enabled` disables it, or requires a superuser token; by default it requires an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLogEntries<'a> {
    /// Which entries to return.
    pub query: &'a LogQuery,
}

impl Operation for GetLogEntries<'_> {
    type Output = LogEntries;

    const METADATA: Metadata =
        Metadata::get("server.log_entries", PATH).scope(Scope::Coordinator).permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.query.apply(RequestBuilder::new(Self::METADATA))?.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogEntries, OutputError> {
        response.json()
    }
}

/// Reads log entries of a server, through any coordinator.
///
/// Errors are those of [`GetLogEntries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerLogEntries<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
    /// Which entries to return.
    pub query: &'a LogQuery,
}

impl Operation for GetServerLogEntries<'_> {
    type Output = LogEntries;

    const METADATA: Metadata =
        Metadata::get("cluster.server_log_entries", PATH).permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.checked_id("server")?.as_str());
        self.query.apply(builder)?.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogEntries, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogOrder;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn entries_are_read() {
        let query = LogQuery::new();
        let operation = GetLogEntries { query: &query };
        assert_request(&operation, "GET", PATH);
        let log = read(
            &operation,
            r#"{"total":2,"messages":[{"id":1,"topic":"startup","level":"INFO","date":"2025-11-20T10:00:00Z",
                "message":"ready"},{"id":2,"topic":"x","level":"NOTICE","date":"","message":""}]}"#,
        );
        assert_eq!((log.total, log.entries[0].id, log.entries[0].topic.as_str()), (2, 1, "startup"));
        assert_eq!((&log.entries[0].level, log.entries[0].message.as_str()), (&LogLevel::Info, "ready"));
        assert_eq!(log.entries[0].date.as_str(), "2025-11-20T10:00:00Z");
        assert_eq!(log.entries[1].level, LogLevel::Unknown("NOTICE".to_owned()));
    }

    #[test]
    fn query_options_use_the_wire_names() {
        let query = LogQuery::new().up_to(LogLevel::Warning).start(7).size(10).offset(3).search("a b");
        let newest = query.clone().order(LogOrder::NewestFirst);
        let server = ServerId::from("PRMR-1");
        assert_request(
            &GetServerLogEntries { server: &server, query: &newest },
            "GET",
            "/_admin/log/entries?serverId=PRMR-1&upto=warning&start=7&size=10&offset=3&search=a%20b&sort=desc",
        );
        let only = LogQuery::new().only(LogLevel::Error);
        assert_request(&GetLogEntries { query: &only }, "GET", "/_admin/log/entries?level=error");
        let both = query.only(LogLevel::Error);
        let reason = "`only` cannot be combined with `up_to`";
        assert_rejected(&GetLogEntries { query: &both }, reason);
        assert_rejected(&GetServerLogEntries { server: &"".into(), query: &only }, "`server` is empty");
    }
}
