//! The writes of the model, through the handles of the client.

use std::sync::Arc;

use arango::data::{
    CollectionName, DocumentTicket, Evidence, InsertDocument, Key, OperationId, OverwriteMode,
    RemoveDocument, Removed, Revision, UpdateDocument, Written,
};
use arango::protocol::Resolution;
use arango::{Database, Error, ErrorKind, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::document::{CHOSEN, Slot, generated_key, key_text, operation_id_text, revision_text};
use crate::replay::Run;

/// The revision of the document that is there at the start.
pub(crate) const FIRST_REVISION: u8 = 1;

/// What a write is about, as far as the properties depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Insert,
    /// An insert that stores nothing if the key is in use.
    InsertIfMissing,
    Upsert,
    Change,
    /// Reads, changes and writes, perhaps several times.
    Modify,
    Remove,
}

/// A write, and what it promises.
#[derive(Clone)]
pub(crate) struct Write {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The place of its document; `None` if the server makes the key.
    pub(crate) slot: Option<Slot>,
    /// The number of its content and of its operation id.
    pub(crate) writer: u8,
    pub(crate) has_operation_id: bool,
    /// Whether it is executed only over [`FIRST_REVISION`].
    pub(crate) is_conditional: bool,
    pub(crate) is_versioned: bool,
    /// What asks later, perhaps in another process.
    pub(crate) ticket: Option<DocumentTicket>,
    pub(crate) run: Run<End>,
}

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Success {
        evidence: Option<Evidence>,
        is_unchanged: bool,
    },
    Failure {
        kind: ErrorKind,
        outcome: Outcome,
        resolution: Option<Resolution>,
        /// Whether it is the error of the read with which `modify` begins.
        is_of_read: bool,
    },
}

impl From<Result<Done, Error>> for End {
    fn from(result: Result<Done, Error>) -> Self {
        match result {
            Ok(Done { evidence, is_unchanged }) => Self::Success { evidence, is_unchanged },
            Err(error) => Self::Failure {
                kind: error.kind(),
                outcome: error.outcome(),
                resolution: error.resolution(),
                is_of_read: error.operation() == "document.read_existing",
            },
        }
    }
}

/// The result of a write that has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) evidence: Option<Evidence>,
    pub(crate) is_unchanged: bool,
}

impl From<Written> for Done {
    fn from(written: Written) -> Self {
        Self { evidence: written.evidence, is_unchanged: written.is_unchanged() }
    }
}

impl From<Removed> for Done {
    fn from(removed: Removed) -> Self {
        Self { evidence: removed.evidence, is_unchanged: removed.revision.is_none() }
    }
}

impl Write {
    /// Creates a write of the document that every client knows.
    pub(crate) fn new<F>(
        name: &'static str,
        kind: Kind,
        writer: u8,
        run: impl Fn(Database) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: IntoFuture<IntoFuture: Send + 'static>,
        F::Output: IntoResult,
    {
        Self {
            name,
            kind,
            slot: Some(CHOSEN),
            writer,
            has_operation_id: false,
            is_conditional: false,
            is_versioned: false,
            ticket: None,
            run: Arc::new(move |database| {
                let call = run(database).into_future();
                Box::pin(async move { call.await.into_result().into() })
            }),
        }
    }

    /// Declares that its key was generated.
    fn own_key(self) -> Self {
        Self { slot: Some(self.writer), ..self }
    }

    pub(crate) fn with_operation_id(self) -> Self {
        Self { has_operation_id: true, ..self }
    }

    pub(crate) fn conditional(self) -> Self {
        Self { is_conditional: true, ..self }
    }

    fn versioned(self) -> Self {
        Self { is_versioned: true, ..self }
    }

    pub(crate) fn with_ticket(self, ticket: Option<DocumentTicket>) -> Self {
        Self { ticket, ..self }
    }

    /// Returns whether it can only be the first write of its document.
    pub(crate) fn has_own_key(&self) -> bool {
        self.slot.is_some_and(|slot| slot != CHOSEN)
    }
}

/// A result of a call that is reduced to what the model needs.
pub(crate) trait IntoResult {
    fn into_result(self) -> Result<Done, Error>;
}

impl<T: Into<Done>> IntoResult for Result<T, Error> {
    fn into_result(self) -> Result<Done, Error> {
        self.map(Into::into)
    }
}

pub(crate) fn text(writer: u8) -> Value {
    json!({ "text": writer })
}

pub(crate) fn first_revision() -> Revision {
    revision_text(FIRST_REVISION).parse().expect("a revision")
}

pub(crate) fn chosen() -> String {
    key_text(CHOSEN)
}

pub(crate) fn chosen_key() -> Key {
    Key::new(&chosen()).expect("a key")
}

pub(crate) fn books() -> CollectionName {
    CollectionName::new("books").expect("a name")
}

pub(crate) fn operation_id(writer: u8) -> OperationId {
    OperationId::new("written_by", operation_id_text(writer))
}

/// An insert with a key that the client has generated, and with a value that must be unique.
pub(crate) fn insert_with_own_key(writer: u8, isbn: u8) -> Write {
    Write::new("insert, own key", Kind::Insert, writer, move |library| {
        let book = json!({ "text": writer, "isbn": isbn });
        library.collection("books").insert(&book).key(generated_key(writer))
    })
    .own_key()
    .with_ticket(InsertDocument::new(&books(), &text(writer)).key(&generated_key(writer)).ticket(0))
}

pub(crate) fn insert_with_chosen_key(writer: u8) -> Write {
    Write::new("insert, chosen key", Kind::Insert, writer, move |library| {
        library.collection("books").insert(&text(writer)).key(chosen())
    })
    .with_ticket(InsertDocument::new(&books(), &text(writer)).key(&chosen_key()).ticket(0))
}

pub(crate) fn insert_with_operation_id(writer: u8) -> Write {
    Write::new("insert, chosen key, operation id", Kind::Insert, writer, move |library| {
        library.collection("books").insert(&text(writer)).key(chosen()).operation_id(operation_id(writer))
    })
    .with_operation_id()
    .with_ticket(
        InsertDocument::new(&books(), &text(writer))
            .key(&chosen_key())
            .operation_id(operation_id(writer))
            .ticket(0),
    )
}

pub(crate) fn insert_if_missing(writer: u8) -> Write {
    Write::new("insert unless the key is in use", Kind::InsertIfMissing, writer, move |library| {
        library.collection("books").insert(&text(writer)).key(chosen()).overwrite(OverwriteMode::Ignore)
    })
}

pub(crate) fn insert_with_server_key(writer: u8) -> Write {
    let write = Write::new("insert, key of the server", Kind::Insert, writer, move |library| {
        library.collection("books").server_keys().insert(&text(writer))
    });
    Write { slot: None, ..write }
}

pub(crate) fn update(writer: u8) -> Write {
    Write::new("update", Kind::Change, writer, move |library| {
        library.collection("books").update(chosen(), &text(writer))
    })
}

pub(crate) fn update_with_operation_id(writer: u8) -> Write {
    Write::new("update, operation id", Kind::Change, writer, move |library| {
        library.collection("books").update(chosen(), &text(writer)).operation_id(operation_id(writer))
    })
    .with_operation_id()
    .with_ticket(
        UpdateDocument::new(&books(), &chosen_key(), &text(writer))
            .operation_id(operation_id(writer))
            .ticket(0),
    )
}

pub(crate) fn update_if_revision(writer: u8) -> Write {
    Write::new("update if revision", Kind::Change, writer, move |library| {
        library.collection("books").update(chosen(), &text(writer)).if_revision(&first_revision())
    })
    .conditional()
    .with_ticket(
        UpdateDocument::new(&books(), &chosen_key(), &text(writer)).if_revision(&first_revision()).ticket(0),
    )
}

pub(crate) fn update_if_revision_with_operation_id(writer: u8) -> Write {
    Write::new("update if revision, operation id", Kind::Change, writer, move |library| {
        let update = library.collection("books").update(chosen(), &text(writer));
        update.if_revision(&first_revision()).operation_id(operation_id(writer))
    })
    .conditional()
    .with_operation_id()
    .with_ticket(
        UpdateDocument::new(&books(), &chosen_key(), &text(writer))
            .if_revision(&first_revision())
            .operation_id(operation_id(writer))
            .ticket(0),
    )
}

pub(crate) fn replace_if_revision(writer: u8) -> Write {
    Write::new("replace if revision", Kind::Change, writer, move |library| {
        library.collection("books").replace(chosen(), &text(writer)).if_revision(&first_revision())
    })
    .conditional()
}

pub(crate) fn upsert_with_version(writer: u8, edition: u8, mode: OverwriteMode) -> Write {
    Write::new("upsert with version", Kind::Upsert, writer, move |library| {
        let book = json!({ "text": writer, "edition": edition });
        library.collection("books").upsert(chosen(), &book).overwrite(mode).version("edition")
    })
    .versioned()
}

pub(crate) fn update_with_version(writer: u8, edition: u8) -> Write {
    Write::new("update with version", Kind::Change, writer, move |library| {
        let book = json!({ "text": writer, "edition": edition });
        library.collection("books").update(chosen(), &book).version("edition")
    })
    .versioned()
    .with_ticket(
        UpdateDocument::new(&books(), &chosen_key(), &json!({ "edition": edition }))
            .version_attribute("edition")
            .ticket(0),
    )
}

pub(crate) fn remove_if_revision(writer: u8) -> Write {
    Write::new("remove if revision", Kind::Remove, writer, move |library| {
        library.collection("books").remove(chosen()).if_revision(&first_revision())
    })
    .conditional()
    .with_ticket(Some(RemoveDocument::new(&books(), &chosen_key()).if_revision(&first_revision()).ticket(0)))
}

pub(crate) fn remove(writer: u8) -> Write {
    Write::new("remove", Kind::Remove, writer, move |library| library.collection("books").remove(chosen()))
}

#[derive(Serialize, Deserialize)]
struct Counted {
    count: u8,
}

/// A removal by a key that a client has generated, for the document of that client.
pub(crate) fn remove_with_own_key(writer: u8, slot: Slot) -> Write {
    let write = Write::new("remove, own key", Kind::Remove, writer, move |library| {
        library.collection("books").remove(generated_key(slot))
    });
    Write { slot: Some(slot), ..write }
}

pub(crate) fn remove_that_must_exist(writer: u8) -> Write {
    Write::new("remove, must exist", Kind::Remove, writer, move |library| {
        library.collection("books").remove(chosen()).must_exist()
    })
}

/// Adds one to the count of the document.
pub(crate) fn modify(writer: u8) -> Write {
    Write::new("modify", Kind::Modify, writer, move |library| {
        library.collection("books").modify(chosen(), |book: &mut Counted| book.count += 1)
    })
}

pub(crate) fn modify_with_operation_id(writer: u8) -> Write {
    Write::new("modify, operation id", Kind::Modify, writer, move |library| {
        let modify = library.collection("books").modify(chosen(), |book: &mut Counted| book.count += 1);
        modify.operation_id(operation_id(writer))
    })
    .with_operation_id()
}
