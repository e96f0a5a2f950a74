//! `LIMIT`.

use super::{Operator, Row, Run, Source};
use crate::error::{QueryError, number};
use crate::syntax::tree::{Expression, Limit};
use crate::value::Value;

/// Skips some rows and yields some of the rest.
pub(super) struct LimitRows {
    source: Source,
    skip: u64,
    take: u64,
    /// Whether it takes all rows, because their number counts or because they write.
    drains: bool,
    /// Number of rows so far, if it counts.
    count: Option<u64>,
}

impl LimitRows {
    pub(super) fn new(
        run: &mut Run<'_>,
        source: Source,
        limit: &Limit,
        counts: bool,
        writes: bool,
    ) -> Result<Self, QueryError> {
        /// A count of `null`, as a server counts.
        const UNBOUNDED: u64 = 128 * 1024 * 1024;
        let skip = match &limit.offset {
            Some(offset) => bound(run, offset, "offset")?.unwrap_or(0),
            None => 0,
        };
        let take = bound(run, &limit.count, "count")?.unwrap_or(UNBOUNDED);
        Ok(Self { source, skip, take, drains: writes || counts, count: counts.then_some(0) })
    }

    fn pull(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        let row = self.source.next(run)?;
        if let (Some(_), Some(count)) = (&row, &mut self.count) {
            *count += 1;
        }
        Ok(row)
    }
}

fn bound(run: &mut Run<'_>, value: &Expression, what: &str) -> Result<Option<u64>, QueryError> {
    let number = match run.evaluate(value, &mut Row::new(0))? {
        Value::Null => return Ok(None),
        number if number.is_number() => u64::try_from(number.to_integer()).ok(),
        _ => None,
    };
    number.map(Some).ok_or_else(|| {
        let message = format!("LIMIT {what} value is not a number or out of range");
        QueryError::new(number::NUMBER_OUT_OF_RANGE, message).at(value.position)
    })
}

impl Operator for LimitRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        while self.skip > 0 && self.take > 0 {
            self.skip -= 1;
            if self.pull(run)?.is_none() {
                self.take = 0;
                self.drains = false;
            }
        }
        if self.take > 0 {
            self.take -= 1;
            return self.pull(run);
        }
        while self.drains && self.pull(run)?.is_some() {}
        self.drains = false;
        Ok(None)
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.count.or_else(|| self.source.full_count())
    }
}
