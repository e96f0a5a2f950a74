//! Setting log levels.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::level;
use super::levels::PATH;
use crate::log::LogLevels;
use crate::server::ServerId;

/// Sets log levels of the responding server, until it restarts.
///
/// Topics that are not named keep their levels; the topic `all` sets all of them. The response contains the resulting
/// levels of all topics.
///
/// # Errors
///
/// 400 for an unknown level; otherwise as [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLogLevels<'a> {
    /// The levels of the topics to change.
    pub levels: &'a LogLevels,
}

impl Operation for SetLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::put("server.set_log_levels", PATH)
        .scope(Scope::Coordinator)
        .idempotent() // overwrites values
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.levels).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogLevels, OutputError> {
        level::by_topic(&response)
    }
}

/// Sets log levels of a server, through any coordinator. Since 3.10.2.
///
/// **An older coordinator ignores the server id and changes its own levels.**
///
/// # Errors
///
/// As [`SetLogLevels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetServerLogLevels<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
    /// The levels of the topics to change.
    pub levels: &'a LogLevels,
}

impl Operation for SetServerLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::put("cluster.set_server_log_levels", PATH)
        .idempotent() // overwrites values of one named server
        .since("3.10.2")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.checked_id("server")?.as_str());
        builder.json(self.levels).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogLevels, OutputError> {
        level::by_topic(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogLevel;
    use crate::testing::{assert_rejected, assert_request_with_body, read};

    #[test]
    fn only_the_topics_that_change_are_sent() {
        let levels = LogLevels::from([("requests".to_owned(), LogLevel::Debug)]);
        let set = SetLogLevels { levels: &levels };
        assert_request_with_body(&set, "PUT", PATH, r#"{"requests":"DEBUG"}"#);
        assert_eq!(read(&set, r#"{"agency":"INFO","requests":"DEBUG"}"#).len(), 2);
        let server = ServerId::from("PRMR-1");
        let set = SetServerLogLevels { server: &server, levels: &levels };
        assert_request_with_body(&set, "PUT", "/_admin/log/level?serverId=PRMR-1", r#"{"requests":"DEBUG"}"#);
        assert_rejected(&SetServerLogLevels { server: &"".into(), levels: &levels }, "`server` is empty");
    }
}
