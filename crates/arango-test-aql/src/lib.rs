//! An interpreter of AQL, ArangoDB's query language, for tests.
//!
//! It does no IO: documents come from a [`Store`], time and randomness from [`Options`]. What it does not have, it
//! refuses with error 9 ([`QueryError::is_not_implemented`]); it never ignores a part of a query.
//!
//! ```
//! use arango_test_aql::{Options, Query};
//! # use arango_test_aql::*;
//! # struct NoCollections;
//! # impl ReadDocuments for NoCollections {
//! #     fn kind(&self, _: &str) -> Option<CollectionKind> { None }
//! #     fn get(&self, _: &str, _: &str) -> Result<Option<Value>, QueryError> { Ok(None) }
//! #     fn count(&self, _: &str) -> Result<u64, QueryError> { Ok(0) }
//! # }
//! # type Write = Result<Written, QueryError>;
//! # impl Store for NoCollections {
//! #     fn scan(&self, _: &str) -> Result<Scan, QueryError> { Ok(Box::new(std::iter::empty())) }
//! #     fn insert(&mut self, _: &str, _: &Value, _: &WriteOptions) -> Write { unreachable!() }
//! #     fn update(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write { unreachable!() }
//! #     fn replace(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write { unreachable!() }
//! #     fn remove(&mut self, _: &str, _: &str, _: &WriteOptions) -> Write { unreachable!() }
//! # }
//!
//! let query = Query::parse("FOR i IN 1..@last FILTER i % 2 == 0 RETURN {i}")?;
//! let parameters = serde_json::json!({ "last": 4 });
//! let prepared = query.bind(parameters.as_object().expect("an object"))?;
//!
//! let mut rows = prepared.run(NoCollections, Options::default())?;
//! let results = rows.by_ref().map(|row| row.map(|value| value.to_json_string())).collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(results, [r#"{"i":2}"#, r#"{"i":4}"#]);
//! # Ok::<(), arango_test_aql::QueryError>(())
//! ```
//!
//! | module | what |
//! |---|---|
//! | `error` | errors and warnings, with the numbers and messages of the server |
//! | `value` | values: order, arithmetic, conversions, JSON |
//! | `store` | the traits by which documents are read and written |
//! | `functions` | the functions by name |
//! | `syntax` | from text to a tree |
//! | `check` | scopes, bind parameters, collections |
//! | `execute` | statements and expressions |
//! | `query` | the steps in order: parse, bind, run |
//!
//! A module imports only from those above it.

mod check;
mod error;
mod execute;
mod functions;
mod query;
mod store;
mod syntax;
mod value;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use self::error::{Position, QueryError, Warning, number};
pub use self::execute::{Stats, VertexCollections};
pub use self::query::{Options, Prepared, Query, Rows};
pub use self::store::{
    CollectionKind, EdgeDefinition, GraphDefinition, OverwriteMode, ReadDocuments, Scan, SearchIndex, Store,
    WriteOptions, Written,
};
pub use self::value::{Object, StoredDocument, UniqueAttributes, Value};
