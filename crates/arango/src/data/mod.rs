//! Handles on collections, and the calls of their documents.
//!
//! Each call is a builder that is sent when it is awaited. Dropping it sends nothing.

mod analyzers;
mod boxed;
mod bulk;
mod collection;
mod collections;
mod cursor;
mod cursor_ticket;
mod database;
mod edges;
mod graph;
mod indexes;
mod insert;
mod key;
mod modify;
mod new_collection;
mod new_database;
mod new_graph;
mod queries;
mod query;
mod query_check;
mod query_excerpt;
mod query_trace;
mod raw_origin;
mod raw_request;
mod read;
mod read_many;
mod remove;
mod row_batch;
mod scan;
mod schema;
mod server_cursor;
mod set_properties;
mod ticket;
mod transaction;
mod traversal;
mod users;
mod views;
mod watched_query;
mod write;

#[doc(inline)]
pub use arango_data::*;
pub use bulk::{
    BulkError, BulkReport, Import, ImportFailure, ImportFailures, ImportProgress, ImportReport, ImportSink,
    ImportSource, ImportStop, ImportStopped, ImportWithoutSource, InsertMany, RemoveMany, ReplaceMany,
    ToRemoval, UpdateMany,
};
pub use collection::Collection;
pub use cursor::{Cursor, CursorLost};
pub use cursor_ticket::{CursorTicket, ResumeError};
pub use edges::{Edges, EdgesOf};
pub use graph::Graph;
pub use indexes::NewIndex;
pub use insert::Insert;
pub use key::ToKey;
pub use modify::Modify;
pub use new_collection::NewCollection;
pub use new_database::NewDatabase;
pub use new_graph::NewGraph;
pub use queries::Queries;
pub use query::Query;
pub use raw_request::RawRequest;
pub use read::{Exists, Get, GetChanged};
pub use read_many::GetMany;
pub use remove::Remove;
pub use row_batch::RowBatch;
pub use scan::{Scan, ScanError};
pub use schema::{DatabaseSchema, EnsuredSchema, SchemaDifference, SchemaDifferences, SchemaError};
pub use set_properties::SetProperties;
pub use transaction::{
    NewTransaction, Proved, Transaction, TransactionCollection, TransactionEdges, TransactionError,
    TransactionGraph,
};
pub use traversal::Traverse;
pub use users::Users;
pub use views::NewView;
pub use write::{Replace, Update};
