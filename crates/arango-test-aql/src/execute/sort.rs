//! `SORT`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Operator, Row, Run, Source};
use crate::error::QueryError;
use crate::syntax::tree::{Direction, Expression, Sort};
use crate::value::Value;

/// Takes all rows and yields them in order. Rows with equal keys keep theirs.
pub(super) struct SortRows {
    source: Source,
    keys: Arc<Vec<Sort>>,
    /// By key: whether it is sorted from large to small.
    descending: Vec<bool>,
    sorted: Option<std::vec::IntoIter<Row>>,
}

impl SortRows {
    pub(super) fn new(run: &mut Run<'_>, source: Source, keys: Arc<Vec<Sort>>) -> Result<Self, QueryError> {
        let descending =
            keys.iter().map(|key| is_descending(run, &key.direction)).collect::<Result<_, _>>()?;
        Ok(Self { source, keys, descending, sorted: None })
    }

    fn sort(&mut self, run: &mut Run<'_>) -> Result<std::vec::IntoIter<Row>, QueryError> {
        let mut rows: Vec<(Vec<Value>, Row)> = Vec::new();
        while let Some(mut row) = self.source.next(run)? {
            let keys = self.keys.iter().map(|key| run.evaluate(&key.key, &mut row));
            rows.push((keys.collect::<Result<_, _>>()?, row));
        }
        rows.sort_by(|(left, _), (right, _)| {
            let pairs = left.iter().zip(right).zip(&self.descending);
            let orderings = pairs.map(|((left, right), descending)| {
                let ordering = left.compare_in(right, &mut run.environment.collation);
                if *descending { ordering.reverse() } else { ordering }
            });
            orderings.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        });
        Ok(rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>().into_iter())
    }
}

impl Operator for SortRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        if self.sorted.is_none() {
            self.sorted = Some(self.sort(run)?);
        }
        Ok(self.sorted.as_mut().and_then(Iterator::next))
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}

fn is_descending(run: &mut Run<'_>, direction: &Direction) -> Result<bool, QueryError> {
    match direction {
        Direction::Ascending => Ok(false),
        Direction::Descending => Ok(true),
        Direction::Value(direction) => direction_of(run, direction),
    }
}

/// Reads a direction that is a value: `true` and `"ASC"` are ascending.
fn direction_of(run: &mut Run<'_>, direction: &Expression) -> Result<bool, QueryError> {
    match run.evaluate(direction, &mut Row::new(0))? {
        Value::Bool(is_ascending) => Ok(!is_ascending),
        Value::String(text) if text.eq_ignore_ascii_case("ASC") => Ok(false),
        Value::String(text) if text.eq_ignore_ascii_case("DESC") => Ok(true),
        _ => Err(QueryError::not_implemented("SORT with this direction").at(direction.position)),
    }
}
