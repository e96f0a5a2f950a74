//! Traversals.
//!
//! | module | what |
//! |---|---|
//! | `options` | what stands in `OPTIONS` |
//! | `start` | the vertices at which traversals begin |
//! | `edge_index` | edges by the vertices that they connect |
//! | `graphs` | what all traversals of a query follow, resolved before it runs |
//! | `walk` | the paths from one vertex, one after the other |

mod edge_index;
mod graphs;
mod options;
mod start;
mod walk;

use std::sync::Arc;

pub(crate) use self::graphs::Graphs;
pub use self::graphs::VertexCollections;
use self::walk::Walk;
use super::{Operator, Row, Run, Source};
use crate::error::{QueryError, number};
use crate::syntax::tree::Traversal;
use crate::value::Value;

/// Repeats each row for all paths from a vertex.
pub(super) struct TraversalRows {
    source: Source,
    part: Arc<Traversal>,
    /// The row that is being repeated; the last one is kept when there are no more.
    outer: Option<Row>,
    walk: Option<Walk>,
}

impl TraversalRows {
    pub(super) fn new(source: Source, part: Arc<Traversal>) -> Self {
        Self { source, part, outer: None, walk: None }
    }

    /// Returns the walk from a vertex; `None`, perhaps with a warning, if there is no such vertex.
    fn begin(&self, run: &mut Run<'_>, start: &Value) -> Result<Option<Walk>, QueryError> {
        let Some(id) = start::id(start) else {
            let message = "Invalid input for traversal: Only id strings or objects with _id are allowed";
            run.warn(number::BAD_PARAMETER, message);
            return Ok(None);
        };
        let plan = run.graphs.plan(self.part.index);
        if let Some(vertex) = run.graphs.vertex(run.store, &id)? {
            return Ok(Some(Walk::new(plan, id, vertex)));
        }
        // According to its documentation a server yields nothing; what it does with such edges is not said.
        if plan.max > 0 && !plan.neighbours(&id)?.is_empty() {
            return Err(QueryError::not_implemented("traversal from a missing document that has edges"));
        }
        Ok(None)
    }

    /// Returns the row of the next path.
    fn next_path(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        while let Some(step) = walk.next() {
            walk.read(step, run)?;
            let is_result = walk.is_result(step);
            if is_result {
                walk.warn_of_missing(step, self.part.path.is_some(), run);
            }
            if !is_result && self.part.prune.is_none() {
                walk.expand(step)?;
                continue;
            }
            let mut row = self.outer.clone().expect("paths belong to a row");
            row.set(self.part.vertex.slot, walk.vertex(step));
            if let Some(edge) = &self.part.edge {
                row.set(edge.slot, walk.edge(step));
            }
            if let Some(path) = &self.part.path {
                row.set(path.slot, walk.path(step));
            }
            let mut is_pruned = false;
            if let Some(prune) = &self.part.prune {
                let value = run.evaluate(&prune.condition, &mut row)?;
                is_pruned = value.is_true();
                if let Some(variable) = &prune.variable {
                    row.set(variable.slot, value);
                }
            }
            if !is_pruned {
                walk.expand(step)?;
            }
            if is_result {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

impl Operator for TraversalRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        loop {
            if let Some(row) = self.next_path(run)? {
                return Ok(Some(row));
            }
            let Some(mut row) = self.source.next(run)? else { return Ok(None) };
            let start = run.evaluate(&self.part.start, &mut row)?;
            self.walk = self.begin(run, &start)?;
            self.outer = Some(row);
        }
    }

    fn base(&self) -> Option<&Row> {
        self.source.base().or(self.outer.as_ref())
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}
