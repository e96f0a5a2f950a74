//! Typed operations and models of ArangoDB's documents, collections, databases and queries. No IO.

mod json;
mod names;

#[cfg(test)]
mod testing;

pub use json::{Document, Patch, write_document};
pub use names::{CollectionName, DocumentId, InvalidIdentifier, Key, Revision};
