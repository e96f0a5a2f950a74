//! What follows a failed attempt: what the rules allow, and what the call may still spend.

use std::sync::Arc;
use std::time::Duration;

use arango_balance::{Member, Members, RandomSource, Signal};
use arango_protocol::{ErrorNumber, RequestClass};
use tokio::time::Instant;

use crate::accepted::Accepted;
use crate::budget::Budget;
use crate::created::Created;
use crate::error::StoppedBy;
use crate::failed_attempt::Attempt;
use crate::options::Existence;
use crate::record::CallRecord;
use crate::retry_policy::Shutdowns;
use crate::rules::{self, Again, Pause};
use crate::{Coordinator, ErrorKind, Outcome, RetryPolicy};

/// A pause that leaves less than this before the deadline is not worth taking.
const LEAST_REST: Duration = Duration::from_millis(10);
/// For how long a coordinator is asked again that has not heard yet of what exists.
const HEARSAY: Duration = Duration::from_secs(10);
/// How often a call follows the word of who leads.
const MOST_LEADS: u32 = 3;

/// Decides what follows a failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct Decider {
    pub(crate) members: Members<Coordinator>,
    pub(crate) jitter: Arc<dyn RandomSource>,
    pub(crate) policy: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) created: Created,
    pub(crate) accepted: Accepted,
}

/// What a call has been through, as far as it decides what may follow.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Who was asked, except those that are to be asked again.
    pub(crate) tried: Vec<Coordinator>,
    /// Attempts that count towards the most there may be.
    attempts: usize,
    /// A newer token was asked for. Once for each call: one that is refused too was not what was wrong.
    renewed: bool,
    /// A coordinator that was passed over, because it refused a token which another takes.
    passed_over: Option<Coordinator>,
    leads: u32,
    conflicts: u32,
    /// Attempts that met something which is not known yet, and since when.
    unheard: Option<(u32, Instant)>,
}

impl History {
    /// What a call has been through that made these attempts, in so far as they tell.
    pub(crate) fn of(failed: Vec<Attempt>) -> Self {
        let attempts = failed.len();
        let mut tried: Vec<_> = failed.into_iter().filter_map(|attempt| attempt.coordinator).collect();
        tried.dedup();
        Self { tried, attempts, ..Self::default() }
    }
}

/// What follows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Stop(StoppedBy),
    Go { whereto: Whereto, pause: Duration },
}

/// Where the next attempt goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whereto {
    /// To the same coordinator.
    Here,
    /// To the same coordinator, on a connection that has carried nothing yet.
    HereAnew,
    /// To the same coordinator, with a newer token than the one that was refused.
    HereRenewed,
    /// To this coordinator.
    There(Coordinator),
    /// To another coordinator, if there is one.
    Elsewhere,
}

/// A way on, before it is looked whether the call can afford it.
struct Way {
    whereto: Whereto,
    pause: Duration,
    cost: Cost,
}

/// What an attempt is charged to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    /// The attempts of the call, and the budget of all calls.
    Attempt,
    /// The attempts of the call alone: all calls with that token need it, once each.
    Renewal,
    /// The budget alone: how often is limited otherwise.
    Budget,
}

impl Decider {
    /// Decides what follows `attempt`, and keeps in `history` what that decides for later ones.
    pub(crate) fn next(
        &self,
        record: &CallRecord,
        attempt: &mut Attempt,
        history: &mut History,
        now: Instant,
    ) -> Next {
        if attempt.kind == ErrorKind::StartingUp {
            self.members.refresh_discovery();
        }
        let policy = record.call.own_retry().unwrap_or(&self.policy);
        let way = match self.way(record, attempt, history, policy, now) {
            Ok(way) => way,
            Err(stopped_by) => return Next::Stop(stopped_by),
        };
        if !may_be_repeated(attempt, record.call.class, policy) {
            return Next::Stop(StoppedBy::NotRetryable);
        }
        if way.cost != Cost::Budget {
            history.attempts += 1;
            let most = (1 + self.members.len().max(2)).min(policy.attempts);
            if history.attempts >= most {
                return Next::Stop(StoppedBy::MaxAttempts);
            }
        }
        let rest = record.deadline.saturating_duration_since(now);
        if way.pause.saturating_add(LEAST_REST) >= rest {
            return Next::Stop(StoppedBy::Deadline);
        }
        // Last, so that only what is really sent is paid for.
        if way.cost != Cost::Renewal && !self.budget.withdraw(attempt, now) {
            return Next::Stop(StoppedBy::Budget);
        }
        match way.whereto {
            Whereto::Elsewhere | Whereto::There(_) => {
                let here = attempt.coordinator.clone();
                history.tried.extend(here.filter(|here| !history.tried.contains(here)));
            }
            Whereto::HereRenewed => history.renewed = true,
            Whereto::Here | Whereto::HereAnew => {}
        }
        Next::Go { whereto: way.whereto, pause: way.pause }
    }

    /// Where the call may go on, whatever it has spent.
    fn way(
        &self,
        record: &CallRecord,
        attempt: &mut Attempt,
        history: &mut History,
        policy: &RetryPolicy,
        now: Instant,
    ) -> Result<Way, StoppedBy> {
        let pinned = record.call.pin.is_some();
        let nth = u32::try_from(history.attempts).unwrap_or(u32::MAX);
        // Of those not asked yet one is still left, beside the one that has just failed.
        let another =
            history.tried.len() + 1 < self.members.len() || (nth == 0 && self.is_one_of_several(attempt));
        let pause = |pause: Pause, nth| pause.length(nth, &*self.jitter);

        if self.is_unheard_of(record, attempt, now) {
            if attempt.kind == ErrorKind::NotAuthorized {
                attempt.kind = ErrorKind::DatabaseUnknown;
            }
            let (nth, since) = history.unheard.unwrap_or((0, now));
            history.unheard = Some((nth + 1, since));
            if now.saturating_duration_since(since) >= HEARSAY {
                return Err(StoppedBy::NotRetryable);
            }
            let whereto = if pinned { Whereto::Here } else { Whereto::Elsewhere };
            return Ok(Way { whereto, pause: pause(Pause::Connection, nth), cost: Cost::Budget });
        }
        if let Some(way) = self.way_with_token(attempt, history, another && !pinned, now) {
            return Ok(way);
        }
        if let Some(leader) = self.leader(attempt).filter(|_| !pinned && history.leads < MOST_LEADS) {
            history.leads += 1;
            let pause = pause(Pause::Connection, history.leads - 1);
            return Ok(Way { whereto: Whereto::There(leader), pause, cost: Cost::Attempt });
        }
        if is_write_write(attempt) && history.conflicts < policy.conflicts {
            history.conflicts += 1;
            let pause = pause(Pause::Conflict, history.conflicts - 1);
            return Ok(Way { whereto: Whereto::Here, pause, cost: Cost::Budget });
        }

        let rule = rules::rule(attempt, record.call.class, policy);
        // What one coordinator says that is not HTTP, a second is unlikely to say better; two of them
        // are enough to know.
        let again = match rule.again {
            // Nor is a certificate accepted the second time.
            Again::Elsewhere if attempt.kind == ErrorKind::TlsCertificate && !another => Again::No,
            // Nor does another service become ArangoDB.
            Again::Elsewhere if is_not_arangodb(attempt) && !another => Again::No,
            Again::Elsewhere if attempt.kind == ErrorKind::ProtocolViolation && nth > 0 => Again::No,
            // A proxy that gives up on a second request, too, is not late by chance.
            Again::Same if attempt.status.is_some() && nth > 0 => Again::Elsewhere,
            again => again,
        };
        let whereto = match again {
            Again::No => return Err(StoppedBy::NotRetryable),
            Again::Elsewhere | Again::Later if pinned => return Err(StoppedBy::NoAlternative),
            Again::Elsewhere | Again::Later => Whereto::Elsewhere,
            Again::Same => Whereto::HereAnew,
            Again::SameLater => Whereto::Here,
        };
        let wait = match again {
            // The first switch to somebody else is at once: waiting would help nobody.
            Again::Elsewhere if another && nth == 0 => Duration::ZERO,
            Again::Same => Duration::ZERO,
            _ => pause(rule.pause, nth),
        };
        // Whoever says when to come back knows better.
        let wait = attempt.retry_after.filter(|_| rule.heeds_retry_after).unwrap_or(wait);
        Ok(Way { whereto, pause: wait, cost: Cost::Attempt })
    }

    /// Whether the coordinator simply has not heard yet of what it says it does not know.
    ///
    /// To a user without a right that covers it, a database that is not known is said to be forbidden: names are not
    /// to be guessed.
    fn is_unheard_of(&self, record: &CallRecord, attempt: &Attempt, now: Instant) -> bool {
        let path = || record.template.uri.path();
        let expected = || record.call.expects() == Existence::Certain;
        match attempt.kind {
            ErrorKind::DatabaseUnknown => expected() || self.created.database(path(), now),
            ErrorKind::NotFound if attempt.number == Some(ErrorNumber::DATA_SOURCE_NOT_FOUND) => {
                attempt.outcome == Outcome::NotExecuted && self.created.collection(path(), now)
            }
            ErrorKind::NotAuthorized => rules::refuses_token(attempt) && self.created.database(path(), now),
            _ => false,
        }
    }

    /// What follows when a token was refused that was not simply the caller's mistake.
    fn way_with_token(
        &self,
        attempt: &Attempt,
        history: &mut History,
        another: bool,
        now: Instant,
    ) -> Option<Way> {
        let token = attempt.token.as_ref().filter(|_| rules::refuses_token(attempt))?;
        let here = attempt.coordinator.as_ref()?;
        let taken_elsewhere = || self.accepted.elsewhere(here, token, now);
        if !token.is_superseded() && another && history.passed_over.is_none() && taken_elsewhere() {
            history.passed_over = Some(here.clone());
            // As many calls meet this as wear the token, and it heals them all: no more than a renewal it is
            // a matter of the budget.
            return Some(Way { whereto: Whereto::Elsewhere, pause: Duration::ZERO, cost: Cost::Renewal });
        }
        let renewal = token.renewable && !history.renewed;
        renewal.then_some(Way { whereto: Whereto::HereRenewed, pause: Duration::ZERO, cost: Cost::Renewal })
    }

    /// Who leads, by the word of one that does not: a coordinator of ours, or nobody.
    fn leader(&self, attempt: &Attempt) -> Option<Coordinator> {
        // Only this refusal speaks of who leads; the header beside any other means nothing.
        let speaks_of_leader =
            attempt.kind == ErrorKind::NotLeader && attempt.outcome == Outcome::NotExecuted;
        let leader = attempt.leader.as_ref().filter(|_| speaks_of_leader)?;
        self.member(leader).map(|member| member.key().clone())
    }

    /// Takes note that the call was answered in the end: who was passed over is what was wrong.
    pub(crate) fn succeeded(&self, history: &History, now: Instant) {
        let passed_over = history.passed_over.as_ref().filter(|_| !history.renewed);
        if let Some(member) = passed_over.and_then(|coordinator| self.member(coordinator)) {
            member.record(Signal::Overloaded, now);
        }
    }

    /// Whether the one that failed is not the only one at its address.
    fn is_one_of_several(&self, attempt: &Attempt) -> bool {
        let member = attempt.coordinator.as_ref().and_then(|coordinator| self.member(coordinator));
        member.is_some_and(|member| member.is_shared())
    }

    pub(crate) fn member(&self, coordinator: &Coordinator) -> Option<Member<Coordinator>> {
        self.members.snapshot().iter().find(|member| member.key() == coordinator).cloned()
    }
}

/// Whether a second copy does no harm, or the caller has taken that upon himself: whatever the way on, none is made
/// otherwise.
fn may_be_repeated(attempt: &Attempt, class: RequestClass, policy: &RetryPolicy) -> bool {
    let trusted = attempt.kind == ErrorKind::ShuttingDown && policy.shutdowns == Shutdowns::Trusted;
    attempt.outcome == Outcome::NotExecuted || class != RequestClass::NonIdempotent || trusted
}

/// Whether another service answered, as far as can be seen.
fn is_not_arangodb(attempt: &Attempt) -> bool {
    matches!(attempt.kind, ErrorKind::NotArangoDb | ErrorKind::UnexpectedRedirect)
}

/// Whether two writes met, and neither was executed.
fn is_write_write(attempt: &Attempt) -> bool {
    attempt.kind == ErrorKind::Conflict
        && attempt.number == Some(ErrorNumber::CONFLICT)
        && attempt.outcome == Outcome::NotExecuted
}
