//! The server of the model: documents, and what a request does to them.

use std::collections::BTreeMap;

use crate::document::{Document, FIRST_OF_SERVER, Slot};
use crate::message::{IfExists, Refusal, Request, Response, Verb};

/// The documents of a collection, and the revision that was made last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) documents: BTreeMap<Slot, Document>,
    pub(crate) last_revision: u8,
}

/// What a request has done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Execution {
    pub(crate) slot: Slot,
    pub(crate) response: Response,
    pub(crate) before: Option<Document>,
    pub(crate) after: Option<Document>,
}

impl Execution {
    /// Returns whether it has changed the document.
    pub(crate) fn has_effect(&self) -> bool {
        self.before.map(|document| document.revision) != self.after.map(|document| document.revision)
    }
}

impl Server {
    /// Executes a request of a client; `None` is the third party.
    pub(crate) fn execute(&mut self, request: &Request, client: Option<usize>) -> Execution {
        let slot = request.slot.unwrap_or_else(|| self.free_slot());
        let before = self.documents.get(&slot).copied();
        let response = self.respond(slot, request, client);
        Execution { slot, response, before, after: self.documents.get(&slot).copied() }
    }

    fn respond(&mut self, slot: Slot, request: &Request, client: Option<usize>) -> Response {
        let stored = self.documents.get(&slot).copied();
        match (request.verb, stored) {
            (Verb::Read, Some(document)) => Response::Found { slot, document },
            (Verb::Insert(_), None) => self.create(slot, request, client),
            (Verb::Insert(IfExists::Refuse), Some(_)) => Response::Refused(Refusal::UniqueViolation),
            (Verb::Insert(IfExists::Ignore), Some(Document { revision, .. })) => {
                Response::Written { slot, revision, old_revision: None }
            }
            (_, None) => Response::Refused(Refusal::DocumentNotFound),
            (_, Some(document))
                if request.if_revision.is_some_and(|expected| expected != document.revision) =>
            {
                Response::Refused(Refusal::PreconditionFailed)
            }
            (Verb::Remove, Some(Document { revision, .. })) => {
                self.documents.remove(&slot);
                Response::Removed { slot, revision }
            }
            (Verb::Insert(IfExists::Update) | Verb::Update, Some(document)) => self.change(
                slot,
                request,
                Document { content: document.content.merged(request.content), ..document },
            ),
            (Verb::Insert(IfExists::Replace) | Verb::Replace, Some(document)) => {
                self.change(slot, request, Document { content: request.content, ..document })
            }
        }
    }

    fn create(&mut self, slot: Slot, request: &Request, client: Option<usize>) -> Response {
        let isbn = request.content.isbn;
        if isbn.is_some() && self.documents.values().any(|other| other.content.isbn == isbn) {
            return Response::Refused(Refusal::UniqueViolation);
        }
        let revision = self.next_revision();
        self.documents.insert(slot, Document { revision, content: request.content, created_by: client });
        Response::Written { slot, revision, old_revision: None }
    }

    /// Stores a changed document, unless its version is not higher.
    fn change(&mut self, slot: Slot, request: &Request, changed: Document) -> Response {
        let old = self.documents[&slot];
        let versions = (old.content.edition, request.content.edition);
        if let (true, (Some(stored), Some(new))) = (request.checks_version, versions)
            && new <= stored
        {
            return Response::Written { slot, revision: old.revision, old_revision: Some(old.revision) };
        }
        let revision = self.next_revision();
        self.documents.insert(slot, Document { revision, ..changed });
        Response::Written { slot, revision, old_revision: Some(old.revision) }
    }

    fn next_revision(&mut self) -> u8 {
        self.last_revision += 1;
        self.last_revision
    }

    /// Returns the place of a document whose key the server makes.
    fn free_slot(&self) -> Slot {
        self.documents.keys().next_back().map_or(FIRST_OF_SERVER, |last| FIRST_OF_SERVER.max(last + 1))
    }
}
