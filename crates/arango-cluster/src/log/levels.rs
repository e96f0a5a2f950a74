//! Reading log levels.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::level;
use crate::log::{AppenderLogLevels, LogLevels};
use crate::server::ServerId;

pub(super) const PATH: &str = "/_admin/log/level";

/// Reads the log levels of the responding server.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetLogLevels;

impl Operation for GetLogLevels {
    type Output = LogLevels;

    const METADATA: Metadata =
        Metadata::get("server.log_levels", PATH).scope(Scope::Coordinator).permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogLevels, OutputError> {
        level::by_topic(&response)
    }
}

/// Reads the log levels of a server, through any coordinator. Since 3.10.2.
///
/// **An older coordinator ignores the server id and returns its own levels.**
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerLogLevels<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata =
        Metadata::get("cluster.server_log_levels", PATH).since("3.10.2").permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .query("serverId", self.server.checked_id("server")?.as_str())
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogLevels, OutputError> {
        level::by_topic(&response)
    }
}

/// Reads the log levels of the responding server by appender. Since 3.12.2.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAppenderLogLevels;

impl Operation for GetAppenderLogLevels {
    type Output = AppenderLogLevels;

    const METADATA: Metadata = Metadata::get("server.appender_log_levels", PATH)
        .scope(Scope::Coordinator)
        .since("3.12.2")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("withAppenders", "true").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AppenderLogLevels, OutputError> {
        response.json()
    }
}

/// Reads the log levels of a server by appender.
///
/// Works through any coordinator. Since 3.12.2.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerAppenderLogLevels<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerAppenderLogLevels<'_> {
    type Output = AppenderLogLevels;

    const METADATA: Metadata = Metadata::get("cluster.server_appender_log_levels", PATH)
        .since("3.12.2")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.checked_id("server")?.as_str());
        builder.query("withAppenders", "true").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AppenderLogLevels, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogLevel;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn levels_are_read_by_topic() {
        assert_request(&GetLogLevels, "GET", PATH);
        let server = ServerId::from("PRMR-1");
        let operation = GetServerLogLevels { server: &server };
        assert_request(&operation, "GET", "/_admin/log/level?serverId=PRMR-1");
        assert_rejected(&GetServerLogLevels { server: &"".into() }, "`server` is empty");
        let body = r#"{"agency":"INFO","requests":"FATAL","new":"LOUD"}"#;
        let levels = read(&GetLogLevels, body);
        assert_eq!((&levels["agency"], &levels["requests"]), (&LogLevel::Info, &LogLevel::Fatal));
        assert_eq!(levels["new"], LogLevel::Unknown("LOUD".to_owned()));
        assert_eq!(read(&operation, body), levels);
    }

    #[test]
    fn levels_are_read_by_appender() {
        assert_request(&GetAppenderLogLevels, "GET", "/_admin/log/level?withAppenders=true");
        let body = r#"{"global":{"agency":"INFO"},"appenders":{"file://log":{"agency":"DEBUG"}}}"#;
        let levels = read(&GetAppenderLogLevels, body);
        assert_eq!(levels.global["agency"], LogLevel::Info);
        assert_eq!(levels.appenders["file://log"]["agency"], LogLevel::Debug);

        let server = ServerId::from("PRMR-1");
        let operation = GetServerAppenderLogLevels { server: &server };
        assert_request(&operation, "GET", "/_admin/log/level?serverId=PRMR-1&withAppenders=true");
        assert_rejected(&GetServerAppenderLogLevels { server: &"".into() }, "`server` is empty");
        assert_eq!(read(&operation, body), levels);
    }
}
