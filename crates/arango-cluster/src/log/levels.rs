//! Asking how much is written to a log.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::level;
use crate::{AppenderLogLevels, LogLevels, ServerId};

pub(super) const PATH: &str = "/_admin/log/level";

/// Asks the server that answers how grave entries have to be to be written to its log.
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

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogLevels, DecodeError> {
        level::by_topic(&response)
    }
}

/// Asks a server the same, through whichever coordinator answers. Since 3.10.2: **before, the coordinator passes over the
/// name and speaks of itself.**
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerLogLevels<'a> {
    /// The server to be asked, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata =
        Metadata::get("cluster.server_log_levels", PATH).since("3.10.2").permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("serverId", self.server.given("server")?.as_str()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogLevels, DecodeError> {
        level::by_topic(&response)
    }
}

/// Asks the server that answers how grave entries have to be for each place that they are written to. Since 3.12.2.
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

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("withAppenders", "true").build()
    }

    fn output(&self, response: ApiResponse) -> Result<AppenderLogLevels, DecodeError> {
        response.json()
    }
}

/// Asks a server the same, through whichever coordinator answers. Since 3.12.2.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerAppenderLogLevels<'a> {
    /// The server to be asked, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerAppenderLogLevels<'_> {
    type Output = AppenderLogLevels;

    const METADATA: Metadata = Metadata::get("cluster.server_appender_log_levels", PATH)
        .since("3.12.2")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.given("server")?.as_str());
        draft.query("withAppenders", "true").build()
    }

    fn output(&self, response: ApiResponse) -> Result<AppenderLogLevels, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogLevel;
    use crate::testing::{assert_asks, assert_refuses, read};

    #[test]
    fn levels_are_told_by_topic() {
        assert_asks(&GetLogLevels, "GET", PATH);
        let server = ServerId::from("PRMR-1");
        let ask = GetServerLogLevels { server: &server };
        assert_asks(&ask, "GET", "/_admin/log/level?serverId=PRMR-1");
        assert_refuses(&GetServerLogLevels { server: &"".into() }, "`server` is empty");
        let body = r#"{"agency":"INFO","requests":"FATAL","new":"LOUD"}"#;
        let levels = read(&GetLogLevels, body);
        assert_eq!((&levels["agency"], &levels["requests"]), (&LogLevel::Info, &LogLevel::Fatal));
        assert_eq!(levels["new"], LogLevel::Unknown("LOUD".to_owned()));
        assert_eq!(read(&ask, body), levels);
    }

    #[test]
    fn levels_are_told_by_place() {
        assert_asks(&GetAppenderLogLevels, "GET", "/_admin/log/level?withAppenders=true");
        let body = r#"{"global":{"agency":"INFO"},"appenders":{"file://log":{"agency":"DEBUG"}}}"#;
        let levels = read(&GetAppenderLogLevels, body);
        assert_eq!(levels.global["agency"], LogLevel::Info);
        assert_eq!(levels.appenders["file://log"]["agency"], LogLevel::Debug);

        let server = ServerId::from("PRMR-1");
        let ask = GetServerAppenderLogLevels { server: &server };
        assert_asks(&ask, "GET", "/_admin/log/level?serverId=PRMR-1&withAppenders=true");
        assert_refuses(&GetServerAppenderLogLevels { server: &"".into() }, "`server` is empty");
        assert_eq!(read(&ask, body), levels);
    }
}
