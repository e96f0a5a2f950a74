//! The decision after a failed attempt: whether and where to retry, within the limits of the call.

use std::sync::Arc;
use std::time::Duration;

use arango_balance::{Member, Members, RandomSource, Signal};
use arango_protocol::{ErrorNumber, RequestClass};
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::options::Existence;
use crate::call::recently_created::RecentlyCreated;
use crate::call::token_acceptance::TokenAcceptance;
use crate::config::retry_policy::{RetryPolicy, Shutdowns};
use crate::error::StoppedBy;
use crate::error::attempt::Attempt;
use crate::error::kind::ErrorKind;
use crate::layers::classify::{self, RetryTarget};
use crate::layers::retry_budget::RetryBudget;
use crate::types::backoff::Backoff;
use crate::types::coordinator::Coordinator;
use crate::types::outcome::Outcome;

/// A retry must start at least this long before the deadline.
const MIN_TIME_LEFT: Duration = Duration::from_millis(10);
/// How long a coordinator is retried that does not know a new database or collection yet.
const PROPAGATION_TIME: Duration = Duration::from_secs(10);
/// How often a call follows a reported leader.
const MAX_LEADER_REDIRECTS: u32 = 3;

/// Decides about the retry after a failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct RetryDecider {
    pub(crate) members: Members<Coordinator>,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) policy: RetryPolicy,
    pub(crate) budget: RetryBudget,
    pub(crate) created: RecentlyCreated,
    pub(crate) token_acceptance: TokenAcceptance,
}

/// The history of a call, as far as it affects further attempts.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Coordinators that were used, except those that may be used again.
    pub(crate) tried: Vec<Coordinator>,
    /// Attempts that count towards the maximum.
    attempts: usize,
    /// Whether a newer token was requested. Once per call: if that token is rejected too, the token is not
    /// the cause.
    token_renewed: bool,
    /// A coordinator that was skipped because it rejected a token that another one accepts.
    skipped: Option<Coordinator>,
    leader_redirects: u32,
    conflicts: u32,
    /// Attempts that failed because something is not propagated yet, and the time of the first one.
    not_propagated: Option<(u32, Instant)>,
}

impl History {
    /// Returns the history of a call with these failed attempts.
    pub(crate) fn from_attempts(failed: Vec<Attempt>) -> Self {
        let attempts = failed.len();
        let mut tried: Vec<_> = failed.into_iter().filter_map(|attempt| attempt.coordinator).collect();
        tried.dedup();
        Self { tried, attempts, ..Self::default() }
    }
}

/// The decision after a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    Fail(StoppedBy),
    Retry { target: Target, pause: Duration },
}

/// The target of the next attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The same coordinator.
    Same,
    /// The same coordinator, on a new connection.
    SameNewConnection,
    /// The same coordinator, with a newer token than the rejected one.
    SameNewToken,
    /// This coordinator.
    Coordinator(Coordinator),
    /// Another coordinator, if there is one.
    Other,
}

/// A possible retry, before its cost is checked.
struct Candidate {
    target: Target,
    pause: Duration,
    cost: Cost,
}

/// What pays for a retry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    /// The attempts of the call, and the retry budget.
    Attempt,
    /// Only the attempts of the call: each call with that token needs one renewal.
    Renewal,
    /// Only the retry budget: another limit applies to the number.
    Budget,
}

impl RetryDecider {
    /// Decides what follows `attempt`, and updates `history`.
    pub(crate) fn decide(
        &self,
        context: &CallContext,
        attempt: &mut Attempt,
        history: &mut History,
        now: Instant,
    ) -> RetryDecision {
        if attempt.kind == ErrorKind::StartingUp {
            self.members.refresh_discovery();
        }
        let policy = context.call.retry().unwrap_or(&self.policy);
        let candidate = match self.candidate(context, attempt, history, policy, now) {
            Ok(candidate) => candidate,
            Err(stopped_by) => return RetryDecision::Fail(stopped_by),
        };
        if !may_be_repeated(attempt, context.call.class, policy) {
            return RetryDecision::Fail(StoppedBy::NotRetryable);
        }
        if candidate.cost != Cost::Budget {
            history.attempts += 1;
            let max = (1 + self.members.len().max(2)).min(policy.attempts);
            if history.attempts >= max {
                return RetryDecision::Fail(StoppedBy::MaxAttempts);
            }
        }
        let rest = context.deadline.saturating_duration_since(now);
        if candidate.pause.saturating_add(MIN_TIME_LEFT) >= rest {
            return RetryDecision::Fail(StoppedBy::Deadline);
        }
        // Checked last, so that only retries that are sent are paid for.
        if candidate.cost != Cost::Renewal && !self.budget.withdraw(attempt, now) {
            return RetryDecision::Fail(StoppedBy::Budget);
        }
        match candidate.target {
            Target::Other | Target::Coordinator(_) => {
                let last = attempt.coordinator.clone();
                history.tried.extend(last.filter(|last| !history.tried.contains(last)));
            }
            Target::SameNewToken => history.token_renewed = true,
            Target::Same | Target::SameNewConnection => {}
        }
        RetryDecision::Retry { target: candidate.target, pause: candidate.pause }
    }

    /// Returns the possible retry, regardless of its cost.
    fn candidate(
        &self,
        context: &CallContext,
        attempt: &mut Attempt,
        history: &mut History,
        policy: &RetryPolicy,
        now: Instant,
    ) -> Result<Candidate, StoppedBy> {
        let pinned = context.call.pin.is_some();
        let nth = u32::try_from(history.attempts).unwrap_or(u32::MAX);
        // Whether an untried coordinator remains, besides the one that has just failed.
        let has_untried =
            history.tried.len() + 1 < self.members.len() || (nth == 0 && self.is_shared_address(attempt));
        let pause = |pause: Backoff, nth| pause.duration(nth, &*self.random);

        if self.is_not_propagated(context, attempt, now) {
            if attempt.kind == ErrorKind::NotAuthorized {
                attempt.kind = ErrorKind::DatabaseUnknown;
            }
            let (nth, since) = history.not_propagated.unwrap_or((0, now));
            history.not_propagated = Some((nth + 1, since));
            if now.saturating_duration_since(since) >= PROPAGATION_TIME {
                return Err(StoppedBy::NotRetryable);
            }
            let target = if pinned { Target::Same } else { Target::Other };
            return Ok(Candidate { target, pause: pause(Backoff::Connection, nth), cost: Cost::Budget });
        }
        if let Some(candidate) = self.token_candidate(attempt, history, has_untried && !pinned, now) {
            return Ok(candidate);
        }
        if let Some(leader) =
            self.leader(attempt).filter(|_| !pinned && history.leader_redirects < MAX_LEADER_REDIRECTS)
        {
            history.leader_redirects += 1;
            let pause = pause(Backoff::Connection, history.leader_redirects - 1);
            return Ok(Candidate { target: Target::Coordinator(leader), pause, cost: Cost::Attempt });
        }
        if is_conflict(attempt) && history.conflicts < policy.conflicts {
            history.conflicts += 1;
            let pause = pause(Backoff::Conflict, history.conflicts - 1);
            return Ok(Candidate { target: Target::Same, pause, cost: Cost::Budget });
        }

        let rule = classify::rule(attempt, context.call.class, policy);
        // A protocol violation at two coordinators is conclusive, so a third one is not tried.
        let retry = match rule.target {
            // A certificate that was rejected once is rejected again.
            RetryTarget::Other if attempt.kind == ErrorKind::TlsCertificate && !has_untried => {
                RetryTarget::Never
            }
            // Another service does not become ArangoDB.
            RetryTarget::Other if is_not_arangodb(attempt) && !has_untried => RetryTarget::Never,
            RetryTarget::Other if attempt.kind == ErrorKind::ProtocolViolation && nth > 0 => {
                RetryTarget::Never
            }
            // A proxy that times out a second time was not late because of a stale connection.
            RetryTarget::Same if attempt.status.is_some() && nth > 0 => RetryTarget::Other,
            target => target,
        };
        let target = match retry {
            RetryTarget::Never => return Err(StoppedBy::NotRetryable),
            RetryTarget::Other | RetryTarget::OtherAfterPause if pinned => {
                return Err(StoppedBy::NoAlternative);
            }
            RetryTarget::Other | RetryTarget::OtherAfterPause => Target::Other,
            RetryTarget::Same => Target::SameNewConnection,
            RetryTarget::SameAfterPause => Target::Same,
        };
        let wait = match retry {
            // The first switch to another coordinator needs no pause.
            RetryTarget::Other if has_untried && nth == 0 => Duration::ZERO,
            RetryTarget::Same => Duration::ZERO,
            _ => pause(rule.pause, nth),
        };
        // An explicit `Retry-After` takes precedence.
        let wait = attempt.retry_after.filter(|_| rule.honors_retry_after).unwrap_or(wait);
        Ok(Candidate { target, pause: wait, cost: Cost::Attempt })
    }

    /// Returns whether a resource is reported as unknown only because it is not propagated yet.
    ///
    /// A user without rights for an unknown database gets an authorization error instead, so that names
    /// cannot be guessed.
    fn is_not_propagated(&self, context: &CallContext, attempt: &Attempt, now: Instant) -> bool {
        let path = || context.request.uri.path();
        let expected = || context.call.existence() == Existence::Certain;
        match attempt.kind {
            ErrorKind::DatabaseUnknown => expected() || self.created.database(path(), now),
            ErrorKind::NotFound if attempt.number == Some(ErrorNumber::DATA_SOURCE_NOT_FOUND) => {
                attempt.outcome == Outcome::NotExecuted && self.created.collection(path(), now)
            }
            ErrorKind::NotAuthorized => {
                classify::refuses_token(attempt) && self.created.database(path(), now)
            }
            _ => false,
        }
    }

    /// Returns the retry after a rejected token, unless the token itself is invalid.
    fn token_candidate(
        &self,
        attempt: &Attempt,
        history: &mut History,
        has_untried: bool,
        now: Instant,
    ) -> Option<Candidate> {
        let token = attempt.token.as_ref().filter(|_| classify::refuses_token(attempt))?;
        let rejected_by = attempt.coordinator.as_ref()?;
        let accepted_elsewhere = || self.token_acceptance.is_accepted_elsewhere(rejected_by, token, now);
        if !token.is_superseded() && has_untried && history.skipped.is_none() && accepted_elsewhere() {
            history.skipped = Some(rejected_by.clone());
            // All calls with this token meet the rejection at once, so, as for a renewal, the budget does not
            // apply.
            return Some(Candidate { target: Target::Other, pause: Duration::ZERO, cost: Cost::Renewal });
        }
        let renewal = token.renewable && !history.token_renewed;
        renewal.then_some(Candidate {
            target: Target::SameNewToken,
            pause: Duration::ZERO,
            cost: Cost::Renewal,
        })
    }

    /// Returns the leader that the response names, if it is a member.
    fn leader(&self, attempt: &Attempt) -> Option<Coordinator> {
        // Only this error names the leader. With any other error the header means nothing.
        let names_leader = attempt.kind == ErrorKind::NotLeader && attempt.outcome == Outcome::NotExecuted;
        let leader = attempt.leader.as_ref().filter(|_| names_leader)?;
        self.member(leader).map(|member| member.key().clone())
    }

    /// Reports the skipped coordinator as overloaded, because the call succeeded at another one.
    pub(crate) fn record_success(&self, history: &History, now: Instant) {
        let skipped = history.skipped.as_ref().filter(|_| !history.token_renewed);
        if let Some(member) = skipped.and_then(|coordinator| self.member(coordinator)) {
            member.record(Signal::Overloaded, now);
        }
    }

    /// Returns whether the failed attempt went to an address that several coordinators share.
    fn is_shared_address(&self, attempt: &Attempt) -> bool {
        let member = attempt.coordinator.as_ref().and_then(|coordinator| self.member(coordinator));
        member.is_some_and(|member| member.is_shared())
    }

    pub(crate) fn member(&self, coordinator: &Coordinator) -> Option<Member<Coordinator>> {
        self.members.snapshot().iter().find(|member| member.key() == coordinator).cloned()
    }
}

/// Returns whether a repetition is harmless or the caller accepts its risk. Otherwise there is no retry.
fn may_be_repeated(attempt: &Attempt, class: RequestClass, policy: &RetryPolicy) -> bool {
    let trusted = attempt.kind == ErrorKind::ShuttingDown && policy.shutdowns == Shutdowns::Trusted;
    attempt.outcome == Outcome::NotExecuted || class != RequestClass::NonIdempotent || trusted
}

/// Returns whether another service responded, as far as can be detected.
fn is_not_arangodb(attempt: &Attempt) -> bool {
    matches!(attempt.kind, ErrorKind::NotArangoDb | ErrorKind::UnexpectedRedirect)
}

/// Returns whether two writes conflicted and neither was executed.
fn is_conflict(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::Conflict
        && attempt.number == Some(ErrorNumber::CONFLICT)
        && attempt.outcome == Outcome::NotExecuted
}
