//! What holds in every state.

use arango::data::Evidence;
use arango::{ErrorKind, Outcome};
use stateright::Property;

use crate::ledger::Ledger;
use crate::model::{Call, LostWrites, State};
use crate::tickets::Concluded;
use crate::writes::{End, Kind, Write};

pub(crate) const ONE_DOCUMENT: &str = "D1: an insert makes at most one document";
pub(crate) const NOT_EXECUTED: &str = "D4: what is reported as not executed is not executed, also not late";
pub(crate) const EXECUTED: &str = "what is reported as a success was executed";
pub(crate) const LOOKED_INTO: &str = "what may have been executed is looked into, if its key is known";
pub(crate) const EVIDENCE: &str = "evidence is true at the moment at which it is seen";
pub(crate) const TICKET: &str = "a ticket takes no other write for its own";
pub(crate) const CONDITION: &str = "a write under a revision is executed at most once, over that revision";
pub(crate) const VERSION: &str = "a version is never replaced by an older one";
pub(crate) const ONE_EFFECT: &str = "no write has a second effect on what still stands";
pub(crate) const RETURN: &str = "only what was lost or repeated by a coordinator comes after a removal";

/// Returns what holds in every state.
pub(crate) fn always() -> Vec<Property<LostWrites>> {
    vec![
        Property::always(ONE_DOCUMENT, |model: &LostWrites, state: &State| {
            (0..2).all(|client| {
                let documents = state.server.documents.values();
                documents.filter(|document| document.created_by == Some(client)).count() <= 1
                    && (write(model, state, client).kind != Kind::Insert
                        || !state.ledgers[client].has_second_effect)
            })
        }),
        Property::always(NOT_EXECUTED, |model, state| {
            each(model, state, |write, ledger, end| match end {
                Some(End::Failure { outcome: Outcome::NotExecuted, kind, .. }) => {
                    ledger.executions == 0 || is_refused_by_itself(write, ledger, kind)
                }
                _ => true,
            })
        }),
        Property::always(EXECUTED, |model, state| {
            each(model, state, |write, ledger, end| match end {
                // A removal promises that the document is not there.
                Some(End::Success { evidence: None, .. }) => {
                    ledger.executions > 0 || write.kind == Kind::Remove && ledger.found_nothing
                }
                Some(End::Success { evidence: Some(Evidence::Absence), .. }) => write.kind == Kind::Remove,
                Some(End::Success { evidence: Some(_), .. }) => {
                    ledger.executions > 0 || write.kind == Kind::InsertIfMissing
                }
                _ => true,
            })
        }),
        Property::always(LOOKED_INTO, |model, state| {
            each(model, state, |write, _, end| match end {
                Some(End::Failure {
                    outcome: Outcome::Unknown | Outcome::Executed,
                    resolution,
                    is_of_read,
                    ..
                }) => resolution.is_some() || write.slot.is_none() || is_of_read,
                _ => true,
            })
        }),
        Property::always(EVIDENCE, |model, state| {
            each(model, state, |_, ledger, _| !ledger.has_false_evidence)
        }),
        Property::always(TICKET, |model: &LostWrites, state: &State| {
            (0..2).all(|client| {
                let (index, write) = (state.clients[client].write, write(model, state, client));
                let stored = write.slot.and_then(|slot| state.server.documents.get(&slot).copied());
                match model.tickets.conclusion(index, write, stored) {
                    Some(Concluded::Executed(Evidence::Absence)) => stored.is_none(),
                    Some(Concluded::Executed(_)) => state.ledgers[client].executions > 0,
                    Some(Concluded::NotExecuted) => false,
                    Some(Concluded::Undecided) | None => true,
                }
            })
        }),
        Property::always(CONDITION, |model, state| {
            each(model, state, |write, ledger, _| {
                !write.is_conditional || ledger.effects <= 1 && !ledger.has_wrong_revision
            })
        }),
        Property::always(VERSION, |model, state| {
            each(model, state, |_, ledger, _| !ledger.has_lowered_version)
        }),
        Property::always(ONE_EFFECT, |model, state| {
            each(model, state, |write, ledger, _| {
                !ledger.has_second_effect || is_doubled_by_server(write, ledger)
            })
        }),
        Property::always(RETURN, |model, state| {
            each(model, state, |write, ledger, _| {
                let may_return = matches!(write.kind, Kind::Insert | Kind::InsertIfMissing | Kind::Upsert);
                let may_change_next = write.is_versioned || is_doubled_by_server(write, ledger);
                (!ledger.has_returned || may_return)
                    && (!ledger.has_changed_next || may_change_next)
                    && (!ledger.has_returned && !ledger.has_changed_next
                        || ledger.was_lost
                        || ledger.was_repeated)
            })
        }),
    ]
}

/// Returns whether the refusal of the only attempt was about a copy that its coordinator has repeated.
///
/// The client looks into it if only this write can be meant: if it has a generated key or an operation id. Then the
/// report is wrong only if the trace was removed before the client has looked. It does not look into a conflict.
pub(crate) fn is_refused_by_itself(write: &Write, ledger: &Ledger, kind: ErrorKind) -> bool {
    let has_no_trace = if kind == ErrorKind::Conflict {
        ledger.was_in_its_own_way
    } else if write.has_operation_id {
        ledger.was_erased
    } else if write.kind == Kind::Insert && write.has_own_key() {
        ledger.was_removed
    } else {
        true
    };
    ledger.was_repeated && has_no_trace
}

/// Returns whether the coordinator has repeated a write that has no condition, or `modify` took the refusal of such a
/// repetition for that of another write.
fn is_doubled_by_server(write: &Write, ledger: &Ledger) -> bool {
    let is_unprotected = if write.kind == Kind::Modify {
        !write.has_operation_id || ledger.was_erased || ledger.was_in_its_own_way
    } else {
        !write.is_conditional && !write.is_versioned && !write.has_own_key()
    };
    ledger.was_repeated && is_unprotected
}

fn write<'a>(model: &'a LostWrites, state: &State, client: usize) -> &'a Write {
    &model.writes[state.clients[client].write]
}

fn end(state: &State, client: usize) -> Option<End> {
    match state.clients[client].call {
        Call::Ended(end) => Some(end),
        Call::Waits { .. } => None,
    }
}

/// Returns whether a condition holds for each client: about its write, its ledger, and the end of its call.
fn each(model: &LostWrites, state: &State, holds: fn(&Write, &Ledger, Option<End>) -> bool) -> bool {
    (0..2).all(|client| holds(write(model, state, client), &state.ledgers[client], end(state, client)))
}

/// Returns whether a condition holds for a client.
pub(crate) fn any(
    model: &LostWrites,
    state: &State,
    holds: fn(&Write, &Ledger, Option<End>) -> bool,
) -> bool {
    (0..2).any(|client| holds(write(model, state, client), &state.ledgers[client], end(state, client)))
}
