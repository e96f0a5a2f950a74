//! The simplest operators: one row, `FILTER`, `LET`.

use std::sync::Arc;

use super::{Operator, Row, Run, Source};
use crate::error::QueryError;
use crate::syntax::tree::{Assignment, Expression};

/// The row with which every query begins.
pub(super) struct OneRow(Option<Row>);

impl OneRow {
    pub(super) fn new(row: Row) -> Self {
        Self(Some(row))
    }
}

impl Operator for OneRow {
    fn next(&mut self, _: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        Ok(self.0.take())
    }

    fn base(&self) -> Option<&Row> {
        None
    }

    fn full_count(&self) -> Option<u64> {
        None
    }
}

/// `FILTER`.
pub(super) struct FilterRows {
    source: Source,
    condition: Arc<Expression>,
    /// Whether a server finds the rows by an index, and drops none.
    is_lookup: bool,
}

impl FilterRows {
    pub(super) fn new(source: Source, condition: Arc<Expression>, is_lookup: bool) -> Self {
        Self { source, condition, is_lookup }
    }
}

impl Operator for FilterRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        while let Some(mut row) = self.source.next(run)? {
            if run.evaluate(&self.condition, &mut row)?.is_true() {
                run.stats.scanned_index += u64::from(self.is_lookup);
                return Ok(Some(row));
            }
            run.stats.filtered += u64::from(!self.is_lookup);
        }
        Ok(None)
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}

/// `LET`.
pub(super) struct LetRows {
    source: Source,
    assignment: Arc<Assignment>,
}

impl LetRows {
    pub(super) fn new(source: Source, assignment: Arc<Assignment>) -> Self {
        Self { source, assignment }
    }
}

impl Operator for LetRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        let Some(mut row) = self.source.next(run)? else { return Ok(None) };
        let value = run.evaluate(&self.assignment.value, &mut row)?;
        row.set(self.assignment.variable.slot, value);
        Ok(Some(row))
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}
