//! An interpreter of AQL, ArangoDB's query language, for tests.

mod error;
mod functions;
mod store;
mod syntax;
mod value;

pub use self::error::{Position, QueryError, Warning, number};
pub use self::value::{Arithmetic, Collation, Key, Object, StoredDocument, Value, ValueMap};
