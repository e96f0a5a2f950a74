//! Which failure means what: the decision tables.
//!
//! `docs/failure-semantics.md` holds the same tables with their reasons. Everything here is a function of
//! facts: the class that was decided before the first attempt, how far the attempt got, and what the
//! server said. A new [`ErrorKind`] does not compile until it is decided here.

use arango_balance::Verdict;
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

/// Reads a refusal: status and number together, since neither tells alone.
///
/// `number` is `None` if the body is not ArangoDB's.
pub(crate) fn refusal(status: StatusCode, number: Option<ErrorNumber>) -> (ErrorKind, Outcome) {
    use ErrorKind as K;
    use ErrorNumber as N;
    use Outcome::{Executed, NotExecuted, Unknown};

    let code = status.as_u16();
    if status.is_redirection() {
        return (K::UnexpectedRedirect, NotExecuted);
    }
    let Some(number) = number else {
        return match code {
            401 => (K::NotAuthorized, NotExecuted),
            403 => (K::Forbidden, NotExecuted),
            404 => (K::NotFound, Executed),
            408 => (K::AttemptTimeout, Unknown),
            429 => (K::Throttled, NotExecuted),
            502..=504 => (K::Gateway, Unknown),
            500.. => (K::Http, Unknown),
            _ => (K::Http, Executed),
        };
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
        (_, 500..) => (K::Server, Unknown),
        _ => (K::Server, Executed),
    }
}

/// What an attempt that failed tells about its coordinator.
pub(crate) fn verdict(attempt: &Attempt) -> Verdict {
    use ErrorKind as K;
    match attempt.kind {
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::ProtocolViolation
        | K::BodyInterrupted
        | K::BodyTimeout => Verdict::Unreachable,
        // A connection that had been idle may just have come to the end of its time.
        K::ConnectionLost if is_of_an_old_connection(attempt) => Verdict::Neutral,
        // Another stream of the same connection has told already.
        K::ConnectionLost if attempt.echo => Verdict::Neutral,
        K::ConnectionLost => Verdict::Unreachable,
        K::StreamRefused | K::ResponseDropped => Verdict::Overloaded,
        K::GoAway => Verdict::Leaving,
        K::Gateway => Verdict::Gateway,
        K::StartingUp | K::QueueTimeViolated | K::Throttled => Verdict::Overloaded,
        K::ShuttingDown => Verdict::Leaving,
        K::QueueFull if attempt.outcome == Outcome::NotExecuted => Verdict::Overloaded,
        K::Server if attempt.status.is_some_and(|status| status.is_server_error()) => Verdict::Failed,
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
        | K::Server => Verdict::Good,
        // Answers that say nothing of the coordinator, limits of our own, and failures above it.
        // Whether silence counts depends on what else was heard: the attempt layer decides.
        K::AttemptTimeout
        | K::QueueFull
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::BackendTimeout
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
        | K::NoCoordinatorAvailable => Verdict::Neutral,
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
        K::CursorBusy => (unharmed, SameLater, Pause::Conflict),
        K::NotAuthorized
        | K::BadCredentials
        | K::Login
        | K::Forbidden
        | K::ReadOnly
        | K::DatabaseUnknown
        | K::NotFound
        | K::OwnerGone
        | K::Conflict
        | K::PreconditionFailed
        | K::Aborted
        | K::NotSupported
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
        let number = (number != 0).then_some(ErrorNumber(number));
        refusal(StatusCode::from_u16(status).unwrap(), number)
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
        for status in 300..600 {
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
