//! Typed operations and models of ArangoDB's documents, collections, databases and queries. No IO.

mod documents;
mod json;
mod names;

#[cfg(test)]
mod testing;

pub use documents::{
    ChangedDocument, DocumentExists, DocumentTicket, Evidence, InsertDocument, OperationId, OverwriteMode,
    ReadChangedDocument, ReadDocument, RemoveDocument, Removed, ReplaceDocument, Silent, UpdateDocument,
    WriteOutput, Written,
};
pub use json::{Document, Patch, write_document};
pub use names::{CollectionName, DocumentId, InvalidIdentifier, Key, Revision};
