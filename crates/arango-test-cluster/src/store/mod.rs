//! The documents of collections: how they are kept, read and written.
//!
//! | module | what |
//! |---|---|
//! | `sequence` | ids and revisions |
//! | `document` | one document: its JSON and its revision |
//! | `unique` | unique indexes |
//! | `documents` | all documents of a collection, with the entries of its unique indexes |
//! | `keys` | keys: which ones are valid, and how they are generated |
//! | `schema` | the schema of a collection |
//! | `computed` | computed values |
//! | `rules` | everything that a write of a document must obey |
//! | `merge` | partial updates |
//! | `concurrent_writes` | what others have written since a snapshot |
//! | `size_limit` | how much a transaction may write |
//! | `view` | a snapshot of a collection, with changes that can be discarded |
//! | `write` | writes to a view |
//! | `database_view` | views of all collections of a database, as AQL reads and writes them |

pub(crate) mod computed;
pub(crate) mod concurrent_writes;
pub(crate) mod database_view;
pub(crate) mod document;
pub(crate) mod documents;
pub(crate) mod error;
pub(crate) mod keys;
mod merge;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod sequence;
pub(crate) mod size_limit;
pub(crate) mod unique;
pub(crate) mod view;
pub(crate) mod write;

#[cfg(test)]
mod tests;
