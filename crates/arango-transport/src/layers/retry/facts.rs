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
use crate::layers::retry::decision::Facts;
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
        now: Instant,
    ) -> Facts<'a> {
        let mut facts = Facts {
            attempt,
            class: context.call.properties.class,
            policy: context.call.retry().unwrap_or(&self.policy),
            is_pinned: context.call.pin.is_some(),
            members: self.members.len(),
            is_shared_address: self.is_shared_address(attempt),
            is_propagating: self.is_propagating(context, attempt, now),
            is_token_accepted_elsewhere: false,
            leader: self.leader(attempt),
            now,
            deadline: context.deadline,
            random: self.random.next_f64(),
        };
        if let (Some(token), Some(coordinator)) = (facts.rejected_token(), &attempt.coordinator) {
            facts.is_token_accepted_elsewhere =
                self.token_acceptance.is_accepted_elsewhere(coordinator, token, now);
        }
        facts
    }

    /// Corrects the kind of a failure that the response alone does not show.
    ///
    /// A user without rights for an unknown database gets an authorization error instead, so that names cannot be
    /// guessed. If the database was created recently, it is not propagated yet.
    pub(crate) fn correct_kind(&self, context: &CallContext, attempt: &mut Attempt, now: Instant) {
        if rules::refuses_token(attempt) && self.created.database(context.request.uri.path(), now) {
            attempt.kind = ErrorKind::DatabaseUnknown;
        }
    }

    /// Returns whether a resource is reported as unknown only because it is not propagated yet.
    fn is_propagating(&self, context: &CallContext, attempt: &Attempt, now: Instant) -> bool {
        let path = || context.request.uri.path();
        match attempt.kind {
            ErrorKind::DatabaseUnknown => {
                context.call.existence() == Existence::Certain || self.created.database(path(), now)
            }
            ErrorKind::CollectionNotFound => {
                attempt.outcome == Outcome::NotExecuted && self.created.collection(path(), now)
            }
            _ => false,
        }
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
