//! The classification of error responses: what a status and an error number say about a request.
//!
//! `docs/failure-semantics.md` contains the same table with its reasons.

use http::StatusCode;

use crate::error::kind::ErrorKind;
use crate::error::number::ErrorNumber;
use crate::error::outcome::Outcome;

/// Evidence for the author of an error response.
#[doc(hidden)] // for the crate `arango-transport`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseAuthor {
    /// ArangoDB: the body is its error object with this number.
    ArangoDb(ErrorNumber),
    /// ArangoDB according to the headers; the body is not its error object.
    ArangoDbHeaders,
    /// As [`ArangoDbHeaders`](Self::ArangoDbHeaders), without a body: the response for a path without a
    /// handler.
    ArangoDbHeadersNoBody,
    /// Unknown: the response has no body by rule.
    Unknown,
    /// Another service, such as a proxy or an ingress, as far as can be detected.
    Foreign,
}

/// Classifies an error response by its status and error number together.
///
/// Every status that is not a success is an error, including 101, 304 and 600.
#[doc(hidden)] // for the crate `arango-transport`
#[must_use]
pub fn classify_response(status: StatusCode, author: ResponseAuthor) -> (ErrorKind, Outcome) {
    use ErrorKind as K;
    use ErrorNumber as N;
    use Outcome::{Executed, NotExecuted, Unknown};

    let code = status.as_u16();
    match code {
        // The usual responses to a POST that another service than ArangoDB has executed.
        301..=303 => return (K::UnexpectedRedirect, Unknown),
        307 | 308 => return (K::UnexpectedRedirect, NotExecuted),
        _ => {}
    }
    let ResponseAuthor::ArangoDb(number) = author else {
        return classify_foreign_response(code, author);
    };
    match (number, code) {
        (N::FORBIDDEN, 401) | (N::HTTP_UNAUTHORIZED, _) => (K::NotAuthorized, NotExecuted),
        (N::FORBIDDEN | N::USE_SYSTEM_DATABASE, _) => (K::Forbidden, NotExecuted),
        (N::READ_ONLY, _) => (K::ReadOnly, NotExecuted),
        (N::HTTP_SERVICE_UNAVAILABLE | N::STARTING_UP, 503) => (K::StartingUp, NotExecuted),
        // With another status the same number was returned by an operation already running.
        (N::HTTP_SERVICE_UNAVAILABLE, _) => (K::AgencyUnavailable, Unknown),
        (N::SHUTTING_DOWN, _) => (K::ShuttingDown, Unknown),
        (N::QUEUE_FULL, 503) => (K::QueueFull, NotExecuted),
        (N::QUEUE_FULL, _) => (K::QueueFull, Unknown),
        (N::QUEUE_TIME_VIOLATED, _) => (K::QueueTimeViolated, NotExecuted),
        (N::CLUSTER_BACKEND_UNAVAILABLE, _) => (K::BackendUnavailable, Unknown),
        (N::CLUSTER_CONNECTION_LOST, _) => (K::BackendConnectionLost, Unknown),
        (N::CLUSTER_TIMEOUT, _) => (K::BackendTimeout, Unknown),
        (N::CLUSTER_SHARD_LEADER_RESIGNED, _) => (K::NotLeader, Unknown),
        (N::CLUSTER_LEADERSHIP_CHALLENGE_ONGOING | N::CLUSTER_NOT_LEADER, _) => (K::NotLeader, NotExecuted),
        (N::DATABASE_NOT_FOUND, _) => (K::DatabaseUnknown, NotExecuted),
        (N::DATA_SOURCE_NOT_FOUND, _) => (K::CollectionNotFound, NotExecuted),
        (N::DOCUMENT_NOT_FOUND, _) => (K::DocumentNotFound, NotExecuted),
        (N::CLUSTER_SERVER_UNKNOWN | N::CURSOR_NOT_FOUND, _) => (K::OwnerGone, NotExecuted),
        (N::TRANSACTION_NOT_FOUND, _) => (K::TransactionGone, NotExecuted),
        // Its operations may have been executed, and may have been committed before.
        (N::TRANSACTION_ABORTED, _) => (K::TransactionGone, Unknown),
        // The earlier request is still executed, and this one was not.
        (N::TRANSACTION_LOCKED, _) => (K::TransactionBusy, NotExecuted),
        (N::LOCK_TIMEOUT, _) => (K::LockTimeout, NotExecuted),
        (N::UNIQUE_CONSTRAINT_VIOLATED, _) => (K::UniqueViolation, NotExecuted),
        (N::SCHEMA_VIOLATED, _) => (K::SchemaViolation, NotExecuted),
        (N::WRITE_CONCERN_NOT_FULFILLED, _) => (K::WriteConcernNotMet, NotExecuted),
        // A query without a write transaction around it may have committed a part of its writes.
        (N::RESOURCE_LIMIT, 500) => (K::ResourceLimit, Unknown),
        (N::CURSOR_BUSY, _) => (K::CursorBusy, NotExecuted),
        (N::CONFLICT, 412) => (K::PreconditionFailed, NotExecuted),
        (N::CONFLICT, _) => (K::Conflict, NotExecuted),
        (N::REQUEST_CANCELED, _) => (K::Aborted, Unknown),
        (N::QUERY_KILLED, _) => (K::QueryKilled, Unknown),
        (
            N::CLUSTER_AGENCY_COMMUNICATION_FAILED
            | N::CLUSTER_AGENCY_READ_FAILED
            | N::CLUSTER_READING_PLAN_AGENCY,
            _,
        ) => (K::AgencyUnavailable, Unknown),
        (N::NOT_IMPLEMENTED | N::CLUSTER_UNSUPPORTED | N::CLUSTER_ONLY_ON_COORDINATOR, _) => {
            (K::NotSupported, NotExecuted)
        }
        (N(1501..=1599), 400) => {
            (K::InvalidQuery, if number.is_found_by_query_parser() { NotExecuted } else { Unknown })
        }
        // ArangoDB returns it after it has acted. Only the response of a proxy has no number.
        (_, 408) => (K::Server, Unknown),
        (_, 401) => (K::NotAuthorized, NotExecuted),
        (_, 403) => (K::Forbidden, NotExecuted),
        (_, 404) => (K::NotFound, Executed),
        (_, 409) => (K::Conflict, Executed),
        (_, 412) => (K::PreconditionFailed, Executed),
        (_, 429) => (K::Throttled, NotExecuted),
        // Rejected before the request was read.
        (_, 413 | 414 | 431) => (K::Server, NotExecuted),
        (_, 400..500) => (K::Server, Executed),
        _ => (K::Server, Unknown),
    }
}

/// Classifies an error response without ArangoDB's error object.
///
/// Only errors that an intermediary returns by itself prove that the request was not executed.
fn classify_foreign_response(code: u16, author: ResponseAuthor) -> (ErrorKind, Outcome) {
    use ErrorKind as K;
    use Outcome::{NotExecuted, Unknown};

    let is_foreign = author == ResponseAuthor::Foreign;
    let outcome = match code {
        401 | 403 | 407 | 413 | 414 | 429 | 431 => NotExecuted,
        404 | 405 | 501 if author == ResponseAuthor::ArangoDbHeadersNoBody => NotExecuted,
        _ => Unknown,
    };
    let kind = match code {
        408 => K::AttemptTimeout,
        429 => K::Throttled,
        502..=504 => K::Gateway,
        _ if is_foreign => K::NotArangoDb,
        401 => K::NotAuthorized,
        403 => K::Forbidden,
        404 => K::NotFound,
        _ => K::Http,
    };
    (kind, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, number: u32) -> (ErrorKind, Outcome) {
        let author =
            if number == 0 { ResponseAuthor::Foreign } else { ResponseAuthor::ArangoDb(ErrorNumber(number)) };
        classify_response(StatusCode::from_u16(status).unwrap(), author)
    }

    #[test]
    fn a_503_has_four_meanings() {
        assert_eq!(kind(503, 503), (ErrorKind::StartingUp, Outcome::NotExecuted));
        assert_eq!(kind(503, 1465), (ErrorKind::BackendConnectionLost, Outcome::Unknown));
        assert_eq!(kind(503, 21003), (ErrorKind::QueueFull, Outcome::NotExecuted));
        assert_eq!(kind(503, 0), (ErrorKind::Gateway, Outcome::Unknown));
    }

    #[test]
    fn an_error_number_within_an_operation_differs_from_one_at_admission() {
        assert_eq!(kind(500, 503), (ErrorKind::AgencyUnavailable, Outcome::Unknown));
        assert_eq!(kind(500, 21003), (ErrorKind::QueueFull, Outcome::Unknown));
        assert_eq!(kind(408, 504), (ErrorKind::Server, Outcome::Unknown));
        assert_eq!(kind(412, 1200).0, ErrorKind::PreconditionFailed);
        assert_eq!(kind(409, 1200).0, ErrorKind::Conflict);
    }

    #[test]
    fn without_an_error_object_only_intermediary_rejections_prove_not_executed() {
        let proved = [307, 308, 401, 403, 407, 413, 414, 429, 431];
        for status in (100..1000).filter(|status| !(200..300).contains(status)) {
            let expected = if proved.contains(&status) { Outcome::NotExecuted } else { Outcome::Unknown };
            for author in [ResponseAuthor::Foreign, ResponseAuthor::ArangoDbHeaders, ResponseAuthor::Unknown]
            {
                let (kind, outcome) = classify_response(StatusCode::from_u16(status).unwrap(), author);
                assert_eq!(outcome, expected, "{status} {author:?}: {kind:?}");
            }
        }
        assert_eq!(kind(404, 0).0, ErrorKind::NotArangoDb);
        assert_eq!(kind(302, 0).0, ErrorKind::UnexpectedRedirect);
    }

    #[test]
    fn requests_too_large_for_the_server_are_not_executed() {
        for status in [413, 414, 431] {
            assert_eq!(kind(status, 413), (ErrorKind::Server, Outcome::NotExecuted));
        }
    }
}
