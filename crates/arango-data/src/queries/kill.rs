//! Ending queries.

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};

use super::ids::QueryId;
use crate::expected_error::accept_error;

/// Kills a running query.
///
/// The server only marks the query: it fails with 410 and error 1500 at its next check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillQuery {
    id: QueryId,
}

/// What came of killing a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KillStatus {
    /// The query is marked.
    Marked,
    /// The query has ended, or never existed.
    NotRunning,
}

/// Clears the list of slow queries on all coordinators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearSlowQueries;

impl KillQuery {
    /// Kills the query with this id.
    #[must_use]
    pub fn new(id: &QueryId) -> Self {
        Self { id: id.clone() }
    }
}

impl Operation for KillQuery {
    type Output = KillStatus;

    const METADATA: Metadata = Metadata::delete("query.kill", "/_api/query/{id}")
        .fenced()
        .scope(Scope::Database)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        // `slow` would clear the list of slow queries.
        if !self.id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BuildError::Field { field: "id", reason: "is not the id of a query" });
        }
        RequestBuilder::new(Self::METADATA).path_param("id", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<KillStatus, OutputError> {
        if response.status() != StatusCode::NOT_FOUND {
            return response.acknowledged().map(|()| KillStatus::Marked);
        }
        accept_error(&response, ErrorNumber::QUERY_NOT_FOUND).map(|()| KillStatus::NotRunning)
    }
}

impl Operation for ClearSlowQueries {
    type Output = ();

    const METADATA: Metadata =
        Metadata::delete("query.clear_slow", "/_api/query/slow").idempotent().scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read, response};

    const OK: &str = r#"{"error":false,"code":200}"#;

    #[test]
    fn a_query_that_has_ended_is_not_an_error() {
        let kill = KillQuery::new(&"32665".into());
        assert_request(&kill, "DELETE", "/_api/query/32665");
        assert_eq!(read(&kill, OK), KillStatus::Marked);
        let gone = response(404, r#"{"error":true,"code":404,"errorNum":1591,"errorMessage":"not found"}"#);
        assert_eq!(kill.output(gone).unwrap(), KillStatus::NotRunning);
        assert!(kill.output(response(404, r#"{"error":true,"code":404,"errorNum":1228}"#)).is_err());
    }

    #[test]
    fn a_word_of_the_path_is_not_the_id_of_a_query() {
        assert_rejected(&KillQuery::new(&"slow".into()), "`id` is not the id of a query");
        assert_request(&ClearSlowQueries, "DELETE", "/_api/query/slow");
        read(&ClearSlowQueries, OK);
    }
}
