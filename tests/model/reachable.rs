//! What must be reachable, so that the properties say something.

use arango::data::Evidence;
use arango::protocol::Resolution;
use arango::{ErrorKind, Outcome};
use stateright::Property;

use crate::model::{LostWrites, State};
use crate::properties::{any, is_refused_by_itself};
use crate::writes::End;

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
        Property::sometimes(self.name(), self.condition())
    }

    fn name(self) -> &'static str {
        match self {
            Self::LostAndFoundByKey => "a lost response is found out by the key",
            Self::LostAndFoundById => "a lost response is found out by the operation id",
            Self::LostAndFoundByContent => "a lost response is found out by the content",
            Self::LostAndFoundByAbsence => "a lost removal is found out by the absence",
            Self::SuccessAfterLoss => "a second copy succeeds after a lost response",
            Self::NotSeen => "the effect is not seen",
            Self::ExecutedAfterNotSeen => "an effect that was not seen comes later",
            Self::Superseded => "another write is seen",
            Self::RefusedForGood => "the client looks, and proves that nothing was executed",
            Self::NotExecuted => "a refusal is reported as not executed",
            Self::LateCopyRefused => "a late copy is refused",
            Self::RepeatedAndFound => "the only attempt is refused, and was executed",
            Self::Returned => "limit: a removed document returns",
            Self::RefusedByItself => "limit: the only attempt is refused because of itself",
            Self::DoubledByServer => "limit: a coordinator repeats a write, with effect",
            Self::ChangedNext => "limit: a late copy changes a later document with the key",
            Self::PassedMissingVersion => "limit: a late copy replaces a document without a version",
            Self::Unchanged => "a version that is not higher changes nothing",
        }
    }

    fn condition(self) -> fn(&LostWrites, &State) -> bool {
        use Reachable as R;
        match self {
            R::LostAndFoundByKey => |model, state| {
                any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Key))
            },
            R::LostAndFoundById => |model, state| {
                any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::OperationId))
            },
            R::LostAndFoundByContent => |model, state| {
                any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Content))
            },
            R::LostAndFoundByAbsence => |model, state| {
                any(model, state, |_, ledger, end| ledger.was_lost && found(end, Evidence::Absence))
            },
            R::SuccessAfterLoss => |model, state| {
                any(model, state, |_, ledger, end| {
                    ledger.was_lost && matches!(end, Some(End::Success { evidence: None, .. }))
                })
            },
            R::NotSeen => |model, state| {
                any(model, state, |_, ledger, end| {
                    ledger.executions == 0 && resolved(end) == Some(Resolution::NotSeen)
                })
            },
            R::ExecutedAfterNotSeen => |model, state| {
                any(model, state, |_, ledger, end| {
                    ledger.executions > 0 && resolved(end) == Some(Resolution::NotSeen)
                })
            },
            R::Superseded => {
                |model, state| any(model, state, |_, _, end| resolved(end) == Some(Resolution::Superseded))
            }
            R::RefusedForGood => {
                |model, state| any(model, state, |_, _, end| resolved(end) == Some(Resolution::NotExecuted))
            }
            R::NotExecuted => |model, state| {
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
            },
            R::LateCopyRefused => {
                |model, state| any(model, state, |_, ledger, _| ledger.was_late_and_refused)
            }
            R::RepeatedAndFound => |model, state| {
                any(model, state, |_, ledger, end| {
                    !ledger.was_lost && matches!(end, Some(End::Success { evidence: Some(_), .. }))
                })
            },
            R::Returned => |model, state| any(model, state, |_, ledger, _| ledger.has_returned),
            R::RefusedByItself => |model, state| {
                any(model, state, |write, ledger, end| {
                    let Some(End::Failure { outcome: Outcome::NotExecuted, kind, .. }) = end else {
                        return false;
                    };
                    ledger.executions > 0 && is_refused_by_itself(write, ledger, kind)
                })
            },
            R::DoubledByServer => |model, state| any(model, state, |_, ledger, _| ledger.has_second_effect),
            R::ChangedNext => |model, state| any(model, state, |_, ledger, _| ledger.has_changed_next),
            R::PassedMissingVersion => {
                |model, state| any(model, state, |_, ledger, _| ledger.has_passed_missing_version)
            }
            R::Unchanged => |model, state| {
                any(model, state, |_, _, end| matches!(end, Some(End::Success { is_unchanged: true, .. })))
            },
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
