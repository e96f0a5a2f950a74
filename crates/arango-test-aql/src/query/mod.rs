//! Queries, from their text to their results.

mod options;
mod prepared;
mod rows;

use std::fmt;
use std::sync::Arc;

use crate::check::{self, CollectionName, Facts};
use crate::error::QueryError;
use crate::syntax;
use crate::syntax::tree::{Statement, StatementKind, Tree};

pub use self::options::Options;
pub use self::prepared::Prepared;
pub use self::rows::Rows;

/// A query whose text is valid.
///
/// Cloning is cheap: a query can be kept and run with other bind parameters.
#[derive(Clone)]
pub struct Query {
    checked: Arc<Checked>,
}

struct Checked {
    tree: Tree,
    facts: Facts,
}

impl Query {
    /// Parses and checks a query.
    ///
    /// # Errors
    /// If the text is not valid (1501, 1502, 1511, 1512, 1540, 1541 and others), or uses what this crate does not
    /// have (9).
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut tree = syntax::parse(text)?;
        let facts = check::check(&mut tree)?;
        Ok(Self { checked: Arc::new(Checked { tree, facts }) })
    }

    /// Whether the query writes.
    pub fn is_modification(&self) -> bool {
        self.checked.facts.is_modification
    }

    /// Returns the names of the bind parameters; those of collections begin with `@`.
    pub fn bind_parameters(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.binds.iter().map(|name| &**name)
    }

    /// Returns the names of the collections that the text names, without those that bind parameters name.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.collections.iter().filter_map(|collection| match &collection.name {
            CollectionName::Literal(name) => Some(&**name),
            CollectionName::Bind(_) => None,
        })
    }

    /// Returns the names of the variables, without those that the query has only within.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.variables.iter().map(|name| &**name).filter(|name| *name != "CURRENT")
    }

    /// Returns the names of the functions that the text calls, in capital letters.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.functions.iter().copied()
    }

    /// Whether the query is one `RETURN`, without other statements and without subqueries.
    pub fn is_expression(&self) -> bool {
        let statements = &*self.checked.tree.block.statements;
        matches!(statements, [Statement { kind: StatementKind::Return(_), .. }])
            && !self.checked.facts.has_subqueries
    }

    /// Assigns values to the bind parameters.
    ///
    /// # Errors
    /// If a value is missing (1551), not used (1552) or of a wrong type (1553), or if the query reads or writes a
    /// collection after writing to it (1579).
    pub fn bind(
        &self,
        parameters: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Prepared, QueryError> {
        let binding = check::bind(&self.checked.facts, parameters)?;
        Ok(Prepared { checked: self.checked.clone(), binding: Arc::new(binding) })
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("facts", &self.checked.facts).finish_non_exhaustive()
    }
}
