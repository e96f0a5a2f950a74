//! Typed operations and models of ArangoDB's documents, collections, databases and queries. No IO.

mod names;

#[cfg(test)]
mod testing;

pub use names::{CollectionName, DocumentId, InvalidIdentifier, Key, Revision};
