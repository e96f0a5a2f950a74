//! From the statements of a query to a chain of operators.

use std::sync::Arc;

use super::collect::CollectRows;
use super::limit::LimitRows;
use super::lookup::is_lookup;
use super::loops::ForRows;
use super::rows::{FilterRows, LetRows, OneRow};
use super::sort::SortRows;
use super::traverse::TraversalRows;
use super::write::WriteRows;
use super::{Row, Run, Source};
use crate::error::QueryError;
use crate::syntax::tree::{Block, Return, StatementKind};

/// Returns the operators of a query, and the `RETURN` that takes their rows.
///
/// If it `counts`, its last `LIMIT` takes all rows, to count them.
pub(super) fn pipeline(
    run: &mut Run<'_>,
    block: &Block,
    row: &Row,
    counts: bool,
) -> Result<(Source, Option<Arc<Return>>), QueryError> {
    let is_limit = |kind: &StatementKind| matches!(kind, StatementKind::Limit(_));
    let last_limit = block.statements.iter().rposition(|statement| is_limit(&statement.kind));
    let mut source: Source = Box::new(OneRow::new(row.clone()));
    let mut writes = false;
    for (index, statement) in block.statements.iter().enumerate() {
        source = match &statement.kind {
            StatementKind::For(part) => {
                Box::new(ForRows::new(run, source, part.clone(), is_lookup(block, index))?)
            }
            StatementKind::Traverse(part) => Box::new(TraversalRows::new(source, part.clone())),
            StatementKind::Filter(condition) => {
                let is_lookup = index.checked_sub(1).is_some_and(|before| is_lookup(block, before));
                Box::new(FilterRows::new(source, condition.clone(), is_lookup))
            }
            StatementKind::Let(assignment) => Box::new(LetRows::new(source, assignment.clone())),
            StatementKind::Sort(keys) => Box::new(SortRows::new(run, source, keys.clone())?),
            StatementKind::Limit(limit) => {
                let counts = counts && last_limit == Some(index);
                Box::new(LimitRows::new(run, source, limit, counts, writes)?)
            }
            StatementKind::Collect(collect) => {
                Box::new(CollectRows::new(run, source, collect.clone(), row.clone())?)
            }
            StatementKind::Return(last) => return Ok((source, Some(last.clone()))),
            write => Box::new(WriteRows::new(run, source, write)?),
        };
        writes |= statement.writes;
    }
    Ok((source, None))
}
