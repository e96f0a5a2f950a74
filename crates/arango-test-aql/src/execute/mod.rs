//! Runs a checked query, row by row.
//!
//! | module | what |
//! |---|---|
//! | `run` | what all parts of a running query share |
//! | `evaluate` | expressions |
//! | `pipeline`, `results` | from statements to a chain of operators, and from rows to results |
//! | `lookup` | which loops a server answers by the primary index |
//! | `loops`, `traverse`, `rows`, `sort`, `limit`, `collect`, `write` | the operators |

mod collect;
mod evaluate;
mod limit;
mod lookup;
mod loops;
mod pipeline;
mod results;
mod rows;
mod run;
mod sort;
mod traverse;
mod write;

pub(crate) use self::loops::check_constant_source;
pub(crate) use self::results::Results;
pub use self::run::Stats;
pub(crate) use self::run::{Run, Snapshots};
pub(crate) use self::traverse::Graphs;
pub use self::traverse::VertexCollections;

use crate::error::QueryError;
use crate::value::Value;

/// The values of all variables of a query, by slot.
#[derive(Debug, Clone)]
pub(crate) struct Row(Vec<Value>);

impl Row {
    /// Creates a row in which all variables are `null`.
    pub(crate) fn new(slots: usize) -> Self {
        Self(vec![Value::Null; slots])
    }

    fn get(&self, slot: usize) -> &Value {
        &self.0[slot]
    }

    fn set(&mut self, slot: usize, value: Value) {
        self.0[slot] = value;
    }
}

/// A step of a query: takes rows from the step before it and yields rows.
trait Operator: Send {
    /// Returns the next row.
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError>;

    /// Returns the row with which the first loop began: variables of its query that no loop changes.
    fn base(&self) -> Option<&Row>;

    /// Returns the number of rows before the limit that counts them.
    fn full_count(&self) -> Option<u64>;
}

type Source = Box<dyn Operator>;
