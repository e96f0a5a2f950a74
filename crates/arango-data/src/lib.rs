//! Typed operations and models of ArangoDB's documents, collections, databases and queries. No IO.

mod documents;
mod json;
mod names;
mod queries;

#[cfg(test)]
mod testing;

pub use documents::{
    ChangedDocument, DocumentExists, DocumentTicket, Evidence, InsertDocument, OperationId, OverwriteMode,
    ReadChangedDocument, ReadDocument, RemoveDocument, Removed, ReplaceDocument, Silent, UpdateDocument,
    WriteOutput, Written,
};
pub use json::{Document, Patch, write_document};
pub use names::{CollectionName, DocumentId, InvalidIdentifier, Key, Revision};
pub use queries::{
    Aql, Batch, BatchId, ClearSlowQueries, CloseCursor, CreateCursor, CursorId, ExecutionPlan, ExplainQuery,
    Explanation, Extra, KillQuery, KillStatus, ListRunningQueries, ListSlowQueries, NextBatch, ParseQuery,
    ParsedQuery, PlanCollection, Profile, QueryId, QueryOptions, QueryScope, QueryState, QueryStats,
    RunningQuery, Warning,
};
