//! Which failure means what: the decision tables.
//!
//! `docs/failure-semantics.md` holds the same tables with their reasons. Everything here is a function of
//! facts: the class that was decided before the first attempt, how far the attempt got, and what the
//! server said. A new [`ErrorKind`] does not compile until it is decided here.

use arango_balance::Signal;
use arango_protocol::{ErrorNumber, RequestClass};
use http::StatusCode;

use crate::failed_attempt::Attempt;
use crate::retry_policy::{ServerErrors, Shutdowns, Timeouts};
use crate::{ErrorKind, HttpProtocol, Outcome, RetryPolicy};

/// Whether and where a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Not at all.
    No,
    /// To another coordinator, at once the first time.
    Elsewhere,
    /// After a pause, to another coordinator if there is one.
    Later,
    /// To the same coordinator on a new connection, at once.
    Same,
    /// To the same coordinator, after a pause.
    SameLater,
}

/// How long to pause before a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The connection failed.
    Connection,
    /// The server has too much to do, or is starting.
    Overload,
    /// Another request stands in the way.
    Conflict,
}

/// What follows from a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) again: Again,
    pub(crate) pause: Pause,
    /// Whether a `Retry-After` replaces the pause: ArangoDB never sends one, so it is a proxy's.
    pub(crate) heeds_retry_after: bool,
}

/// What shows who wrote a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// ArangoDB: the body is its error object, with this number.
    ArangoDb(ErrorNumber),
    /// ArangoDB, by the headers; the body is not its error object.
    HeadersOfArangoDb,
    /// The same, and there is no body: what a server answers for a path that it has no handler for.
    HeadersOfArangoDbAlone,
    /// Nothing can show it: the answer has no body by rule.
    Untold,
    /// Another service, a proxy or an ingress, as far as can be seen.
    Foreign,
}

/// Reads a refusal: status and number together, since neither tells alone.
///
/// Any status that is no success is one, whatever it is called: 101, 304 and 600, too.
pub(crate) fn refusal(status: StatusCode, author: Author) -> (ErrorKind, Outcome) {
    use ErrorKind as K;
    use ErrorNumber as N;
    use Outcome::{Executed, NotExecuted, Unknown};

    let code = status.as_u16();
    match code {
        // The usual answers to a POST that was executed, by others than ArangoDB.
        301..=303 => return (K::UnexpectedRedirect, Unknown),
        307 | 308 => return (K::UnexpectedRedirect, NotExecuted),
        _ => {}
    }
    let Author::ArangoDb(number) = author else {
        return unsigned_refusal(code, author);
    };
    match (number, code) {
        (N::FORBIDDEN, 401) | (N::HTTP_UNAUTHORIZED, _) => (K::NotAuthorized, NotExecuted),
        (N::FORBIDDEN | N::USE_SYSTEM_DATABASE, _) => (K::Forbidden, NotExecuted),
        (N::READ_ONLY, _) => (K::ReadOnly, NotExecuted),
        (N::HTTP_SERVICE_UNAVAILABLE | N::STARTING_UP, 503) => (K::StartingUp, NotExecuted),
        // The same number under another status was said deep inside a running operation.
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
        // ArangoDB's own answer after it has acted; only a proxy's has no number.
        (_, 408) => (K::Server, Unknown),
        (_, 401) => (K::NotAuthorized, NotExecuted),
        (_, 403) => (K::Forbidden, NotExecuted),
        (_, 404) => (K::NotFound, Executed),
        (_, 409) => (K::Conflict, Executed),
        (_, 412) => (K::PreconditionFailed, Executed),
        (_, 429) => (K::Throttled, NotExecuted),
        // Refused before it was read.
        (_, 413 | 414 | 431) => (K::Server, NotExecuted),
        (_, 400..500) => (K::Server, Executed),
        _ => (K::Server, Unknown),
    }
}

/// Reads a refusal without ArangoDB's error object. Only what an intermediary refuses by itself is not executed.
fn unsigned_refusal(code: u16, author: Author) -> (ErrorKind, Outcome) {
    use ErrorKind as K;
    use Outcome::{NotExecuted, Unknown};

    let is_foreign = author == Author::Foreign;
    let outcome = match code {
        401 | 403 | 407 | 413 | 414 | 429 | 431 => NotExecuted,
        404 | 405 | 501 if author == Author::HeadersOfArangoDbAlone => NotExecuted,
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

/// What an attempt that failed tells about its coordinator.
pub(crate) fn verdict(attempt: &Attempt) -> Signal {
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
        // A connection that had been idle may just have come to the end of its time.
        K::ConnectionLost if is_of_an_old_connection(attempt) => Signal::Neutral,
        // Another stream of the same connection has told already.
        K::ConnectionLost if attempt.echo => Signal::Neutral,
        K::ConnectionLost => Signal::Unreachable,
        K::StreamRefused | K::ResponseDropped => Signal::Overloaded,
        K::GoAway => Signal::Draining,
        K::Gateway => Signal::GatewayError,
        K::StartingUp | K::QueueTimeViolated | K::Throttled => Signal::Overloaded,
        K::ShuttingDown => Signal::Draining,
        // What stands before a coordinator may have limits of its own.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => Signal::Neutral,
        K::NotArangoDb => Signal::Unrecognized,
        K::UnexpectedRedirect if !attempt.recognized => Signal::Unrecognized,
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
        // Answers that say nothing of the coordinator, limits of our own, and failures above it.
        // Whether silence counts depends on what else was heard: the attempt layer decides.
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

/// Whether a token was refused, which may have ended: the server says the same of a missing right.
///
/// It says so before any handler runs, so the request may be sent again whatever it is, if it is the
/// server that says so.
pub(crate) fn refuses_token(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::NotAuthorized
        && attempt.number == Some(ErrorNumber::FORBIDDEN)
        && attempt.outcome == Outcome::NotExecuted
}

/// Whether what was sent is refused for its size, or for that of its head.
pub(crate) fn is_too_large(status: StatusCode) -> bool {
    matches!(status.as_u16(), 413 | 414 | 431)
}

/// Whether the connection may have broken for having been idle, before the request came to the other end.
///
/// An idle HTTP/2 connection is closed with a goodbye, and requests that cross it are given back.
fn is_of_an_old_connection(attempt: &Attempt) -> bool {
    attempt.reused && attempt.protocol != Some(HttpProtocol::Http2)
}

/// Decides whether the request is sent again after `attempt`.
pub(crate) fn rule(attempt: &Attempt, class: RequestClass, policy: &RetryPolicy) -> Rule {
    use Again::{Elsewhere, Later, No, Same, SameLater};
    use ErrorKind as K;

    let safe = class == RequestClass::Safe;
    let unharmed = attempt.outcome == Outcome::NotExecuted;
    // Sent again if it was not executed, or if a second copy does no harm.
    let harmless = unharmed || class != RequestClass::NonIdempotent;

    let (allowed, again, pause) = match attempt.kind {
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::PoolExhausted
        | K::ConnectionClosedBeforeSend
        | K::StreamRefused
        | K::GoAway => (unharmed, Elsewhere, Pause::Connection),
        K::ConnectionLost if is_of_an_old_connection(attempt) => (harmless, Same, Pause::Connection),
        K::ConnectionLost | K::ProtocolViolation | K::BodyInterrupted | K::BodyTimeout => {
            (harmless, Elsewhere, Pause::Connection)
        }
        K::ResponseDropped => (harmless, Elsewhere, Pause::Overload),
        // A proxy has given up reading the request: most likely its connection was an old one.
        K::AttemptTimeout if attempt.status.is_some() => (harmless, Same, Pause::Connection),
        // The first copy may be running still, so only what has no effect goes out again.
        K::AttemptTimeout => {
            let allowed = safe || unharmed || (harmless && policy.timeouts == Timeouts::Repeated);
            (allowed, Elsewhere, Pause::Connection)
        }
        K::StartingUp => (unharmed, Elsewhere, Pause::Overload),
        K::ShuttingDown => (harmless || policy.shutdowns == Shutdowns::Trusted, Elsewhere, Pause::Connection),
        K::Server if attempt.status.is_some_and(|status| status.as_u16() == 500) => {
            (safe && policy.server_errors == ServerErrors::Repeated, Later, Pause::Overload)
        }
        K::QueueFull
        | K::QueueTimeViolated
        | K::Throttled
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::NotLeader => (harmless, Later, Pause::Overload),
        K::BackendTimeout | K::AgencyUnavailable => (safe, Later, Pause::Overload),
        K::Gateway => (harmless, Later, Pause::Connection),
        // Too large for one, it is too large for the next.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => (false, No, Pause::Connection),
        K::NotArangoDb => (harmless, Elsewhere, Pause::Connection),
        K::UnexpectedRedirect if !attempt.recognized => (safe, Elsewhere, Pause::Connection),
        K::CursorBusy => (unharmed, SameLater, Pause::Conflict),
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
        | K::NoCoordinatorAvailable => (false, No, Pause::Connection),
    };
    let heeds_retry_after = matches!(attempt.kind, K::Throttled | K::Gateway);
    Rule { again: if allowed { again } else { No }, pause, heeds_retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phase;

    fn kind(status: u16, number: u32) -> (ErrorKind, Outcome) {
        let author = if number == 0 { Author::Foreign } else { Author::ArangoDb(ErrorNumber(number)) };
        refusal(StatusCode::from_u16(status).unwrap(), author)
    }

    #[test]
    fn a_503_means_four_things() {
        assert_eq!(kind(503, 503), (ErrorKind::StartingUp, Outcome::NotExecuted));
        assert_eq!(kind(503, 1465), (ErrorKind::BackendConnectionLost, Outcome::Unknown));
        assert_eq!(kind(503, 21003), (ErrorKind::QueueFull, Outcome::NotExecuted));
        assert_eq!(kind(503, 0), (ErrorKind::Gateway, Outcome::Unknown));
    }

    #[test]
    fn the_same_number_deep_inside_means_another_thing_than_at_the_door() {
        assert_eq!(kind(500, 503), (ErrorKind::AgencyUnavailable, Outcome::Unknown));
        assert_eq!(kind(500, 21003), (ErrorKind::QueueFull, Outcome::Unknown));
        assert_eq!(kind(408, 504), (ErrorKind::Server, Outcome::Unknown));
        assert_eq!(kind(412, 1200).0, ErrorKind::PreconditionFailed);
        assert_eq!(kind(409, 1200).0, ErrorKind::Conflict);
    }

    #[test]
    fn what_may_have_been_executed_is_never_sent_again_unless_that_does_no_harm() {
        for status in (100..1000).filter(|status| !(200..300).contains(status)) {
            for number in [0, 9, 11, 21, 30, 38, 503, 1200, 1457, 1465, 1478, 1491, 1492, 1496, 21003, 21004]
            {
                let (kind, outcome) = kind(status, number);
                let attempt = Attempt::failed(kind, outcome, Phase::Body);
                let again = rule(&attempt, RequestClass::NonIdempotent, &RetryPolicy::default()).again;
                assert!(
                    again == Again::No || outcome == Outcome::NotExecuted,
                    "{status}/{number}: {kind:?} {outcome:?} {again:?}"
                );
            }
        }
    }

    #[test]
    fn without_arangodbs_body_only_the_refusal_of_an_intermediary_proves_that_nothing_was_executed() {
        let proved = [307, 308, 401, 403, 407, 413, 414, 429, 431];
        for status in (100..1000).filter(|status| !(200..300).contains(status)) {
            let expected = if proved.contains(&status) { Outcome::NotExecuted } else { Outcome::Unknown };
            for author in [Author::Foreign, Author::HeadersOfArangoDb, Author::Untold] {
                let (kind, outcome) = refusal(StatusCode::from_u16(status).unwrap(), author);
                assert_eq!(outcome, expected, "{status} {author:?}: {kind:?}");
            }
        }
        assert_eq!(kind(404, 0).0, ErrorKind::NotArangoDb);
        assert_eq!(kind(302, 0).0, ErrorKind::UnexpectedRedirect);
    }

    #[test]
    fn the_servers_own_refusal_of_what_is_too_large_was_executed_by_nobody() {
        for status in [413, 414, 431] {
            assert_eq!(kind(status, 413), (ErrorKind::Server, Outcome::NotExecuted));
        }
    }

    #[test]
    fn a_broken_connection_is_repeated_by_class_alone() {
        for reused in [false, true] {
            let mut attempt = Attempt::failed(ErrorKind::ConnectionLost, Outcome::Unknown, Phase::Sent);
            attempt.reused = reused;
            let again = |class| rule(&attempt, class, &RetryPolicy::default()).again;
            assert_eq!(again(RequestClass::NonIdempotent), Again::No);
            assert_eq!(again(RequestClass::Safe), if reused { Again::Same } else { Again::Elsewhere });
            assert_eq!(again(RequestClass::Idempotent), again(RequestClass::Safe));
        }
        let timeout = Attempt::failed(ErrorKind::AttemptTimeout, Outcome::Unknown, Phase::Sent);
        assert_eq!(rule(&timeout, RequestClass::Idempotent, &RetryPolicy::default()).again, Again::No);
        assert_eq!(rule(&timeout, RequestClass::Safe, &RetryPolicy::default()).again, Again::Elsewhere);
    }
}
