//! The retry table: whether and where a failed attempt is retried.
//!
//! `docs/failure-semantics.md` contains the same table with its reasons. A rule depends on the kind of the failure;
//! its [`Condition`] on the outcome and on the class of the call. A test fails until a new [`ErrorKind`] has a rule.

use arango_protocol::{ErrorKind, ErrorNumber, Outcome, RequestClass, RequestProperties, is_too_large};

use crate::config::retry_policy::{RetryPolicy, ServerErrors, Shutdowns, Timeouts};
use crate::error::attempt::Attempt;
use crate::types::backoff::Backoff;
use crate::types::coordinator::Coordinator;

/// The consequence of a failed attempt, regardless of its outcome and of the class of its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
    pub(crate) target: Target,
    pub(crate) new_connection: bool,
    pub(crate) delay: Delay,
}

/// When a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Never: it would fail again.
    Never,
    /// If no coordinator has executed it.
    NotExecuted,
    /// If no coordinator has executed it, or if a second execution is harmless.
    Repeatable,
    /// If it has no effect.
    Safe,
    /// If a late copy is harmless: the first execution may still be running.
    LateCopyHarmless,
    /// If no coordinator has executed it, or if a late copy is harmless.
    LateCopyHarmlessOrNotExecuted,
    /// If it has no effect, or if no coordinator has executed it.
    SafeOrNotExecuted,
    /// Always: the caller accepts a second execution.
    Accepted,
}

impl Condition {
    /// Returns whether a request of this class may be sent again after an attempt with this outcome.
    pub(crate) fn permits(self, outcome: Outcome, class: RequestClass) -> bool {
        let not_executed = outcome == Outcome::NotExecuted;
        let (is_late_copy_harmless, is_repeatable) = match class {
            RequestClass::Safe | RequestClass::Fenced => (true, true),
            RequestClass::Idempotent => (false, true),
            RequestClass::NonIdempotent => (false, false),
        };
        match self {
            Self::Never => false,
            Self::NotExecuted => not_executed,
            Self::Repeatable => not_executed || is_repeatable,
            Self::Safe => class == RequestClass::Safe,
            Self::LateCopyHarmless => is_late_copy_harmless,
            Self::LateCopyHarmlessOrNotExecuted => not_executed || is_late_copy_harmless,
            Self::SafeOrNotExecuted => not_executed || class == RequestClass::Safe,
            Self::Accepted => true,
        }
    }
}

/// The target of the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The same coordinator.
    Same,
    /// This coordinator.
    Coordinator(Coordinator),
    /// Another coordinator, if there is one.
    Other,
}

/// The delay before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    None,
    /// No delay before the first retry if a coordinator is left that was not tried.
    AfterFirst(Backoff),
    /// A delay before each retry.
    Always(Backoff),
}

/// What a rule depends on besides the failed attempt.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Position {
    /// Whether the attempt was the first one of its call.
    pub(crate) is_first: bool,
    /// Whether an earlier attempt ended with a protocol violation.
    pub(crate) has_violation: bool,
    /// Whether a coordinator is left that was not tried.
    pub(crate) has_untried: bool,
    /// Whether the request may be sent again while an attempt that took too long may still be executed.
    pub(crate) retries_timeouts: bool,
}

/// Returns the rule for a failed attempt.
pub(crate) fn rule(attempt: &Attempt, position: Position, policy: &RetryPolicy) -> Rule {
    listed_rule(attempt, position, policy).unwrap_or(NEVER)
}

const NEVER: Rule =
    Rule { condition: Condition::Never, target: Target::Same, new_connection: false, delay: Delay::None };

/// Returns the rule for a failed attempt; `None` if the table does not list its kind.
fn listed_rule(attempt: &Attempt, position: Position, policy: &RetryPolicy) -> Option<Rule> {
    use Condition::{
        Accepted, LateCopyHarmless, LateCopyHarmlessOrNotExecuted, NotExecuted, Repeatable, Safe,
    };
    use Delay::{AfterFirst, Always};
    use ErrorKind as K;

    let other = |condition, delay| Rule { condition, target: Target::Other, new_connection: false, delay };
    let same =
        |condition, new_connection, delay| Rule { condition, target: Target::Same, new_connection, delay };

    Some(match attempt.kind {
        // A rejected certificate is rejected again, and another service does not become ArangoDB.
        K::TlsCertificate | K::NotArangoDb | K::UnexpectedRedirect if !position.has_untried => NEVER,
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::PoolExhausted
        | K::ConnectionClosedBeforeSend
        | K::StreamRefused
        | K::GoAway => other(NotExecuted, AfterFirst(Backoff::Connection)),
        K::ConnectionLost if attempt.may_be_stale() => same(Repeatable, true, Delay::None),
        // A protocol violation at two coordinators is conclusive.
        K::ProtocolViolation if position.has_violation => NEVER,
        K::ConnectionLost | K::ProtocolViolation | K::BodyInterrupted | K::BodyTimeout => {
            other(Repeatable, AfterFirst(Backoff::Connection))
        }
        K::ResponseDropped => other(Repeatable, AfterFirst(Backoff::Overload)),
        // A proxy has timed out reading the request: most likely it arrived on a stale connection. A proxy that times
        // out a second time was not late because of that.
        K::AttemptTimeout if attempt.status.is_some() && position.is_first => {
            same(Repeatable, true, Delay::None)
        }
        K::AttemptTimeout if attempt.status.is_some() => other(Repeatable, AfterFirst(Backoff::Connection)),
        K::AttemptTimeout => {
            let condition = match policy.timeouts {
                Timeouts::Retry => Repeatable,
                Timeouts::Final if !position.retries_timeouts => NotExecuted,
                Timeouts::Final => LateCopyHarmlessOrNotExecuted,
            };
            other(condition, AfterFirst(Backoff::Connection))
        }
        K::StartingUp => other(NotExecuted, AfterFirst(Backoff::Overload)),
        K::ShuttingDown => {
            let condition = if policy.shutdowns == Shutdowns::Trusted { Accepted } else { Repeatable };
            other(condition, AfterFirst(Backoff::Connection))
        }
        K::Server if attempt.status.is_some_and(|status| status.as_u16() == 500) => {
            let condition = if policy.server_errors == ServerErrors::Retry { Safe } else { Condition::Never };
            other(condition, Always(Backoff::Overload))
        }
        K::QueueFull
        | K::QueueTimeViolated
        | K::Throttled
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::WriteConcernNotMet
        | K::NotLeader => other(Repeatable, Always(Backoff::Overload)),
        K::BackendTimeout | K::AgencyUnavailable => other(LateCopyHarmless, Always(Backoff::Overload)),
        K::Gateway => other(Repeatable, Always(Backoff::Connection)),
        // A request that is too large for one coordinator is too large for the next.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => NEVER,
        K::NotArangoDb => other(Repeatable, AfterFirst(Backoff::Connection)),
        K::UnexpectedRedirect if !attempt.is_arangodb => other(Safe, AfterFirst(Backoff::Connection)),
        K::CursorBusy => same(NotExecuted, false, Always(Backoff::Conflict)),
        K::NotAuthorized
        | K::BadCredentials
        | K::Login
        | K::UnknownServer
        | K::Forbidden
        | K::ReadOnly
        | K::DatabaseUnknown
        | K::NotFound
        | K::CollectionNotFound
        | K::DocumentNotFound
        | K::OwnerGone
        | K::TransactionGone
        | K::TransactionBusy
        | K::TransactionPoisoned
        | K::Conflict
        | K::UniqueViolation
        | K::SchemaViolation
        | K::LockTimeout
        | K::InvalidQuery
        | K::ResourceLimit
        | K::QueryKilled
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
        | K::NoCoordinatorAvailable => NEVER,
        _ => return None,
    })
}

/// Returns whether a `Retry-After` replaces the delay. ArangoDB never sends it, so it comes from a proxy.
pub(crate) fn honors_retry_after(attempt: &Attempt) -> bool {
    matches!(attempt.kind, ErrorKind::Throttled | ErrorKind::Gateway)
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

/// Returns whether the request may have been executed, also in part.
///
/// A DB-Server may have refused a write after others of the same request were executed.
pub(crate) fn outcome(attempt: &Attempt, properties: &RequestProperties) -> Outcome {
    let may_be_partial = !properties.is_rolled_back
        && properties.class != RequestClass::Safe
        && attempt.kind.may_follow_execution();
    if may_be_partial { attempt.outcome.max(Outcome::Unknown) } else { attempt.outcome }
}

/// Returns whether two writes conflicted and neither was executed.
pub(crate) fn is_conflict(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::Conflict
        && attempt.number == Some(ErrorNumber::CONFLICT)
        && attempt.outcome == Outcome::NotExecuted
}

/// Returns whether the response names the leader. With any other error the header means nothing.
pub(crate) fn names_leader(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::NotLeader && attempt.outcome == Outcome::NotExecuted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::attempt::Phase;

    const FIRST: Position =
        Position { is_first: true, has_violation: false, has_untried: true, retries_timeouts: true };

    #[test]
    fn every_kind_has_a_rule() {
        for &kind in ErrorKind::ALL {
            let attempt = Attempt::new(kind, Outcome::Unknown, Phase::Sent);
            assert!(listed_rule(&attempt, FIRST, &RetryPolicy::default()).is_some(), "{kind:?}");
        }
    }

    #[test]
    fn a_broken_connection_is_retried_according_to_class_only() {
        for reused in [false, true] {
            let mut attempt = Attempt::new(ErrorKind::ConnectionLost, Outcome::Unknown, Phase::Sent);
            attempt.reused = reused;
            let rule = rule(&attempt, FIRST, &RetryPolicy::default());
            let permits = |class| rule.condition.permits(attempt.outcome, class);
            assert!(!permits(RequestClass::NonIdempotent));
            assert!(permits(RequestClass::Idempotent) && permits(RequestClass::Safe));
            assert_eq!((rule.target == Target::Same, rule.new_connection), (reused, reused));
        }
    }

    #[test]
    fn a_timeout_is_retried_only_if_a_late_copy_is_harmless_or_if_the_caller_accepts_two_executions_at_once()
    {
        let timeout = Attempt::new(ErrorKind::AttemptTimeout, Outcome::Unknown, Phase::Sent);
        for (policy, expected) in [
            (RetryPolicy::default(), [true, true, false, false]),
            (RetryPolicy::default().on_timeout(), [true, true, true, false]),
        ] {
            let rule = rule(&timeout, FIRST, &policy);
            let classes = RequestClass::ALL;
            assert_eq!(classes.map(|class| rule.condition.permits(timeout.outcome, class)), expected);
        }
    }

    #[test]
    fn work_that_takes_long_is_not_begun_again_after_a_timeout_unless_the_caller_accepts_it() {
        let position = Position { retries_timeouts: false, ..FIRST };
        for (outcome, policy, expected) in [
            (Outcome::Unknown, RetryPolicy::default(), false),
            (Outcome::NotExecuted, RetryPolicy::default(), true),
            (Outcome::Unknown, RetryPolicy::default().on_timeout(), true),
        ] {
            let timeout = Attempt::new(ErrorKind::AttemptTimeout, outcome, Phase::Sent);
            let rule = rule(&timeout, position, &policy);
            assert_eq!(rule.condition.permits(outcome, RequestClass::Safe), expected, "{outcome:?}");
        }
    }
}
