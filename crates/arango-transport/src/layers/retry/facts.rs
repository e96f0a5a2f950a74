//! Collects the facts for the decision after a failed attempt.

use std::sync::Arc;

use arango_balance::{Members, RandomSource, Signal};
use arango_protocol::{ErrorKind, Outcome};
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::options::Existence;
use crate::call::recently_created::RecentlyCreated;
use crate::call::token_acceptance::TokenAcceptance;
use crate::config::retry_policy::RetryPolicy;
use crate::error::attempt::Attempt;
use crate::error::unsupported::Unsupported;
use crate::layers::retry::decision::{self, Facts};
use crate::layers::retry::history::History;
use crate::layers::retry::rules;
use crate::types::coordinator::Coordinator;

/// Where the facts for retry decisions come from.
#[derive(Debug, Clone)]
pub(crate) struct FactSources {
    pub(crate) members: Members<Coordinator>,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) policy: RetryPolicy,
    pub(crate) created: RecentlyCreated,
    pub(crate) token_acceptance: TokenAcceptance,
}

impl FactSources {
    /// Returns the facts about a failed attempt.
    pub(crate) fn collect<'a>(
        &'a self,
        context: &'a CallContext,
        attempt: &'a Attempt,
        history: &History,
        now: Instant,
    ) -> Facts<'a> {
        let outcome = rules::outcome(attempt, &context.call.properties);
        let mut facts = Facts {
            attempt,
            class: context.call.properties.class,
            outcome,
            call_outcome: outcome.max(context.worst_failure()),
            conflict_retries: context.call.properties.conflict_retries,
            retries_timeouts: context.call.properties.retries_timeouts,
            policy: context.call.retry().unwrap_or(&self.policy),
            is_pinned: context.call.pin.is_some(),
            members: self.members.len(),
            is_shared_address: self.is_shared_address(attempt),
            is_propagating: self.is_propagating(context, attempt, now),
            is_token_accepted_elsewhere: false,
            is_supported_elsewhere: attempt.unsupported.is_some()
                && self.is_supported_elsewhere(context, attempt, history),
            owner: context.call.owner().filter(|owner| self.members.get(owner).is_some()),
            leader: self.leader(attempt),
            now,
            deadline: context.deadline,
            random: self.random.next_f64(),
        };
        // That a coordinator accepted the token proves nothing about a database that is not propagated yet.
        if let (Some(token), Some(coordinator)) = (facts.rejected_token(), &attempt.coordinator)
            && !self.is_database_new(context, now)
        {
            facts.is_token_accepted_elsewhere =
                self.token_acceptance.is_accepted_elsewhere(coordinator, token, now);
        }
        facts
    }

    /// Corrects the kind of a failure that the response alone does not show.
    ///
    /// A user without rights for an unknown database gets an authorization error instead, so that names cannot be
    /// guessed. If the database was created recently, it is not propagated yet. The token of a login may be rejected for
    /// another reason, so it is renewed first.
    pub(crate) fn correct_kind(
        &self,
        context: &CallContext,
        attempt: &mut Attempt,
        history: &History,
        now: Instant,
    ) {
        let policy = context.call.retry().unwrap_or(&self.policy);
        let cannot_renew = history.token_renewed
            || !attempt.token.as_ref().is_some_and(|token| token.renewable)
            || !decision::has_attempts_left(self.members.len(), policy, history);
        if cannot_renew && rules::refuses_token(attempt) && self.is_database_new(context, now) {
            attempt.kind = ErrorKind::DatabaseUnknown;
        }
    }

    /// Returns whether this client has created the database of a call recently.
    fn is_database_new(&self, context: &CallContext, now: Instant) -> bool {
        self.created.database(context.request.path(), now)
    }

    /// Returns the coordinators that certainly lack the operation of a call, or what the last of them lacks if all do
    /// that the call may use.
    pub(crate) fn lacking(&self, context: &CallContext) -> Result<Vec<Coordinator>, Unsupported> {
        let Some(support) = &context.call.support else { return Ok(Vec::new()) };
        if let Some(pin) = &context.call.pin {
            return support.lacks(pin).map_or(Ok(Vec::new()), Err);
        }
        let members = self.members.snapshot();
        let mut lacking = Vec::new();
        let mut last = None;
        for member in &*members {
            if let Some(unsupported) = support.lacks(member.key()) {
                lacking.push(member.key().clone());
                last = Some(unsupported);
            }
        }
        match last {
            Some(unsupported) if lacking.len() == members.len() => Err(unsupported),
            _ => Ok(lacking),
        }
    }

    /// Returns the coordinators that the next attempt does not use: those that were tried, and those that lack the
    /// operation. If no other is left, those that were tried may be used again.
    pub(crate) fn unavailable(&self, context: &CallContext, history: &History) -> Vec<Coordinator> {
        let mut lacking = self.lacking(context).unwrap_or_default();
        if lacking.is_empty() {
            return history.tried.clone();
        }
        let is_left = |key: &Coordinator| !history.tried.contains(key) && !lacking.contains(key);
        if self.members.snapshot().iter().any(|member| is_left(member.key())) {
            lacking.extend(history.tried.iter().cloned());
        }
        lacking
    }

    /// Finds out whether the coordinator of a failed attempt lacks the operation.
    ///
    /// Its response is then final for this coordinator, and says that it has not executed the operation. If the outcome is
    /// unknown it stays unknown: a proxy may have responded.
    pub(crate) async fn find_lacking(context: &CallContext, attempt: &mut Attempt, now: Instant) {
        let Some(support) = context.call.support.as_ref().filter(|_| may_be_lacking(attempt)) else { return };
        let Some(coordinator) = &attempt.coordinator else { return };
        let limit = context.deadline.saturating_duration_since(now);
        let Some(unsupported) = support.find_lacking(coordinator, limit).await else { return };
        attempt.kind = ErrorKind::NotSupported;
        if attempt.outcome == Outcome::Executed {
            attempt.outcome = Outcome::NotExecuted;
        }
        attempt.unsupported = Some(Arc::new(unsupported));
    }

    /// Returns whether a coordinator may support the operation that the call has not used.
    fn is_supported_elsewhere(&self, context: &CallContext, attempt: &Attempt, history: &History) -> bool {
        let Some(support) = &context.call.support else { return false };
        self.members.snapshot().iter().any(|member| {
            let key = member.key();
            Some(key) != attempt.coordinator.as_ref()
                && !history.tried.contains(key)
                && support.lacks(key).is_none()
        })
    }

    /// Returns whether a resource is reported as unknown only because it is not propagated yet.
    fn is_propagating(&self, context: &CallContext, attempt: &Attempt, now: Instant) -> bool {
        let path = || context.request.path();
        match attempt.kind {
            ErrorKind::DatabaseUnknown => {
                context.call.existence() == Existence::Certain || self.created.database(path(), now)
            }
            ErrorKind::CollectionNotFound => {
                attempt.outcome == Outcome::NotExecuted
                    && (self.created.collection(path(), context.request.query(), now)
                        || self.is_in_body(context, now))
            }
            _ => false,
        }
    }

    /// Returns whether the body names a collection that this client has created recently.
    fn is_in_body(&self, context: &CallContext, now: Instant) -> bool {
        let request = &context.request;
        context.call.collections_in_body
            && self.created.collection_in_body(request.path(), &request.body_bytes(), now)
    }

    /// Returns the leader that the response names, if it is a member.
    fn leader(&self, attempt: &Attempt) -> Option<Coordinator> {
        let leader = attempt.leader.as_ref().filter(|_| rules::names_leader(attempt))?;
        self.members.get(leader).map(|member| member.key().clone())
    }

    /// Returns whether the failed attempt went to an address that several coordinators share.
    fn is_shared_address(&self, attempt: &Attempt) -> bool {
        let member = attempt.coordinator.as_ref().and_then(|coordinator| self.members.get(coordinator));
        member.is_some_and(|member| member.is_shared())
    }

    /// Reports the skipped coordinator as overloaded, because the call succeeded at another one with the same token.
    pub(crate) fn record_success(&self, history: &History, now: Instant) {
        let skipped = history.skipped.as_ref().filter(|_| !history.token_renewed);
        if let Some(member) = skipped.and_then(|coordinator| self.members.get(coordinator)) {
            member.record(Signal::Overloaded, now);
        }
    }
}

/// Returns whether the coordinator may have refused the operation because it does not know it.
///
/// That is an unknown path, command or method, or a response that differs because a parameter was ignored.
fn may_be_lacking(attempt: &Attempt) -> bool {
    matches!(attempt.kind, ErrorKind::NotFound | ErrorKind::NotSupported | ErrorKind::Decode)
        || attempt.status.is_some_and(|status| matches!(status.as_u16(), 400 | 404 | 405 | 501))
}
