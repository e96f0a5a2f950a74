//! The log, by legacy calls.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope, UnixSeconds,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::log::LogQuery;

const PATH: &str = "/_admin/log";

/// Log entries as parallel lists: elements at the same index belong together.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LogArrays {
    /// The total number of entries, including those not requested.
    pub total_amount: u64,
    /// The id of each entry.
    pub lid: Vec<u64>,
    /// The topic of each entry.
    #[serde(default)]
    pub topic: Vec<String>,
    /// The severity of each entry.
    ///
    /// 0 is fatal, 1 error, 2 warning, 3 info, 4 debug.
    pub level: Vec<u64>,
    /// When each entry was written.
    pub timestamp: Vec<UnixSeconds>,
    /// The message of each entry.
    pub text: Vec<String>,
}

/// Reads log entries of the responding server, by a legacy call.
///
/// Removed in 4.0. See [`GetLogEntries`](crate::GetLogEntries) for the newer call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetLogArrays<'a> {
    /// Which entries to return.
    pub query: &'a LogQuery,
}

impl Operation for GetLogArrays<'_> {
    type Output = LogArrays;

    const METADATA: Metadata = Metadata::get("server.log_arrays", PATH)
        .scope(Scope::Coordinator)
        .removed_in("4.0.0")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.query.apply(RequestBuilder::new(Self::METADATA))?.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<LogArrays, OutputError> {
        response.json()
    }
}

/// Clears the log entries that the responding server keeps in memory.
///
/// Removed in 4.0. Log files are not affected.
///
/// # Errors
///
/// As [`GetLogEntries`](crate::GetLogEntries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClearLog;

impl Operation for ClearLog {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("server.clear_log", PATH)
        .scope(Scope::Coordinator) // not idempotent: a repeated request also clears the entries written since the first
        .removed_in("4.0.0")
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    #[expect(clippy::float_cmp, reason = "integers are exact")]
    fn lists_are_read() {
        let query = LogQuery::new().size(1);
        let operation = GetLogArrays { query: &query };
        assert_request(&operation, "GET", "/_admin/log?size=1");
        let log = read(
            &operation,
            r#"{"totalAmount":9,"lid":[7],"topic":["startup"],"level":[3],"timestamp":[1763632800],"text":["ready"]}"#,
        );
        assert_eq!((log.total_amount, &log.lid[..], &log.level[..]), (9, &[7][..], &[3][..]));
        assert_eq!((log.topic[0].as_str(), log.text[0].as_str()), ("startup", "ready"));
        assert_eq!(log.timestamp[0].0, 1_763_632_800.0);
        assert_request(&ClearLog, "DELETE", "/_admin/log");
        read(&ClearLog, r#"{"error":false,"code":200}"#);
    }
}
