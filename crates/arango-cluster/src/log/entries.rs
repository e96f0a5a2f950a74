//! What a server has written to its log.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{LogLevel, LogQuery, ServerId, Timestamp};

const PATH: &str = "/_admin/log/entries";

/// What a server has written to its log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LogEntries {
    /// How many there are, also beyond those that were asked for.
    pub total: u64,
    /// Those that were asked for.
    #[serde(rename = "messages")]
    pub entries: Vec<LogEntry>,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its id: the larger, the later.
    pub id: u64,
    /// What it is about, such as `startup`.
    pub topic: String,
    /// How grave it is.
    pub level: LogLevel,
    /// When it was written.
    pub date: Timestamp,
    /// What it says.
    pub message: String,
}

/// Asks the server that answers what it has written to its log.
///
/// # Errors
///
/// 403 if `--log.api-enabled` switches it off, or wants a superuser's token; by default it takes an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLogEntries<'a> {
    /// Which entries are wanted.
    pub query: &'a LogQuery,
}

impl Operation for GetLogEntries<'_> {
    type Output = LogEntries;

    const METADATA: Metadata =
        Metadata::get("server.log_entries", PATH).scope(Scope::Coordinator).permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.query.of(RequestBuilder::new(Self::METADATA))?.build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogEntries, DecodeError> {
        response.json()
    }
}

/// Asks a server what it has written to its log, through whichever coordinator answers. Errors are those of
/// [`GetLogEntries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerLogEntries<'a> {
    /// The server to be asked, by its id.
    pub server: &'a ServerId,
    /// Which entries are wanted.
    pub query: &'a LogQuery,
}

impl Operation for GetServerLogEntries<'_> {
    type Output = LogEntries;

    const METADATA: Metadata =
        Metadata::get("cluster.server_log_entries", PATH).permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.given("server")?.as_str());
        self.query.of(draft)?.build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogEntries, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogOrder;
    use crate::testing::{assert_asks, assert_refuses, read};

    #[test]
    fn entries_are_read() {
        let query = LogQuery::new();
        let ask = GetLogEntries { query: &query };
        assert_asks(&ask, "GET", PATH);
        let log = read(
            &ask,
            r#"{"total":2,"messages":[{"id":1,"topic":"startup","level":"INFO","date":"2025-11-20T10:00:00Z",
                "message":"ready"},{"id":2,"topic":"x","level":"NOTICE","date":"","message":""}]}"#,
        );
        assert_eq!((log.total, log.entries[0].id, log.entries[0].topic.as_str()), (2, 1, "startup"));
        assert_eq!((&log.entries[0].level, log.entries[0].message.as_str()), (&LogLevel::Info, "ready"));
        assert_eq!(log.entries[0].date.as_str(), "2025-11-20T10:00:00Z");
        assert_eq!(log.entries[1].level, LogLevel::Unknown("NOTICE".to_owned()));
    }

    #[test]
    fn what_is_wanted_is_asked_for_under_its_names() {
        let query = LogQuery::new().up_to(LogLevel::Warning).start(7).size(10).offset(3).search("a b");
        let newest = query.clone().order(LogOrder::NewestFirst);
        let server = ServerId::from("PRMR-1");
        assert_asks(
            &GetServerLogEntries { server: &server, query: &newest },
            "GET",
            "/_admin/log/entries?serverId=PRMR-1&upto=warning&start=7&size=10&offset=3&search=a%20b&sort=desc",
        );
        let only = LogQuery::new().only(LogLevel::Error);
        assert_asks(&GetLogEntries { query: &only }, "GET", "/_admin/log/entries?level=error");
        let both = query.only(LogLevel::Error);
        let reason = "`log_query` wants one level, and also all down to one";
        assert_refuses(&GetLogEntries { query: &both }, reason);
        assert_refuses(&GetServerLogEntries { server: &"".into(), query: &only }, "`server` is empty");
    }
}
