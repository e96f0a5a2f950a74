//! From rows to results.

use std::sync::Arc;

use super::pipeline::pipeline;
use super::{Row, Run, Source};
use crate::error::QueryError;
use crate::syntax::tree::{Block, Return};
use crate::value::{Value, ValueMap};

/// The results of a query or subquery, computed when they are taken.
pub(crate) struct Results {
    source: Source,
    last: Option<Arc<Return>>,
    /// The results so far of `RETURN DISTINCT`.
    seen: ValueMap<()>,
    is_done: bool,
    /// Number of results so far, if they count.
    count: Option<u64>,
}

impl Results {
    /// Prepares a query. `row` holds the variables from outside.
    ///
    /// If it `counts`, it counts the rows before its last `LIMIT`.
    pub(crate) fn new(run: &mut Run<'_>, block: &Block, row: &Row, counts: bool) -> Result<Self, QueryError> {
        let (source, last) = pipeline(run, block, row, counts)?;
        Ok(Self { source, last, seen: ValueMap::new(), is_done: false, count: counts.then_some(0) })
    }

    /// Returns the next result. After an error or the last result there are none.
    pub(crate) fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Value>, QueryError> {
        if self.is_done {
            return Ok(None);
        }
        let result = self.compute(run);
        match (&result, &mut self.count) {
            (Ok(Some(_)), Some(count)) => *count += 1,
            (Ok(Some(_)), None) => {}
            _ => self.is_done = true,
        }
        result
    }

    fn compute(&mut self, run: &mut Run<'_>) -> Result<Option<Value>, QueryError> {
        while let Some(mut row) = self.source.next(run)? {
            // A query that ends with a write has no results.
            let Some(last) = &self.last else { continue };
            let value = run.evaluate(&last.value, &mut row)?;
            if !last.distinct {
                return Ok(Some(value));
            }
            let mut is_new = false;
            self.seen.entry(value.clone(), || is_new = true);
            if is_new {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Returns the number of rows before the last `LIMIT` of the query, or that of the results if there is none.
    pub(crate) fn full_count(&self) -> Option<u64> {
        self.count.and_then(|count| self.source.full_count().or(Some(count)))
    }
}
