//! What holds in every state.

use arango::Outcome;
use stateright::Property;

use crate::closure::message::Number;
use crate::closure::model::{Call, LostCommits, State};
use crate::closure::program::End;
use crate::closure::server::{FIRST_PART, Phase, Transaction};

pub(crate) const ONE_EFFECT: &str = "D3: at most one run takes effect";
pub(crate) const NOT_EXECUTED: &str = "D3: what is reported as not executed is not executed, also not late";
pub(crate) const EXECUTED: &str =
    "D3: what is reported as a success was executed, by the run whose value is returned";
pub(crate) const TICKET: &str =
    "an unknown outcome has a ticket if there is a proof, and its proof tells the truth";

/// Returns what holds in every state.
pub(crate) fn always() -> Vec<Property<LostCommits>> {
    vec![
        Property::always(ONE_EFFECT, |_: &LostCommits, state: &State| {
            // Of several leaders, the proof shows only that of one.
            state.server.transactions.iter().filter(|one| parts(one) == state.server.leaders).count() <= 1
        }),
        Property::always(NOT_EXECUTED, |_, state| match end(state) {
            Some(End::Failed { outcome: Outcome::NotExecuted, .. }) => {
                state.server.transactions.iter().all(|one| !one.may_commit())
            }
            _ => true,
        }),
        Property::always(EXECUTED, |model, state| match end(state) {
            Some(End::Committed(run)) => has_taken_effect(state, run) || is_believed_too_early(model, state),
            Some(End::Failed { outcome: Outcome::Executed, .. }) => false,
            _ => true,
        }),
        Property::always(TICKET, |model, state| {
            let is_reported = match end(state) {
                Some(End::Failed { outcome: Outcome::Unknown, has_ticket }) => {
                    has_ticket == model.program(state).has_proof
                }
                _ => true,
            };
            // The proof is there if and only if a run was committed.
            let is_proved = !model.program(state).has_proof
                || state.server.proofs.is_empty()
                    != state.server.transactions.iter().any(|one| parts(one) & FIRST_PART != 0);
            is_reported && is_proved
        }),
    ]
}

/// The second limit of the documentation: without a proof, a commit that takes long is believed before it has ended.
pub(crate) fn is_believed_too_early(model: &LostCommits, state: &State) -> bool {
    state.facts.ended_early && !model.program(state).has_proof
}

pub(crate) fn end(state: &State) -> Option<End> {
    match state.call {
        Call::Ended(end) => Some(end),
        Call::Waits { .. } => None,
    }
}

/// Returns the leaders that have committed a transaction.
pub(crate) fn parts(transaction: &Transaction) -> u8 {
    match transaction.phase {
        Phase::Ended(parts) => parts,
        _ => 0,
    }
}

/// Returns whether a run has taken effect, over several leaders in part.
pub(crate) fn has_taken_effect(state: &State, run: Number) -> bool {
    state.server.transactions.iter().any(|one| one.run == Some(run) && parts(one) & FIRST_PART != 0)
}
