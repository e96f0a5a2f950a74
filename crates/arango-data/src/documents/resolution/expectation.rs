//! What a write expects to find if it was executed.

use arango_protocol::{Conclusion, ErrorKind, ErrorNumber, Failure, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::content::{Content, Likeness};
use super::stored::StoredDocument;
use crate::documents::evidence::Evidence;
use crate::documents::operation_id::OperationId;
use crate::expected_error::is_response_lost;
use crate::names::Revision;

/// What a write does to the document with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::documents) enum Effect {
    /// Creates it, and fails if it exists.
    Create,
    /// Creates it unless it exists.
    CreateIfMissing,
    /// Changes it, whatever it is.
    Change,
    /// Removes it.
    Remove,
}

/// What a write expects to find if it was executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::documents) struct Expectation {
    pub(in crate::documents) effect: Effect,
    /// Whether no other write uses the key.
    pub(in crate::documents) is_key_generated: bool,
    /// The revision without which the write is not executed.
    pub(in crate::documents) revision: Option<Revision>,
    pub(in crate::documents) operation_id: Option<OperationId>,
    /// The attribute with the version of the document, and the version that is written.
    pub(in crate::documents) version: Option<(String, Number)>,
}

impl Expectation {
    /// Returns whether the document shows more than the failure.
    pub(in crate::documents) fn is_askable(&self, failure: &Failure) -> bool {
        // A coordinator repeats requests to DB-Servers, so even the only copy may be refused because of itself. Only
        // a generated key and an operation id tell this from the write of another client.
        let has_id = self.operation_id.is_some();
        let is_refused_by_itself = match self.effect {
            Effect::Create => {
                failure.number == Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED)
                    && (self.is_key_generated || has_id || failure.has_ambiguous_predecessor)
            }
            Effect::Change | Effect::Remove => {
                let is_removed = failure.number == Some(ErrorNumber::DOCUMENT_NOT_FOUND);
                let is_changed = self.revision.is_some() && failure.kind == ErrorKind::PreconditionFailed;
                is_changed && has_id || (is_changed || is_removed) && failure.has_ambiguous_predecessor
            }
            Effect::CreateIfMissing => false,
        };
        is_response_lost(failure) || is_refused_by_itself
    }

    /// Concludes from the document that is stored now, if there is one.
    pub(in crate::documents) fn conclude(
        &self,
        failure: &Failure,
        content: Option<&Content>,
        stored: Option<StoredDocument<'_>>,
    ) -> Conclusion<Evidence> {
        match (self.effect, stored) {
            (Effect::Remove, None) => Conclusion::Executed(Evidence::Absence),
            (Effect::Remove, Some(stored)) => self.conclude_unchanged(stored),
            (Effect::Create, None) => conclude_missing(failure),
            // The document with the revision existed, so another write has removed it.
            (Effect::Change, None) if self.revision.is_some() => Conclusion::Superseded,
            (_, None) => Conclusion::NotSeen,
            (_, Some(stored)) => self.conclude_written(content, stored),
        }
    }

    /// The document does not have the effect of the write.
    fn conclude_unchanged(&self, stored: StoredDocument<'_>) -> Conclusion<Evidence> {
        match (&self.revision, stored.revision()) {
            // No copy of the write can be executed any more, but it may have been before.
            (Some(expected), Some(current)) if *expected != current => Conclusion::Superseded,
            _ => Conclusion::NotSeen,
        }
    }

    fn conclude_written(
        &self,
        content: Option<&Content>,
        stored: StoredDocument<'_>,
    ) -> Conclusion<Evidence> {
        let has_id = |id: &OperationId| stored.text(id.attribute()).as_deref() == Some(id.value());
        if self.operation_id.as_ref().is_some_and(has_id) {
            return Conclusion::Executed(Evidence::OperationId);
        }
        // A change under a generated key may be one of several.
        let is_key_enough = match self.effect {
            Effect::Create => self.is_key_generated,
            Effect::CreateIfMissing => true,
            Effect::Change | Effect::Remove => false,
        };
        if is_key_enough {
            return Conclusion::Executed(Evidence::Key);
        }
        // A conditional write whose revision is still there has changed nothing yet.
        let is_untouched = self.revision.is_some() && self.revision == stored.revision();
        if self.operation_id.is_none() && !is_untouched {
            match content.map(|content| (content.likeness(stored), content.is_evidence)) {
                Some((Likeness::Same, true)) => return Conclusion::Executed(Evidence::Content),
                // Another client may have computed the same content.
                Some((Likeness::Same, false)) => return Conclusion::CannotTell,
                // The server may have added computed values, or another write its attributes.
                Some((Likeness::Completed, _))
                    if self.effect == Effect::Create || self.revision.is_some() =>
                {
                    return Conclusion::CannotTell;
                }
                _ => {}
            }
        }
        if let Some((attribute, version)) = &self.version {
            return match stored.number(attribute) {
                Some(current) if is_at_least(&current, version) => Conclusion::Superseded,
                _ => Conclusion::NotSeen,
            };
        }
        // A ticket has no content to compare.
        let is_comparable = self.operation_id.is_some() || self.revision.is_some() || content.is_some();
        match self.effect {
            _ if !is_comparable => Conclusion::CannotTell,
            Effect::Create => Conclusion::Superseded,
            _ => self.conclude_unchanged(stored),
        }
    }
}

/// There is no document with the key that was to be created.
fn conclude_missing(failure: &Failure) -> Conclusion<Evidence> {
    // The value of another unique attribute is in use. Of a request of several documents, the refusal may be about another one.
    let is_refused = failure.number == Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED)
        && failure.outcome == Outcome::NotExecuted;
    if is_refused && !failure.has_ambiguous_predecessor {
        Conclusion::NotExecuted
    } else {
        Conclusion::NotSeen
    }
}

/// Compares two versions. Integers are compared as such: above 2^53 some of them are the same floating-point number.
fn is_at_least(current: &Number, version: &Number) -> bool {
    match (current.as_i128(), version.as_i128()) {
        (Some(current), Some(version)) => current >= version,
        _ => current.as_f64() >= version.as_f64(),
    }
}
