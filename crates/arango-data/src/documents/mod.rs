//! Reading and writing documents, one or several with a request.

mod bulk;
mod evidence;
mod exists;
mod insert;
mod operation_id;
mod overwrite_mode;
mod path;
mod read;
mod read_changed;
mod read_each;
mod read_existing;
mod read_many;
mod remove;
mod replace;
mod resolution;
mod ticket;
mod update;
mod write;
mod write_options;
mod write_output;
mod written_attributes;

pub use bulk::{
    BulkWrite, InsertDocuments, ItemError, ItemOutput, RemoveDocuments, ReplaceDocuments, UpdateDocuments,
};
#[doc(hidden)] // for the crate `arango`
pub use bulk::{after_ambiguous_attempt, merge_items};
pub use evidence::Evidence;
pub use exists::DocumentExists;
pub use insert::InsertDocument;
pub use operation_id::OperationId;
pub use overwrite_mode::OverwriteMode;
pub(crate) use read::ALLOW_DIRTY_READ;
pub use read::ReadDocument;
pub use read_changed::{ChangedDocument, ReadChangedDocument};
pub use read_each::{DocumentResult, ReadEachDocument};
pub use read_existing::ReadExistingDocument;
pub use read_many::ReadDocuments;
pub use remove::{RemoveDocument, Removed};
pub use replace::ReplaceDocument;
pub use ticket::DocumentTicket;
pub use update::UpdateDocument;
pub use write_output::{Silent, WriteOutput, Written};
