//! The decision after a failed attempt: whether, where and when to send the request again.

use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome, RequestClass};
use tokio::time::Instant;

use crate::config::retry_policy::RetryPolicy;
use crate::error::StoppedBy;
use crate::error::attempt::Attempt;
use crate::layers::retry::history::History;
use crate::layers::retry::rules::{self, Condition, Delay, Position, Rule, Target};
use crate::types::backoff::Backoff;
use crate::types::coordinator::Coordinator;
use crate::types::token::Token;

/// A retry must start at least this long before the deadline.
pub(crate) const MIN_TIME_LEFT: Duration = Duration::from_millis(10);
/// How long a coordinator is retried that does not know a new database or collection yet.
const PROPAGATION_TIME: Duration = Duration::from_secs(10);
/// How often a call follows a reported leader.
const MAX_LEADER_REDIRECTS: u32 = 3;

/// The facts on which a decision depends, besides the history of the call.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct Facts<'a> {
    /// The attempt that has failed.
    pub(crate) attempt: &'a Attempt,
    /// The class of the call, decided before its first attempt.
    pub(crate) class: RequestClass,
    pub(crate) policy: &'a RetryPolicy,
    /// Whether the request may be sent again after an attempt that took too long.
    pub(crate) retries_timeouts: bool,
    /// Whether the request may have been executed, also in part.
    pub(crate) outcome: Outcome,
    /// Whether this attempt or an earlier one may have executed the request.
    pub(crate) call_outcome: Outcome,
    /// How often the request itself may be sent again after a conflict.
    pub(crate) conflict_retries: u8,
    /// Whether the call may use one coordinator only.
    pub(crate) is_pinned: bool,
    /// The number of coordinators.
    pub(crate) members: usize,
    /// Whether several coordinators share the address of the attempt.
    pub(crate) is_shared_address: bool,
    /// Whether the database or collection that is reported as unknown is known to exist.
    pub(crate) is_propagating: bool,
    /// Whether another coordinator has accepted the rejected token recently.
    pub(crate) is_token_accepted_elsewhere: bool,
    /// Whether another coordinator may support the operation, if that of the attempt lacks it.
    pub(crate) is_supported_elsewhere: bool,
    /// The coordinator that holds the state which the call is about, if it is a member and others may forward the
    /// request.
    pub(crate) owner: Option<&'a Coordinator>,
    /// The leader that the response names, if it is a member.
    pub(crate) leader: Option<Coordinator>,
    pub(crate) now: Instant,
    /// When the call ends.
    pub(crate) deadline: Instant,
    /// A random number from 0 to 1, for the length of the delay.
    pub(crate) random: f64,
}

impl Facts<'_> {
    /// Returns the token that the coordinator rejected, if it did.
    pub(crate) fn rejected_token(&self) -> Option<&Token> {
        let token = self.attempt.token.as_deref();
        token.filter(|_| rules::refuses_token(self.attempt) && self.attempt.coordinator.is_some())
    }
}

/// The decision after a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    Fail(StoppedBy),
    Retry(Retry),
}

/// The next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) reason: Reason,
    pub(crate) target: Target,
    pub(crate) delay: Duration,
    /// Whether it needs a connection that has carried no request yet.
    pub(crate) new_connection: bool,
    /// Whether it needs a newer token than the rejected one.
    pub(crate) renew_token: bool,
}

/// Why a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By the rule of the failure.
    Failure,
    /// The coordinator does not know a new database or collection yet.
    NotPropagated,
    /// The token was rejected, and another coordinator has accepted it recently.
    TokenAcceptedElsewhere,
    /// The token was rejected, and a newer one is requested.
    TokenRenewal,
    /// Another coordinator is the leader.
    LeaderElsewhere,
    /// Another write was in the way.
    Conflict,
    /// The coordinator lacks the operation, and another one may have it.
    NotSupported,
}

impl Reason {
    /// Returns whether the retry counts towards the maximum number of attempts.
    ///
    /// Otherwise another limit applies.
    pub(crate) fn counts_as_attempt(self) -> bool {
        match self {
            Self::Failure | Self::TokenAcceptedElsewhere | Self::TokenRenewal | Self::LeaderElsewhere => true,
            Self::NotPropagated | Self::Conflict | Self::NotSupported => false,
        }
    }

    /// Returns whether the retry budget pays for the retry.
    ///
    /// Every call with the same token meets its rejection at the same time, and needs one renewal. What a coordinator
    /// lacks is known after one request. Every call to a new database or collection may have to wait until it is
    /// propagated: such a refusal costs a server one look-up, and time and growing random pauses limit the retries. A conflict
    /// is the answer of a healthy server, and one of the two writes was executed: their number and growing random pauses limit
    /// the retries, and a document that many write leaves the budget to failures.
    pub(crate) fn uses_budget(self) -> bool {
        match self {
            Self::Failure | Self::LeaderElsewhere => true,
            Self::NotPropagated
            | Self::TokenAcceptedElsewhere
            | Self::TokenRenewal
            | Self::Conflict
            | Self::NotSupported => false,
        }
    }
}

/// Decides what follows a failed attempt. Has no side effects.
///
/// The retry budget is not considered, because checking it is paying: the caller pays for a retry.
pub(crate) fn decide(facts: &Facts<'_>, history: &History) -> RetryDecision {
    let (reason, rule, nth) = matching_rule(facts, history);
    if !rule.condition.permits(facts.outcome, facts.class) {
        return RetryDecision::Fail(StoppedBy::NotRetryable);
    }
    if facts.is_pinned && rule.target != Target::Same {
        return RetryDecision::Fail(StoppedBy::NoAlternative);
    }
    if reason.counts_as_attempt() && !has_attempts_left(facts.members, facts.policy, history) {
        return RetryDecision::Fail(StoppedBy::MaxAttempts);
    }
    let delay = match rule.delay {
        Delay::None => Duration::ZERO,
        Delay::AfterFirst(_) if has_untried(facts, history) && history.attempts == 0 => Duration::ZERO,
        Delay::AfterFirst(backoff) | Delay::Always(backoff) => backoff.duration(nth, facts.random),
    };
    let left = facts.deadline.saturating_duration_since(facts.now);
    let fits = |delay: Duration| delay.saturating_add(MIN_TIME_LEFT) < left;
    // An explicit `Retry-After` takes precedence. One that does not fit says nothing about other coordinators.
    let named = facts.attempt.retry_after.filter(|_| rules::honors_retry_after(facts.attempt));
    let target = target(facts, history, rule.target);
    let asks_another =
        target == Target::Other && history.tried.len() + 1 < facts.members && !facts.is_shared_address;
    let delay = named.filter(|named| fits(*named) || !asks_another).unwrap_or(delay);
    if !fits(delay) {
        return RetryDecision::Fail(StoppedBy::Deadline);
    }
    RetryDecision::Retry(Retry {
        reason,
        target,
        delay,
        new_connection: rule.new_connection,
        renew_token: reason == Reason::TokenRenewal,
    })
}

/// Returns the target of the next attempt. If the call is about the state of one coordinator, another one is used only
/// once: it forwards the request to the owner, and may wait long for one that is down.
fn target(facts: &Facts<'_>, history: &History, target: Target) -> Target {
    let Some(owner) = facts.owner.filter(|_| target == Target::Other) else { return target };
    let is_owner = facts.attempt.coordinator.as_ref() == Some(owner);
    let was_forwarded = !is_owner || history.tried.iter().any(|tried| tried != owner);
    if was_forwarded { Target::Coordinator(owner.clone()) } else { Target::Other }
}

/// Returns the rule that applies, why, and the number of earlier retries for the same reason.
fn matching_rule(facts: &Facts<'_>, history: &History) -> (Reason, Rule, u32) {
    let rule = |condition, target, delay| Rule { condition, target, new_connection: false, delay };

    if facts.attempt.unsupported.is_some() {
        let condition =
            if facts.is_supported_elsewhere { Condition::SafeOrNotExecuted } else { Condition::Never };
        return (Reason::NotSupported, rule(condition, Target::Other, Delay::None), 0);
    }
    if facts.is_propagating {
        let since = history.not_propagated_since.unwrap_or(facts.now);
        let is_late = facts.now.saturating_duration_since(since) >= PROPAGATION_TIME;
        let condition = if is_late { Condition::Never } else { Condition::Repeatable };
        let target = if facts.is_pinned { Target::Same } else { Target::Other };
        let rule = rule(condition, target, Delay::Always(Backoff::Connection));
        return (Reason::NotPropagated, rule, history.not_propagated);
    }
    if let Some(token) = facts.rejected_token() {
        // Servers load JWT secrets one after another, so one rejection does not prove that a token is invalid.
        if !token.is_superseded()
            && facts.is_token_accepted_elsewhere
            && !facts.is_pinned
            && has_untried(facts, history)
            && history.skipped.is_none()
        {
            let rule = rule(Condition::Repeatable, Target::Other, Delay::None);
            return (Reason::TokenAcceptedElsewhere, rule, 0);
        }
        if token.renewable && !history.token_renewed {
            return (Reason::TokenRenewal, rule(Condition::Repeatable, Target::Same, Delay::None), 0);
        }
    }
    if let Some(leader) = &facts.leader
        && !facts.is_pinned
        && history.leader_redirects < MAX_LEADER_REDIRECTS
    {
        let (target, delay) = (Target::Coordinator(leader.clone()), Delay::Always(Backoff::Connection));
        let rule = rule(Condition::Repeatable, target, delay);
        return (Reason::LeaderElsewhere, rule, history.leader_redirects);
    }
    if rules::is_conflict(facts.attempt) && history.conflicts < conflict_retries(facts) {
        let rule = rule(Condition::Repeatable, Target::Same, Delay::Always(Backoff::Conflict));
        return (Reason::Conflict, rule, history.conflicts);
    }
    if facts.attempt.kind == ErrorKind::UnknownCoordinator && !facts.is_pinned {
        // The coordinator for which a retry was meant has been removed meanwhile.
        return (Reason::Failure, rule(Condition::NotExecuted, Target::Other, Delay::None), 0);
    }
    let position = Position {
        is_first: history.attempts == 0,
        has_violation: history.has_violation,
        has_untried: has_untried(facts, history),
        retries_timeouts: facts.retries_timeouts,
    };
    (Reason::Failure, rules::rule(facts.attempt, position, facts.policy), count(history.attempts))
}

/// Returns how often a call may be repeated after conflicts: as the policy allows, or as the request itself does while no
/// attempt may have executed it.
fn conflict_retries(facts: &Facts<'_>) -> u32 {
    let repeats_itself = facts.policy.attempts > 1 && facts.call_outcome == Outcome::NotExecuted;
    facts.policy.conflicts.max(if repeats_itself { facts.conflict_retries.into() } else { 0 })
}

/// Returns whether another attempt is allowed that counts as one.
pub(crate) fn has_attempts_left(members: usize, policy: &RetryPolicy, history: &History) -> bool {
    history.attempts + 1 < (1 + members.max(2)).min(policy.attempts)
}

/// Returns whether a coordinator is left that was not tried, besides the one that has just failed.
fn has_untried(facts: &Facts<'_>, history: &History) -> bool {
    history.tried.len() + 1 < facts.members || (history.attempts == 0 && facts.is_shared_address)
}

fn count(attempts: usize) -> u32 {
    u32::try_from(attempts).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arango_protocol::{ErrorNumber, RequestProperties, ResponseAuthor, classify_response};
    use http::{HeaderValue, StatusCode};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::error::attempt::Phase;
    use crate::types::hosts::Hosts;

    const CLASSES: [RequestClass; 4] = RequestClass::ALL;
    const OUTCOMES: [Outcome; 3] = [Outcome::NotExecuted, Outcome::Unknown, Outcome::Executed];
    /// Error numbers that the table lists, and some that it does not.
    const NUMBERS: [u32; 17] =
        [0, 9, 11, 21, 30, 38, 503, 1200, 1203, 1228, 1457, 1465, 1478, 1491, 1496, 21003, 21004];

    fn coordinators() -> Vec<Coordinator> {
        "http://a,http://b,http://c".parse::<Hosts>().unwrap().coordinators().to_vec()
    }

    fn facts<'a>(attempt: &'a Attempt, policy: &'a RetryPolicy, class: RequestClass) -> Facts<'a> {
        let now = Instant::now();
        Facts {
            attempt,
            class,
            policy,
            retries_timeouts: true,
            outcome: attempt.outcome,
            call_outcome: attempt.outcome,
            conflict_retries: 0,
            is_pinned: false,
            members: 3,
            is_shared_address: false,
            is_propagating: false,
            is_token_accepted_elsewhere: false,
            is_supported_elsewhere: false,
            owner: None,
            leader: None,
            now,
            deadline: now + Duration::from_secs(60),
            random: 0.5,
        }
    }

    fn refusal(status: u16, number: u32) -> Attempt {
        let status = StatusCode::from_u16(status).unwrap();
        let author = match number {
            0 => ResponseAuthor::Foreign,
            number => ResponseAuthor::ArangoDb(ErrorNumber(number)),
        };
        let (kind, outcome) = classify_response(status, author);
        let mut attempt = Attempt::new(kind, outcome, Phase::Body);
        attempt.status = Some(status);
        attempt.number = (number > 0).then_some(ErrorNumber(number));
        attempt.coordinator = Some(coordinators()[0].clone());
        attempt
    }

    #[test]
    fn a_retry_after_that_does_not_fit_is_ignored_only_if_another_coordinator_is_asked() {
        let (policy, all) = (RetryPolicy::default(), coordinators());
        let attempt = Attempt { retry_after: Some(Duration::from_secs(120)), ..refusal(429, 0) };
        let of = |change: fn(&mut Facts<'_>), tried: &[Coordinator]| {
            let mut facts = facts(&attempt, &policy, RequestClass::Safe);
            change(&mut facts);
            let history = History { tried: tried.to_vec(), attempts: tried.len(), ..History::default() };
            decide(&facts, &history)
        };
        assert!(matches!(of(|_| {}, &[]), RetryDecision::Retry(retry) if retry.target == Target::Other));
        let stopped = |decision| matches!(decision, RetryDecision::Fail(StoppedBy::Deadline));
        assert!(stopped(of(|_| {}, &all[1..])), "all were asked");
        assert!(
            stopped(of(|facts| facts.is_shared_address = true, &[])),
            "another may be behind the same proxy"
        );
        assert!(stopped(of(|facts| facts.members = 1, &[])));
    }

    #[test]
    fn a_refusal_that_may_leave_a_part_is_not_retried_unless_a_second_execution_is_harmless() {
        let policy = RetryPolicy::default().conflicts(1);
        for (status, number, class, retries) in [
            (503, 1496, RequestClass::NonIdempotent, false),
            (503, 1429, RequestClass::NonIdempotent, false),
            (409, 1200, RequestClass::NonIdempotent, false),
            (503, 1496, RequestClass::Idempotent, true),
            (409, 1200, RequestClass::Idempotent, true),
            // Refused before anything was executed.
            (503, 21003, RequestClass::NonIdempotent, true),
        ] {
            let attempt = refusal(status, number);
            let outcome = rules::outcome(&attempt, &RequestProperties::with_class(class).without_rollback());
            let partial = Facts { outcome, ..facts(&attempt, &policy, class) };
            let decision = decide(&partial, &History::default());
            assert_eq!(matches!(decision, RetryDecision::Retry(_)), retries, "{number} {class:?}");
            let whole = decide(&facts(&attempt, &policy, class), &History::default());
            assert!(matches!(whole, RetryDecision::Retry(_)), "{number} {class:?}");
        }
    }

    #[test]
    fn a_request_that_repeats_itself_after_conflicts_does_so_until_it_may_have_been_executed() {
        let conflict = refusal(409, 1200);
        let retries = |policy: &RetryPolicy, call_outcome, conflict_retries, conflicts| {
            let facts = facts(&conflict, policy, RequestClass::Fenced);
            let facts = Facts { call_outcome, conflict_retries, ..facts };
            let history = History { conflicts, ..History::default() };
            match decide(&facts, &history) {
                RetryDecision::Retry(retry) => retry.reason == Reason::Conflict,
                RetryDecision::Fail(_) => false,
            }
        };
        let (policy, more) = (RetryPolicy::default(), RetryPolicy::default().conflicts(7));
        assert!(retries(&policy, Outcome::NotExecuted, 5, 4));
        assert!(!retries(&policy, Outcome::NotExecuted, 5, 5), "as often as the request says");
        assert!(retries(&more, Outcome::NotExecuted, 5, 6), "as often as the policy says");
        assert!(!retries(&more, Outcome::NotExecuted, 5, 7));
        assert!(!retries(&policy, Outcome::Unknown, 5, 0), "an earlier attempt may have been executed");
        assert!(!retries(&RetryPolicy::disabled(), Outcome::NotExecuted, 5, 0), "one attempt");
        assert!(!retries(&policy, Outcome::NotExecuted, 0, 0));
    }

    prop_compose! {
        /// An attempt that failed in any way: with any response, or without one.
        fn any_attempt()(
            status in 100_u16..1000,
            number in select(NUMBERS.to_vec()),
            without_response in proptest::option::of(select(vec![
                ErrorKind::Dns, ErrorKind::ConnectRefused, ErrorKind::ConnectTimeout, ErrorKind::TlsCertificate,
                ErrorKind::PoolExhausted, ErrorKind::ConnectionLost, ErrorKind::ProtocolViolation,
                ErrorKind::BodyInterrupted, ErrorKind::AttemptTimeout, ErrorKind::ResponseDropped,
                ErrorKind::Middleware, ErrorKind::Decode, ErrorKind::Login,
            ])),
            outcome in select(OUTCOMES.to_vec()),
            reused: bool,
            has_token: bool,
        ) -> Attempt {
            let mut attempt = refusal(status, number);
            if let Some(kind) = without_response {
                (attempt.kind, attempt.outcome, attempt.status, attempt.number) = (kind, outcome, None, None);
            }
            attempt.reused = reused;
            attempt.token = has_token.then(|| Arc::new(Token::fixed(HeaderValue::from_static("bearer x"))));
            attempt
        }
    }

    prop_compose! {
        fn any_history()(attempts in 0_usize..8, tried in 0_usize..4, redirects in 0_u32..5, conflicts in 0_u32..3)
            -> History {
            let tried = coordinators().into_iter().take(tried).collect();
            History { attempts, tried, leader_redirects: redirects, conflicts, ..History::default() }
        }
    }

    proptest! {
        #[test]
        fn a_request_that_may_have_been_executed_is_sent_again_only_if_it_may_be_repeated(
            attempt in any_attempt(),
            history in any_history(),
            flags: [bool; 4],
        ) {
            let policy = RetryPolicy::default().on_timeout().on_server_error().conflicts(5);
            let mut facts = facts(&attempt, &policy, RequestClass::NonIdempotent);
            facts.is_pinned = flags[0];
            facts.is_propagating = flags[1];
            facts.is_token_accepted_elsewhere = flags[2];
            facts.leader = flags[3].then(|| coordinators()[1].clone());
            if attempt.outcome != Outcome::NotExecuted {
                prop_assert_eq!(decide(&facts, &history), RetryDecision::Fail(StoppedBy::NotRetryable));
            }
        }

        #[test]
        fn every_retry_is_in_time_and_within_the_limits(
            attempt in any_attempt(),
            history in any_history(),
            class in select(CLASSES.to_vec()),
            is_pinned: bool,
            left in 0_u64..200,
            random in 0.0..1.0,
        ) {
            let policy = RetryPolicy::default();
            let mut facts = facts(&attempt, &policy, class);
            (facts.is_pinned, facts.random) = (is_pinned, random);
            facts.deadline = facts.now + Duration::from_millis(left);
            if let RetryDecision::Retry(retry) = decide(&facts, &history) {
                prop_assert!(retry.delay + MIN_TIME_LEFT < Duration::from_millis(left));
                prop_assert!(!is_pinned || retry.target == Target::Same);
                prop_assert!(!retry.reason.counts_as_attempt() || history.attempts + 1 < 4);
                // The history grows, so that the limits end every call.
                let mut next = history.clone();
                next.record(attempt.coordinator.as_ref(), &retry, facts.now);
                prop_assert!(
                    next.attempts > history.attempts
                        || next.conflicts > history.conflicts
                        || next.not_propagated > history.not_propagated
                );
            }
        }

        #[test]
        fn a_class_that_may_be_repeated_more_often_is_retried_at_least_as_often(
            attempt in any_attempt(),
            history in any_history(),
        ) {
            let policy = RetryPolicy::default();
            let retried = CLASSES.map(|class| {
                matches!(decide(&facts(&attempt, &policy, class), &history), RetryDecision::Retry(_))
            });
            prop_assert!(retried.is_sorted_by(|more, less| more >= less), "{retried:?}");
        }
    }

    #[test]
    fn a_rejected_token_is_renewed_once_and_not_paid_by_the_budget() {
        let mut attempt = refusal(401, 11);
        attempt.token = Some(Arc::new(Token::received(Some("x"), Instant::now(), 0.0, None).unwrap()));
        let policy = RetryPolicy::default();
        let mut facts = facts(&attempt, &policy, RequestClass::NonIdempotent);
        let mut history = History::default();
        let RetryDecision::Retry(renewal) = decide(&facts, &history) else { panic!("it is retried") };
        assert_eq!((renewal.reason, renewal.target.clone()), (Reason::TokenRenewal, Target::Same));
        assert!(renewal.renew_token && !renewal.reason.uses_budget() && renewal.delay.is_zero());
        history.record(attempt.coordinator.as_ref(), &renewal, facts.now);
        assert_eq!(decide(&facts, &history), RetryDecision::Fail(StoppedBy::NotRetryable));

        facts.is_token_accepted_elsewhere = true;
        let RetryDecision::Retry(skip) = decide(&facts, &History::default()) else { panic!("it is retried") };
        assert_eq!((skip.reason, skip.target), (Reason::TokenAcceptedElsewhere, Target::Other));
        assert!(!skip.renew_token);
    }

    #[test]
    fn a_missing_database_is_awaited_for_ten_seconds() {
        let (attempt, policy) = (refusal(404, 1228), RetryPolicy::default());
        let mut facts = facts(&attempt, &policy, RequestClass::NonIdempotent);
        facts.is_propagating = true;
        let mut history = History { attempts: 100, ..History::default() };
        let RetryDecision::Retry(retry) = decide(&facts, &history) else { panic!("it is retried") };
        assert!(!retry.reason.uses_budget(), "every call to it may have to wait");
        history.record(attempt.coordinator.as_ref(), &retry, facts.now);
        facts.now += Duration::from_millis(9_999);
        assert!(matches!(decide(&facts, &history), RetryDecision::Retry(_)));
        facts.now += Duration::from_millis(1);
        assert_eq!(decide(&facts, &history), RetryDecision::Fail(StoppedBy::NotRetryable));
    }
}
