//! Typed operations and models of ArangoDB's data: documents, queries, transactions, graphs and more. No IO.
//!
//! Each operation is a plain value that builds its request and decodes its response. Its
//! [properties](arango_protocol::RequestProperties) declare whether it may be sent again, and where. A write whose
//! response was lost finds out [what happened](arango_protocol::Resolve): it says what to read, and what that proves.
//!
//! ```
//! use arango_data::{Aql, CollectionName, CreateCursor, InsertDocument, Key};
//! use arango_protocol::{ApiResponse, Operation, RequestClass};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Book {
//!     title: String,
//!     year: u16,
//! }
//!
//! let books = CollectionName::new("books")?;
//! let dune = Book { title: "Dune".into(), year: 1965 };
//!
//! // Under a key that the client has generated, an insert can be repeated.
//! # let (unix_millis, random) = (1_743_568_356_000, [7; 10]);
//! let insert = InsertDocument::new(&books, &dune).key(&Key::generate(unix_millis, random));
//! assert_eq!(insert.properties().class, RequestClass::Fenced);
//!
//! // A query that only reads can be repeated, too. Values are bound, never written into the text.
//! let query = Aql::new("FOR b IN @@books FILTER b.year >= @from RETURN b").collection("books", &books).bind("from", 1960);
//! let create = CreateCursor::<Book>::new(&query);
//! assert_eq!(create.properties().class, RequestClass::Safe);
//!
//! // A transport sends the request and returns the response.
//! # let body = r#"{"result":[{"title":"Dune","year":1965}],"hasMore":false,"error":false,"code":201}"#;
//! # let response = ApiResponse::new(http::StatusCode::CREATED, http::HeaderMap::new(), body.into());
//! for book in create.output(response)?.rows {
//!     println!("{} {}", book.title, book.year);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | subject | reads | changes |
//! |---|---|---|
//! | documents | [`ReadDocument`], [`DocumentExists`] | [`InsertDocument`], [`UpdateDocument`], [`ReplaceDocument`], [`RemoveDocument`] |
//! | several documents | [`ReadDocuments`], [`ReadEachDocument`] | [`InsertDocuments`], [`UpdateDocuments`], [`ReplaceDocuments`], [`RemoveDocuments`] |
//! | collections | [`ListCollections`], [`GetCollection`], [`GetCollectionProperties`], [`CountDocuments`], [`GetCollectionFigures`] | [`CreateCollection`], [`EnsureCollection`], [`SetCollectionProperties`], [`TruncateCollection`], [`DropCollection`] |
//! | shards of a collection | [`GetCollectionShards`], [`GetResponsibleShard`], [`CountDocumentsByShard`] | |
//! | indexes | [`ListIndexes`], [`GetIndex`] | [`EnsureIndex`], [`DropIndex`] |
//! | views | [`ListViews`], [`GetView`] | [`CreateView`], [`EnsureView`], [`UpdateView`], [`DropView`] |
//! | analyzers | [`ListAnalyzers`], [`GetAnalyzer`] | [`EnsureAnalyzer`], [`RemoveAnalyzer`] |
//! | graphs | [`ListGraphs`], [`GetGraph`] | [`CreateGraph`], [`EnsureGraph`], [`AddEdgeDefinition`], [`ReplaceEdgeDefinition`], [`RemoveEdgeDefinition`], [`AddOrphanCollection`], [`RemoveOrphanCollection`], [`DropGraph`], [`RemoveVertex`] |
//! | databases | [`ListDatabases`], [`ListAccessibleDatabases`], [`GetCurrentDatabase`] | [`CreateDatabase`], [`DropDatabase`] |
//! | users | [`ListUsers`], [`GetUser`], [`GetAccess`], [`ListAccess`] | [`CreateUser`], [`UpdateUser`], [`RemoveUser`], [`GrantAccess`], [`RevokeAccess`] |
//! | queries | [`ExplainQuery`], [`ParseQuery`], [`ListRunningQueries`], [`ListSlowQueries`] | [`CreateCursor`], [`NextBatch`], [`CloseCursor`], [`KillQuery`], [`ClearSlowQueries`] |
//! | transactions | [`GetTransaction`], [`ListTransactions`] | [`BeginTransaction`], [`CommitTransaction`], [`AbortTransaction`], [`AbortWriteTransactions`]; operations [within](InTransaction) |
//!
//! The edges of a vertex and traversals are queries: see [`edges_of`] and [`Traversal`].
//!
//! # Which writes can be repeated
//!
//! | write | is repeated after a lost response |
//! |---|---|
//! | insert under a [generated key](Key::generate), or with a key and an [operation id](OperationId) | yes |
//! | insert that [ignores](OverwriteMode::Ignore) an existing document, such as [the only edge](Key::of_edge) between two vertices | yes |
//! | write with [`if_revision`](UpdateDocument::if_revision) or a [version](UpdateDocument::version_attribute) | yes |
//! | any other write of a document | no: the document is read, and shows what happened or does not |
//! | insert under a key of the server | no, and what happened stays unknown |
//! | drop by [id](DropCollection::by_id), creation by [`ensure`](CreateCollection::ensure), every operation on indexes | yes |
//! | drop or creation by name, truncation | no: it is looked for |
//! | write of several documents | if each of them is; its items are read, and each shows what happened or does not |
//! | query that [writes](Aql::is_read_only) | no, and what happened stays unknown |
//!
//! A document that was removed meanwhile may be brought back by a late copy of a repeated insert.
//!
//! # Layout
//!
//! One folder per subject. Each may import from `arango-protocol` and from the folders above it.
//!
//! | what | where |
//! |---|---|
//! | errors of the server that an operation expects; what came of a removal | `expected_error`, `drop_status` |
//! | what came of ensuring that something exists, and what it has otherwise | `ensured`, `property_difference`, `json_covers` |
//! | names of collections and documents | `names` |
//! | documents as JSON: writing without loss, reading in one pass | `json` |
//! | operations on documents, and what became of lost writes | `documents` |
//! | operations on collections, and their properties | `collections` |
//! | operations on indexes | `indexes` |
//! | operations on views | `views` |
//! | operations on analyzers | `analyzers` |
//! | operations on graphs | `graphs` |
//! | operations on databases | `databases` |
//! | queries, cursors, and the proof that a query only reads | `queries` |
//! | transactions, operations within them, and lost commits | `transactions` |
//! | edges of a vertex, and traversals, as queries | `traversals` |
//! | users and their access | `users` |
//! | visiting every operation | `for_each_operation` |

mod analyzers;
mod collections;
mod databases;
mod documents;
mod drop_status;
mod ensured;
mod expected_error;
mod for_each_operation;
mod graphs;
mod indexes;
mod json;
mod json_covers;
mod names;
mod property_difference;
mod queries;
mod transactions;
mod traversals;
mod users;
mod views;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(test)]
mod operation_tests;
#[cfg(test)]
mod testing;

pub use analyzers::{Analyzer, AnalyzerInfo, EnsureAnalyzer, GetAnalyzer, ListAnalyzers, RemoveAnalyzer};
pub use arango_protocol::{DatabaseSharding, ReplicationFactor};
pub use collections::{
    CollectionFigures, CollectionId, CollectionInfo, CollectionProperties, CollectionType, ComputeOn,
    ComputedValue, CountDocuments, CountDocumentsByShard, CreateCollection, DropCollection, EnsureCollection,
    GetCollection, GetCollectionFigures, GetCollectionProperties, GetCollectionShards, GetResponsibleShard,
    IndexFigures, KeyGenerator, KeyOptions, ListCollections, Schema, SchemaLevel, SetCollectionProperties,
    ShardReplicas, ShardingStrategy, TruncateCollection,
};
pub use databases::{
    CreateDatabase, DatabaseCreation, DatabaseInfo, DropDatabase, GetCurrentDatabase,
    ListAccessibleDatabases, ListDatabases,
};
pub use documents::{
    BulkWrite, ChangedDocument, DocumentExists, DocumentResult, DocumentTicket, Evidence, InsertDocument,
    InsertDocuments, ItemError, ItemOutput, OperationId, OverwriteMode, ReadChangedDocument, ReadDocument,
    ReadDocuments, ReadEachDocument, ReadExistingDocument, RemoveDocument, RemoveDocuments, Removed,
    ReplaceDocument, ReplaceDocuments, Silent, UpdateDocument, UpdateDocuments, WriteOutput, Written,
};
#[doc(hidden)] // for the crate `arango`
pub use documents::{after_ambiguous_attempt, merge_items};
pub use drop_status::DropStatus;
pub use ensured::{EnsureError, Ensured};
#[doc(hidden)] // for tests and tables of all operations
pub use for_each_operation::{OperationVisitor, for_each_operation};
pub use graphs::{
    AddEdgeDefinition, AddOrphanCollection, CreateGraph, DropGraph, EdgeDefinition, EnsureGraph, GetGraph,
    GraphChange, GraphInfo, ListGraphs, RemoveEdgeDefinition, RemoveOrphanCollection, RemoveVertex,
    ReplaceEdgeDefinition,
};
pub use indexes::{
    AnalyzerFeature, DropIndex, EnsureIndex, GetIndex, Index, IndexId, IndexInfo, IndexType, InvertedField,
    InvertedIndex, ListIndexes, SortDirection, StoredValues, VectorIndex, VectorMetric,
};
pub use json::{Document, Edge, Patch, write_document};
pub use names::{CollectionName, DocumentId, InvalidIdentifier, Key, Revision};
pub use property_difference::PropertyDifference;
pub use queries::{
    Aql, Batch, BatchId, ClearSlowQueries, CloseCursor, CreateCursor, CursorId, ExecutionPlan, ExplainQuery,
    Explanation, Extra, KillQuery, KillStatus, ListRunningQueries, ListSlowQueries, NextBatch, ParseQuery,
    ParsedQuery, PlanCollection, Profile, QueryId, QueryOptions, QueryScope, QueryState, QueryStats,
    QueryTag, RawRows, Row, RunningQuery, Warning,
};
pub use transactions::{
    AbortTransaction, AbortWriteTransactions, BeginTransaction, CommitTransaction, GetTransaction,
    InTransaction, ListTransactions, OpenTransaction, TransactionId, TransactionState, TransactionStatus,
    Transactional,
};
#[doc(hidden)] // for the crate `arango`
pub use transactions::{CommitAnswer, CommitStep, Leaders, LostCommit, Proof};
pub use traversals::{EdgeDirection, Path, Traversal, UniqueVertices, edges_of};
pub use users::{
    Access, CreateUser, GetAccess, GetUser, GrantAccess, ListAccess, ListUsers, Password, RemoveUser,
    RevokeAccess, UpdateUser, UserCreation, UserInfo, UserRemoval,
};
pub use views::{
    CreateView, DropView, EnsureView, GetView, Link, ListViews, UpdateView, View, ViewIndex, ViewInfo,
    ViewType,
};
