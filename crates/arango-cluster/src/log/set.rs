//! Setting how much is written to a log.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::level;
use super::levels::PATH;
use crate::{LogLevels, ServerId};

/// Sets how grave entries have to be to be written to the log of the server that answers, until it restarts.
///
/// Topics that are not named stay as they are; the topic `all` is all of them. The answer is how all stand then.
///
/// # Errors
///
/// 400 for a level that the server does not know; otherwise as [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLogLevels<'a> {
    /// The levels of the topics that are to change.
    pub levels: &'a LogLevels,
}

impl Operation for SetLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::put("server.set_log_levels", PATH)
        .scope(Scope::Coordinator)
        .idempotent() // values, written over
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.levels).build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogLevels, DecodeError> {
        level::by_topic(&response)
    }
}

/// Sets how grave entries have to be to be written to the log of a server, through whichever coordinator answers. Since
/// 3.10.2: **before, the coordinator passes over the name and changes itself.**
///
/// # Errors
///
/// As [`SetLogLevels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetServerLogLevels<'a> {
    /// The server that is to change, by its id.
    pub server: &'a ServerId,
    /// The levels of the topics that are to change.
    pub levels: &'a LogLevels,
}

impl Operation for SetServerLogLevels<'_> {
    type Output = LogLevels;

    const METADATA: Metadata = Metadata::put("cluster.set_server_log_levels", PATH)
        .idempotent() // values of one named server, written over
        .since("3.10.2")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft =
            RequestBuilder::new(Self::METADATA).query("serverId", self.server.given("server")?.as_str());
        draft.json(self.levels).build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogLevels, DecodeError> {
        level::by_topic(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogLevel;
    use crate::testing::{assert_refuses, assert_sends, read};

    #[test]
    fn only_the_topics_that_change_are_sent() {
        let levels = LogLevels::from([("requests".to_owned(), LogLevel::Debug)]);
        let set = SetLogLevels { levels: &levels };
        assert_sends(&set, "PUT", PATH, r#"{"requests":"DEBUG"}"#);
        assert_eq!(read(&set, r#"{"agency":"INFO","requests":"DEBUG"}"#).len(), 2);
        let server = ServerId::from("PRMR-1");
        let set = SetServerLogLevels { server: &server, levels: &levels };
        assert_sends(&set, "PUT", "/_admin/log/level?serverId=PRMR-1", r#"{"requests":"DEBUG"}"#);
        assert_refuses(&SetServerLogLevels { server: &"".into(), levels: &levels }, "`server` is empty");
    }
}
