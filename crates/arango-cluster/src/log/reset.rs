//! Resetting log levels.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::level;
use super::levels::PATH;
use crate::log::LogLevels;
use crate::server::ServerId;

/// Resets the responding server's log levels to those of its start.
///
/// Since 3.12.1.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResetLogLevels;

impl Operation for ResetLogLevels {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::delete("server.reset_log_levels", PATH)
        .scope(Scope::Coordinator)
        .idempotent() // it ends in the state that the server started with
        .since("3.12.1")
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogLevels, OutputError> {
        level::by_topic(&response)
    }
}

/// Resets the log levels of a server, through any coordinator. Since 3.12.1.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetServerLogLevels<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
}

impl Operation for ResetServerLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::delete("cluster.reset_server_log_levels", PATH)
        .idempotent() // of one named server, as above
        .since("3.12.1")
        .permission(Permission::Admin);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn levels_are_reset() {
        assert_request(&ResetLogLevels, "DELETE", PATH);
        let server = ServerId::from("PRMR-1");
        let reset = ResetServerLogLevels { server: &server };
        assert_request(&reset, "DELETE", "/_admin/log/level?serverId=PRMR-1");
        assert_rejected(&ResetServerLogLevels { server: &"".into() }, "`server` is empty");
        for levels in [read(&ResetLogLevels, r#"{"agency":"INFO"}"#), read(&reset, r#"{"agency":"INFO"}"#)] {
            assert_eq!(levels.len(), 1);
        }
    }
}
