//! What holds in every state, and what must be reachable.

use arango::data::Evidence;
use arango::protocol::Resolution;
use arango::{ErrorKind, Outcome};
use stateright::Property;

use crate::ledger::Ledger;
use crate::model::{Call, LostWrites, State};
use crate::replay::End;
use crate::writes::{Kind, Write};

pub(crate) const ONE_DOCUMENT: &str = "D1: an insert makes at most one document";
pub(crate) const NOT_EXECUTED: &str = "D4: what is reported as not executed is not executed, also not late";
pub(crate) const EXECUTED: &str = "what is reported as a success was executed";
pub(crate) const EVIDENCE: &str = "evidence is true at the moment at which it is seen";
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
        Property::always(EVIDENCE, |model, state| {
            each(model, state, |_, ledger, _| !ledger.has_false_evidence)
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

/// The refusal of the only attempt was about a copy that its coordinator has repeated.
///
/// The client looks into it if only this write can be meant: if it has a generated key or an operation id. Then the
/// report is wrong only if the trace was removed before the client has looked. It does not look into a conflict.
fn is_refused_by_itself(write: &Write, ledger: &Ledger, kind: ErrorKind) -> bool {
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

/// The coordinator has repeated a write that has no condition, or `modify` took the refusal for that of another write.
fn is_doubled_by_server(write: &Write, ledger: &Ledger) -> bool {
    let is_unprotected = if write.kind == Kind::Modify {
        !write.has_operation_id || ledger.was_erased || ledger.was_in_its_own_way
    } else {
        !write.is_conditional && !write.is_versioned && !write.has_own_key()
    };
    ledger.was_repeated && is_unprotected
}

/// What must be reachable, so that the properties say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reachable {
    LostAndFoundByKey,
    LostAndFoundById,
    LostAndFoundByContent,
    LostAndFoundByAbsence,
    SuccessAfterLoss,
    NotSeen,
    ExecutedAfterNotSeen,
    Superseded,
    RefusedForGood,
    NotExecuted,
    LateCopyRefused,
    RepeatedAndFound,
    /// A known limit: a removed document returns.
    Returned,
    /// A known limit: the only attempt is refused because of itself.
    RefusedByItself,
    /// A known limit: a coordinator repeats what has no condition, or what `modify` writes.
    DoubledByServer,
    /// A known limit: a late copy changes a later document with the same key.
    ChangedNext,
    /// A known limit: a late copy replaces a document that has no version.
    PassedMissingVersion,
    Unchanged,
}

impl Reachable {
    pub(crate) fn property(self) -> Property<LostWrites> {
        use Reachable as R;
        match self {
            R::LostAndFoundByKey => {
                Property::sometimes("a lost response is found out by the key", |model, state| {
                    any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Key))
                })
            }
            R::LostAndFoundById => {
                Property::sometimes("a lost response is found out by the operation id", |model, state| {
                    any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::OperationId))
                })
            }
            R::LostAndFoundByContent => {
                Property::sometimes("a lost response is found out by the content", |model, state| {
                    any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Content))
                })
            }
            R::LostAndFoundByAbsence => {
                Property::sometimes("a lost removal is found out by the absence", |model, state| {
                    any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Absence))
                })
            }
            R::SuccessAfterLoss => {
                Property::sometimes("a second copy succeeds after a lost response", |model, state| {
                    any(model, state, |_, ledger, end| {
                        ledger.was_lost && matches!(end, Some(End::Success { evidence: None, .. }))
                    })
                })
            }
            R::NotSeen => Property::sometimes("the effect is not seen", |model, state| {
                any(model, state, |_, ledger, end| {
                    ledger.executions == 0 && resolved(end) == Some(Resolution::NotSeen)
                })
            }),
            R::ExecutedAfterNotSeen => {
                Property::sometimes("an effect that was not seen comes later", |model, state| {
                    any(model, state, |_, ledger, end| {
                        ledger.executions > 0 && resolved(end) == Some(Resolution::NotSeen)
                    })
                })
            }
            R::Superseded => Property::sometimes("another write is seen", |model, state| {
                any(model, state, |_, _, end| resolved(end) == Some(Resolution::Superseded))
            }),
            R::RefusedForGood => Property::sometimes(
                "the client looks, and proves that nothing was executed",
                |model, state| any(model, state, |_, _, end| resolved(end) == Some(Resolution::NotExecuted)),
            ),
            R::NotExecuted => Property::sometimes("a refusal is reported as not executed", |model, state| {
                any(model, state, |_, _, end| {
                    matches!(
                        end,
                        Some(End::Failure {
                            outcome: Outcome::NotExecuted,
                            kind: ErrorKind::UniqueViolation
                                | ErrorKind::PreconditionFailed
                                | ErrorKind::DocumentNotFound,
                            ..
                        })
                    )
                })
            }),
            R::LateCopyRefused => Property::sometimes("a late copy is refused", |model, state| {
                any(model, state, |_, ledger, _| ledger.was_late_and_refused)
            }),
            R::RepeatedAndFound => {
                Property::sometimes("the only attempt is refused, and was executed", |model, state| {
                    any(model, state, |_, ledger, end| {
                        !ledger.was_lost && matches!(end, Some(End::Success { evidence: Some(_), .. }))
                    })
                })
            }
            R::Returned => Property::sometimes("limit: a removed document returns", |model, state| {
                any(model, state, |_, ledger, _| ledger.has_returned)
            }),
            R::RefusedByItself => {
                Property::sometimes("limit: the only attempt is refused because of itself", |model, state| {
                    any(model, state, |write, ledger, end| {
                        let Some(End::Failure { outcome: Outcome::NotExecuted, kind, .. }) = end else {
                            return false;
                        };
                        ledger.executions > 0 && is_refused_by_itself(write, ledger, kind)
                    })
                })
            }
            R::DoubledByServer => {
                Property::sometimes("limit: a coordinator repeats a write, with effect", |model, state| {
                    any(model, state, |_, ledger, _| ledger.has_second_effect)
                })
            }
            R::ChangedNext => Property::sometimes(
                "limit: a late copy changes a later document with the key",
                |model, state| any(model, state, |_, ledger, _| ledger.has_changed_next),
            ),
            R::PassedMissingVersion => Property::sometimes(
                "limit: a late copy replaces a document without a version",
                |model, state| any(model, state, |_, ledger, _| ledger.has_passed_missing_version),
            ),
            R::Unchanged => {
                Property::sometimes("a version that is not higher changes nothing", |model, state| {
                    any(model, state, |_, _, end| {
                        matches!(end, Some(End::Success { is_unchanged: true, .. }))
                    })
                })
            }
        }
    }
}

fn found(end: Option<End>, expected: Evidence) -> bool {
    matches!(end, Some(End::Success { evidence: Some(evidence), .. }) if evidence == expected)
}

fn resolved(end: Option<End>) -> Option<Resolution> {
    match end {
        Some(End::Failure { resolution, .. }) => resolution,
        _ => None,
    }
}

fn write<'a>(model: &'a LostWrites, state: &State, client: usize) -> &'a Write {
    model.replays.write(state.clients[client].write)
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

fn any(model: &LostWrites, state: &State, holds: fn(&Write, &Ledger, Option<End>) -> bool) -> bool {
    (0..2).any(|client| holds(write(model, state, client), &state.ledgers[client], end(state, client)))
}
