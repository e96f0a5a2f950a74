//! What all parts of a running query share.

use std::collections::HashMap;
use std::sync::Arc;

use super::Graphs;
use crate::check::Binding;
use crate::error::{QueryError, number};
use crate::functions::Environment;
use crate::store::Store;
use crate::syntax::tree::CollectionIndex;
use crate::value::Value;

/// A query that runs.
pub(crate) struct Run<'a> {
    pub(crate) store: &'a mut dyn Store,
    pub(crate) binding: &'a Binding,
    pub(crate) environment: &'a mut Environment,
    pub(crate) stats: &'a mut Stats,
    /// Documents of the collections that the query visits and writes to, from before it began.
    pub(crate) snapshots: &'a Snapshots,
    /// What its traversals follow.
    pub(crate) graphs: &'a Graphs,
    /// Number of items that loops have visited since the latest result.
    pub(crate) visited: &'a mut u64,
    /// The constants that are calculated before the query runs, as far as they are known.
    pub(crate) folded: &'a [Value],
}

/// Documents of some collections, by their number.
pub(crate) type Snapshots = HashMap<CollectionIndex, Arc<Vec<Value>>>;

/// What a query has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Number of documents written.
    pub writes_executed: u64,
    /// Number of writes that failed and were ignored.
    pub writes_ignored: u64,
    /// Number of documents that loops visited.
    pub scanned_full: u64,
    /// Number of documents that loops found by their keys, which the query names.
    pub scanned_index: u64,
    /// Number of rows that `FILTER` dropped.
    pub filtered: u64,
}

impl Run<'_> {
    /// Returns the name of a collection.
    pub(super) fn collection(&self, index: CollectionIndex) -> Arc<str> {
        self.binding.collections[index].clone()
    }

    /// Counts an item of a loop.
    ///
    /// # Errors
    /// If there are too many without a result: such a query would occupy its thread for very long.
    pub(super) fn record_visit(&mut self) -> Result<(), QueryError> {
        const MOST: u64 = 10_000_000;
        *self.visited += 1;
        if *self.visited > MOST {
            let construct = format_args!("loops over more than {MOST} items without a result");
            return Err(QueryError::not_implemented(construct));
        }
        Ok(())
    }

    pub(super) fn warn(&mut self, number: u32, message: impl Into<String>) {
        self.environment.warn(number, message);
    }
}

/// Returns the items of a range. Both ends belong to it, and it may run downwards.
///
/// # Errors
/// If a server would not hold them in memory (1504).
pub(super) fn materialize(low: i64, high: i64) -> Result<Value, QueryError> {
    const MOST: u64 = 10_000_000;
    if low.abs_diff(high) >= MOST {
        let message = format!("range has more than {MOST} items");
        return Err(QueryError::new(number::NUMBER_OUT_OF_RANGE, message));
    }
    let items: Vec<Value> = if low <= high {
        (low..=high).map(Value::Int).collect()
    } else {
        (high..=low).rev().map(Value::Int).collect()
    };
    Ok(Value::array(items))
}
