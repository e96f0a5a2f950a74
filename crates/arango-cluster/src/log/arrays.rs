//! The log, by the calls of old.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{LogQuery, UnixSeconds, no_payload};

const PATH: &str = "/_admin/log";

/// What a server has written to its log: lists of which the elements at the same place belong together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LogArrays {
    /// How many entries there are, also beyond those that were asked for.
    pub total_amount: u64,
    /// The id of each.
    pub lid: Vec<u64>,
    /// What each is about.
    #[serde(default)]
    pub topic: Vec<String>,
    /// How grave each is: 0 is fatal, 1 an error, 2 a warning, 3 information, 4 for those who look for faults.
    pub level: Vec<u64>,
    /// When each was written.
    pub timestamp: Vec<UnixSeconds>,
    /// What each says.
    pub text: Vec<String>,
}

/// Asks the server that answers what it has written to its log, by an older call than
/// [`GetLogEntries`](crate::GetLogEntries). Gone since 4.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLogArrays<'a> {
    /// Which entries are wanted.
    pub query: &'a LogQuery,
}

impl Operation for GetLogArrays<'_> {
    type Output = LogArrays;

    const METADATA: Metadata = Metadata::get("server.log_arrays", PATH)
        .scope(Scope::Coordinator)
        .removed_in("4.0.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.query.of(RequestBuilder::new(Self::METADATA))?.build()
    }

    fn output(&self, response: ApiResponse) -> Result<LogArrays, DecodeError> {
        response.json()
    }
}

/// Has the server that answers forget what it has written to its log: what can be asked for, not the files. Gone since
/// 4.0.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClearLog;

impl Operation for ClearLog {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("server.clear_log", PATH)
        .scope(Scope::Coordinator) // not idempotent: a second time forgets what was written since the first
        .removed_in("4.0.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        no_payload::nothing(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    #[expect(clippy::float_cmp, reason = "integers are exact")]
    fn lists_are_read() {
        let query = LogQuery::new().size(1);
        let ask = GetLogArrays { query: &query };
        assert_asks(&ask, "GET", "/_admin/log?size=1");
        let log = read(
            &ask,
            r#"{"totalAmount":9,"lid":[7],"topic":["startup"],"level":[3],"timestamp":[1763632800],"text":["ready"]}"#,
        );
        assert_eq!((log.total_amount, &log.lid[..], &log.level[..]), (9, &[7][..], &[3][..]));
        assert_eq!((log.topic[0].as_str(), log.text[0].as_str()), ("startup", "ready"));
        assert_eq!(log.timestamp[0].0, 1_763_632_800.0);
        assert_asks(&ClearLog, "DELETE", "/_admin/log");
        read(&ClearLog, "{}");
    }
}
