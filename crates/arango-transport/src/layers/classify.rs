//! Classification of failures: the decision tables.
//!
//! `docs/failure-semantics.md` contains the same tables with their reasons. Every function depends only on
//! the class that was decided before the first attempt, on how far the attempt got, and on the response. A
//! new [`ErrorKind`] does not compile until it is handled here.

use arango_balance::Signal;
use arango_protocol::{ErrorNumber, RequestClass};
use http::StatusCode;

use crate::config::retry_policy::{RetryPolicy, ServerErrors, Shutdowns, Timeouts};
use crate::error::attempt::Attempt;
use crate::error::kind::{ErrorKind, is_too_large};
use crate::types::backoff::Backoff;
use crate::types::http_protocol::HttpProtocol;
use crate::types::outcome::Outcome;

/// Whether and where a request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryTarget {
    /// No retry.
    Never,
    /// To another coordinator. The first time without a pause.
    Other,
    /// After a pause, to another coordinator if there is one.
    OtherAfterPause,
    /// To the same coordinator on a new connection, without a pause.
    Same,
    /// To the same coordinator, after a pause.
    SameAfterPause,
}

/// The consequence of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) target: RetryTarget,
    pub(crate) pause: Backoff,
    /// Whether `Retry-After` replaces the pause. ArangoDB never sends it, so it comes from a proxy.
    pub(crate) honors_retry_after: bool,
}

/// Evidence for the author of an error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseAuthor {
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
pub(crate) fn classify_response(status: StatusCode, author: ResponseAuthor) -> (ErrorKind, Outcome) {
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
        (N::DATA_SOURCE_NOT_FOUND, _) => (K::NotFound, NotExecuted),
        (N::CLUSTER_SERVER_UNKNOWN | N::CURSOR_NOT_FOUND | N::TRANSACTION_NOT_FOUND, _) => {
            (K::OwnerGone, NotExecuted)
        }
        (N::CURSOR_BUSY, _) => (K::CursorBusy, NotExecuted),
        (N::CONFLICT, 412) => (K::PreconditionFailed, NotExecuted),
        (N::CONFLICT, _) => (K::Conflict, NotExecuted),
        (N::REQUEST_CANCELED | N::QUERY_KILLED | N::TRANSACTION_ABORTED, _) => (K::Aborted, Unknown),
        (
            N::CLUSTER_AGENCY_COMMUNICATION_FAILED
            | N::CLUSTER_AGENCY_READ_FAILED
            | N::CLUSTER_READING_PLAN_AGENCY,
            _,
        ) => (K::AgencyUnavailable, Unknown),
        (N::NOT_IMPLEMENTED | N::CLUSTER_UNSUPPORTED | N::CLUSTER_ONLY_ON_COORDINATOR, _) => {
            (K::NotSupported, NotExecuted)
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

/// Returns what a failed attempt indicates about its coordinator.
pub(crate) fn signal(attempt: &Attempt) -> Signal {
    use ErrorKind as K;
    match attempt.kind {
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::ProtocolViolation
        | K::BodyInterrupted
        | K::BodyTimeout => Signal::Unreachable,
        // An idle connection may just have reached its idle timeout.
        K::ConnectionLost if may_be_stale(attempt) => Signal::Neutral,
        // Another stream of the same connection has already reported the loss.
        K::ConnectionLost if attempt.already_reported => Signal::Neutral,
        K::ConnectionLost => Signal::Unreachable,
        K::StreamRefused | K::ResponseDropped => Signal::Overloaded,
        K::GoAway => Signal::Draining,
        K::Gateway => Signal::GatewayError,
        K::StartingUp | K::QueueTimeViolated | K::Throttled => Signal::Overloaded,
        K::ShuttingDown => Signal::Draining,
        // An intermediary may have lower limits than the coordinator.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => Signal::Neutral,
        K::NotArangoDb => Signal::Unrecognized,
        K::UnexpectedRedirect if !attempt.is_arangodb => Signal::Unrecognized,
        K::QueueFull if attempt.outcome == Outcome::NotExecuted => Signal::Overloaded,
        K::Server if attempt.status.is_some_and(|status| status.is_server_error()) => Signal::Failure,
        K::Forbidden
        | K::ReadOnly
        | K::DatabaseUnknown
        | K::NotFound
        | K::OwnerGone
        | K::CursorBusy
        | K::Conflict
        | K::PreconditionFailed
        | K::Aborted
        | K::NotSupported
        | K::NotACluster
        | K::Server => Signal::Success,
        // Responses that say nothing about the coordinator, limits of the client, and failures outside of it.
        // Whether a timeout counts depends on other responses: the attempt layer decides.
        K::AttemptTimeout
        | K::QueueFull
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::BackendTimeout
        | K::UnknownServer
        | K::NotLeader
        | K::AgencyUnavailable
        | K::PoolExhausted
        | K::ConnectionClosedBeforeSend
        | K::BodyTooLarge
        | K::Http
        | K::NotAuthorized
        | K::BadCredentials
        | K::Login
        | K::UnexpectedRedirect
        | K::Middleware
        | K::Decode
        | K::DeadlineExceeded
        | K::Request
        | K::NeedsCoordinator
        | K::UnknownCoordinator
        | K::ClientClosed
        | K::NoRuntime
        | K::NoCoordinatorAvailable => Signal::Neutral,
    }
}

/// Returns whether a token was rejected, possibly because it has expired.
///
/// The server returns the same error for a missing right. It does so before any handler runs, so the request
/// may be retried regardless of its class, if the error comes from the server.
pub(crate) fn refuses_token(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::NotAuthorized
        && attempt.number == Some(ErrorNumber::FORBIDDEN)
        && attempt.outcome == Outcome::NotExecuted
}

/// Returns whether the connection may have closed while idle, before the request arrived.
///
/// An idle HTTP/2 connection is closed with GOAWAY, and requests sent meanwhile are reported as not
/// processed.
fn may_be_stale(attempt: &Attempt) -> bool {
    attempt.reused && attempt.protocol != Some(HttpProtocol::Http2)
}

/// Decides whether the request is retried after `attempt`.
pub(crate) fn rule(attempt: &Attempt, class: RequestClass, policy: &RetryPolicy) -> Rule {
    use ErrorKind as K;
    use RetryTarget::{Never, Other, OtherAfterPause, Same, SameAfterPause};

    let safe = class == RequestClass::Safe;
    let not_executed = attempt.outcome == Outcome::NotExecuted;
    // Retried if it was not executed, or if a repetition is harmless.
    let harmless = not_executed || class != RequestClass::NonIdempotent;

    let (allowed, target, pause) = match attempt.kind {
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::PoolExhausted
        | K::ConnectionClosedBeforeSend
        | K::StreamRefused
        | K::GoAway => (not_executed, Other, Backoff::Connection),
        K::ConnectionLost if may_be_stale(attempt) => (harmless, Same, Backoff::Connection),
        K::ConnectionLost | K::ProtocolViolation | K::BodyInterrupted | K::BodyTimeout => {
            (harmless, Other, Backoff::Connection)
        }
        K::ResponseDropped => (harmless, Other, Backoff::Overload),
        // A proxy has timed out reading the request: most likely it arrived on a stale connection.
        K::AttemptTimeout if attempt.status.is_some() => (harmless, Same, Backoff::Connection),
        // The first request may still be running, so only requests without side effects are retried.
        K::AttemptTimeout => {
            let allowed = safe || not_executed || (harmless && policy.timeouts == Timeouts::Retry);
            (allowed, Other, Backoff::Connection)
        }
        K::StartingUp => (not_executed, Other, Backoff::Overload),
        K::ShuttingDown => (harmless || policy.shutdowns == Shutdowns::Trusted, Other, Backoff::Connection),
        K::Server if attempt.status.is_some_and(|status| status.as_u16() == 500) => {
            (safe && policy.server_errors == ServerErrors::Retry, OtherAfterPause, Backoff::Overload)
        }
        K::QueueFull
        | K::QueueTimeViolated
        | K::Throttled
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::NotLeader => (harmless, OtherAfterPause, Backoff::Overload),
        K::BackendTimeout | K::AgencyUnavailable => (safe, OtherAfterPause, Backoff::Overload),
        K::Gateway => (harmless, OtherAfterPause, Backoff::Connection),
        // A request that is too large for one coordinator is too large for the next.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => (false, Never, Backoff::Connection),
        K::NotArangoDb => (harmless, Other, Backoff::Connection),
        K::UnexpectedRedirect if !attempt.is_arangodb => (safe, Other, Backoff::Connection),
        K::CursorBusy => (not_executed, SameAfterPause, Backoff::Conflict),
        K::NotAuthorized
        | K::BadCredentials
        | K::Login
        | K::UnknownServer
        | K::Forbidden
        | K::ReadOnly
        | K::DatabaseUnknown
        | K::NotFound
        | K::OwnerGone
        | K::Conflict
        | K::PreconditionFailed
        | K::Aborted
        | K::NotSupported
        | K::NotACluster
        | K::Server
        | K::Http
        | K::UnexpectedRedirect
        | K::BodyTooLarge
        | K::Middleware
        | K::Decode
        | K::DeadlineExceeded
        | K::Request
        | K::NeedsCoordinator
        | K::UnknownCoordinator
        | K::ClientClosed
        | K::NoRuntime
        | K::NoCoordinatorAvailable => (false, Never, Backoff::Connection),
    };
    let honors_retry_after = matches!(attempt.kind, K::Throttled | K::Gateway);
    Rule { target: if allowed { target } else { Never }, pause, honors_retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::attempt::Phase;

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
    fn possibly_executed_requests_are_retried_only_if_repeating_them_is_harmless() {
        for status in (100..1000).filter(|status| !(200..300).contains(status)) {
            for number in [0, 9, 11, 21, 30, 38, 503, 1200, 1457, 1465, 1478, 1491, 1492, 1496, 21003, 21004]
            {
                let (kind, outcome) = kind(status, number);
                let attempt = Attempt::new(kind, outcome, Phase::Body);
                let target = rule(&attempt, RequestClass::NonIdempotent, &RetryPolicy::default()).target;
                assert!(
                    target == RetryTarget::Never || outcome == Outcome::NotExecuted,
                    "{status}/{number}: {kind:?} {outcome:?} {target:?}"
                );
            }
        }
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

    #[test]
    fn a_broken_connection_is_retried_according_to_class_only() {
        for reused in [false, true] {
            let mut attempt = Attempt::new(ErrorKind::ConnectionLost, Outcome::Unknown, Phase::Sent);
            attempt.reused = reused;
            let target = |class| rule(&attempt, class, &RetryPolicy::default()).target;
            assert_eq!(target(RequestClass::NonIdempotent), RetryTarget::Never);
            assert_eq!(
                target(RequestClass::Safe),
                if reused { RetryTarget::Same } else { RetryTarget::Other }
            );
            assert_eq!(target(RequestClass::Idempotent), target(RequestClass::Safe));
        }
        let timeout = Attempt::new(ErrorKind::AttemptTimeout, Outcome::Unknown, Phase::Sent);
        assert_eq!(
            rule(&timeout, RequestClass::Idempotent, &RetryPolicy::default()).target,
            RetryTarget::Never
        );
        assert_eq!(rule(&timeout, RequestClass::Safe, &RetryPolicy::default()).target, RetryTarget::Other);
    }
}
