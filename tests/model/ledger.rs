//! What has become of a write at the server, which its client does not see.

use arango::data::Evidence;

use crate::document::Document;
use crate::message::{Refusal, Request, Response};
use crate::server::{Execution, Server};
use crate::writes::{End, FIRST_REVISION, Kind, Write};

/// What has become of a write at the server.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Ledger {
    /// How many copies were executed, with or without an effect; two stand for more.
    pub(crate) executions: u8,
    /// How many copies had an effect; two stand for more.
    pub(crate) effects: u8,
    /// A copy found no document.
    pub(crate) found_nothing: bool,
    /// The coordinator has repeated a request to the DB-Server.
    pub(crate) was_repeated: bool,
    /// A copy met a conflict after the coordinator had executed an earlier one.
    pub(crate) was_in_its_own_way: bool,
    /// A response was lost.
    pub(crate) was_lost: bool,
    /// Its effect was not removed by another writer.
    pub(crate) stands: bool,
    /// After its effect, its document was removed by another writer.
    pub(crate) was_removed: bool,
    /// After its effect, another writer has replaced the document, or removed it: its traces are gone.
    pub(crate) was_erased: bool,
    /// A copy has changed a document on which an earlier copy had its effect already.
    pub(crate) has_second_effect: bool,
    /// A copy has stored the document again after its removal.
    pub(crate) has_returned: bool,
    /// A copy has changed a later document with the same key, after the removal of the first one.
    pub(crate) has_changed_next: bool,
    /// A copy was executed over another revision than the expected one.
    pub(crate) has_wrong_revision: bool,
    /// A copy has lowered the version of a document.
    pub(crate) has_lowered_version: bool,
    /// Another writer has stored the document without a version.
    pub(crate) version_was_missing: bool,
    /// A second copy was written because the document had no version for a time.
    pub(crate) has_passed_missing_version: bool,
    /// A copy that arrived late was refused.
    pub(crate) was_late_and_refused: bool,
    /// The client has reported what is not there.
    pub(crate) has_false_evidence: bool,
}

impl Ledger {
    /// Records what a copy of the write has done.
    pub(crate) fn record(&mut self, write: &Write, request: &Request, execution: &Execution) {
        self.found_nothing |= execution.response == Response::Refused(Refusal::DocumentNotFound);
        if execution.response.is_success() {
            self.executions = (self.executions + 1).min(2);
        }
        if !execution.has_effect() {
            return;
        }
        let Execution { before, after, .. } = execution;
        let edition = |document: &Option<Document>| document.and_then(|document| document.content.edition);
        if self.effects > 0 {
            if before.is_none() && !self.stands {
                self.has_returned = true;
            } else if write.kind == Kind::Remove && write.has_own_key() {
                // The same document, which has returned.
            } else if !self.stands && write.kind != Kind::Remove {
                self.has_changed_next = true;
            } else if request.checks_version && self.version_was_missing {
                self.has_passed_missing_version = true;
            } else {
                self.has_second_effect = true;
            }
        }
        let is_expected = before.is_some_and(|document| document.revision == FIRST_REVISION);
        self.has_wrong_revision |= write.is_conditional && !is_expected;
        self.has_lowered_version |=
            write.is_versioned && before.is_some() && after.is_some() && edition(after) < edition(before);
        self.effects = (self.effects + 1).min(2);
        self.stands = true;
    }

    /// Records what another writer has done to the document of the write.
    pub(crate) fn record_other(&mut self, write: &Write, execution: &Execution) {
        if write.slot != Some(execution.slot) || !execution.has_effect() {
            return;
        }
        self.version_was_missing |=
            execution.after.is_some_and(|document| document.content.edition.is_none());
        if self.effects == 0 {
            return;
        }
        let has_id = |document: Document| document.content.written_by == Some(write.writer);
        self.was_removed |= execution.after.is_none();
        self.stands &= execution.after.is_some();
        self.was_erased |= execution.after.is_none_or(|document| !has_id(document));
    }

    /// Compares the end of the call with the documents as the client saw them last.
    pub(crate) fn record_end(&mut self, write: &Write, end: End, server: &Server) {
        let End::Success { evidence: Some(evidence), .. } = end else { return };
        let stored = write.slot.and_then(|slot| server.documents.get(&slot));
        let is_true = match evidence {
            Evidence::Key => stored.is_some() && (write.kind == Kind::InsertIfMissing || self.executions > 0),
            Evidence::OperationId => {
                self.executions > 0
                    && stored.is_some_and(|book| book.content.written_by == Some(write.writer))
            }
            Evidence::Content => stored.is_some_and(|book| book.content.text == Some(write.writer)),
            Evidence::Absence => stored.is_none(),
            _ => false,
        };
        self.has_false_evidence |= !is_true;
    }
}
