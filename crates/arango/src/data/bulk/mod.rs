//! Writing many documents: several with one request, and any number of them.

mod change_many;
mod chunks;
mod import;
mod insert_many;
mod remove_many;
mod report;
mod send;

pub use change_many::{ReplaceMany, UpdateMany};
pub use import::{
    Import, ImportFailure, ImportFailures, ImportProgress, ImportReport, ImportSink, ImportSource,
    ImportStop, ImportStopped, ImportWithoutSource,
};
pub use insert_many::InsertMany;
pub use remove_many::{RemoveMany, ToRemoval};
pub use report::{BulkError, BulkReport};
