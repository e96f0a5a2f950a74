//! Writing several documents with one request.

mod array_response;
mod batch;
mod bulk_write;
mod change;
mod elements;
mod insert;
mod item_error;
mod item_output;
mod remove;

#[cfg(test)]
mod tests;

pub use bulk_write::{BulkWrite, after_ambiguous_attempt, merge_items};
pub use change::{ReplaceDocuments, UpdateDocuments};
pub use insert::InsertDocuments;
pub use item_error::ItemError;
pub use item_output::ItemOutput;
pub use remove::RemoveDocuments;
