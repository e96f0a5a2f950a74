//! What must be reachable, so that the properties say something.

use arango::Outcome;
use stateright::Property;

use crate::closure::message::{Known, Number};
use crate::closure::model::{LostCommits, State};
use crate::closure::program::End;
use crate::closure::properties::{end, has_taken_effect, is_believed_too_early, parts};

/// What must be reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reachable {
    FoundOutByState,
    FoundOutByProof,
    ValueOfEarlierRun,
    SecondRun,
    LockMet,
    NotExecutedAfterLoss,
    FalseAbort,
    UnknownAndExecuted,
    UnknownAndNotExecuted,
    OwnerForgot,
    LateCommitRefused,
    InPart,
    /// A known limit.
    BelievedTooEarly,
}

impl Reachable {
    pub(crate) fn property(self) -> Property<LostCommits> {
        Property::sometimes(self.name(), self.condition())
    }

    fn name(self) -> &'static str {
        match self {
            Self::FoundOutByState => "a lost commit is found out by its state",
            Self::FoundOutByProof => "a lost commit is found out by its proof",
            Self::ValueOfEarlierRun => "a later run returns the value of an earlier one",
            Self::SecondRun => "the second run takes effect",
            Self::LockMet => "a later run meets the lock of an earlier one",
            Self::NotExecutedAfterLoss => "a lost commit is proved not to be executed",
            Self::FalseAbort => "a coordinator calls a transaction aborted that was committed",
            Self::UnknownAndExecuted => "the outcome stays unknown, and it is executed",
            Self::UnknownAndNotExecuted => "the outcome stays unknown, and it is not executed",
            Self::OwnerForgot => "a coordinator knows nothing of a commit that is executed",
            Self::LateCommitRefused => "a late commit is refused",
            Self::InPart => "of two leaders, one commits",
            Self::BelievedTooEarly => "limit: a commit is believed before it has failed",
        }
    }

    fn condition(self) -> fn(&LostCommits, &State) -> bool {
        match self {
            Self::FoundOutByState => |model, state| {
                state.facts.was_lost && !model.program(state).has_proof && success(state).is_some()
            },
            Self::FoundOutByProof => |model, state| {
                state.facts.was_lost
                    && !state.facts.met_proof
                    && model.program(state).has_proof
                    && success(state).is_some()
            },
            Self::ValueOfEarlierRun => |_, state| {
                state.facts.met_proof && success(state).is_some_and(|run| has_taken_effect(state, run))
            },
            Self::SecondRun => |_, state| success(state) == Some(2),
            Self::LockMet => |_, state| state.facts.met_lock,
            Self::NotExecutedAfterLoss => {
                |_, state| state.facts.was_lost && failure(state) == Some(Outcome::NotExecuted)
            }
            Self::FalseAbort => |_, state| state.facts.lied_about_abort,
            Self::UnknownAndExecuted => |_, state| is_unknown_with(state, |parts| parts != 0),
            Self::UnknownAndNotExecuted => |_, state| is_unknown_with(state, |parts| parts == 0),
            Self::OwnerForgot => |_, state| {
                state.server.transactions.iter().any(|one| one.known == Known::Nothing && parts(one) != 0)
            },
            Self::LateCommitRefused => |_, state| state.facts.was_late_and_refused,
            Self::InPart => |_, state| {
                let leaders = state.server.leaders;
                state.server.transactions.iter().any(|one| parts(one) != 0 && parts(one) != leaders)
            },
            Self::BelievedTooEarly => |model, state| {
                success(state).is_some_and(|run| !has_taken_effect(state, run))
                    && state.server.transactions.iter().all(|one| !one.may_commit())
                    && is_believed_too_early(model, state)
            },
        }
    }
}

fn success(state: &State) -> Option<Number> {
    match end(state) {
        Some(End::Committed(run)) => Some(run),
        _ => None,
    }
}

fn failure(state: &State) -> Option<Outcome> {
    match end(state) {
        Some(End::Failed { outcome, .. }) => Some(outcome),
        _ => None,
    }
}

/// Returns whether the outcome is reported as unknown, and a transaction has ended in a certain way.
fn is_unknown_with(state: &State, holds: fn(u8) -> bool) -> bool {
    let is_settled = state.server.transactions.iter().all(|one| !one.may_commit() || parts(one) != 0);
    let sum = state.server.transactions.iter().fold(0, |sum, one| sum | parts(one));
    failure(state) == Some(Outcome::Unknown) && is_settled && state.late.is_empty() && holds(sum)
}
