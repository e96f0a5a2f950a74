//! Typed operations and models of ArangoDB's documents, collections, databases and queries. No IO.

mod collections;
mod databases;
mod documents;
mod json;
mod names;
mod queries;

#[cfg(test)]
mod testing;

pub use collections::{
    CollectionFigures, CollectionId, CollectionInfo, CollectionProperties, CollectionType, ComputeOn,
    ComputedValue, CountDocuments, CountDocumentsByShard, CreateCollection, Difference, DropCollection,
    EnsureCollection, EnsuredCollection, GetCollection, GetCollectionFigures, GetCollectionProperties,
    GetCollectionShards, GetResponsibleShard, IndexFigures, KeyGenerator, KeyOptions, ListCollections,
    ReplicationFactor, Schema, SchemaLevel, SetCollectionProperties, ShardReplicas, ShardingStrategy,
    TruncateCollection,
};
pub use databases::{
    CreateDatabase, DatabaseCreation, DatabaseInfo, DatabaseSharding, DropDatabase, GetCurrentDatabase,
    ListAccessibleDatabases, ListDatabases,
};
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
