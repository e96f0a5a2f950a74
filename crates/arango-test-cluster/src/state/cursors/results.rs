//! The rows of a cursor: computed before, or batch by batch.

use std::collections::VecDeque;
use std::time::Duration;

use arango_test_aql::{QueryError, Rows, Value};
use serde_json::json;

use crate::http::reply::number;
use crate::store::database_view::{DatabaseView, LoggedWrite, WriteLog};

/// The rows that a cursor still has.
#[derive(Debug)]
pub(crate) enum Results {
    /// The query has ended.
    Complete { rows: VecDeque<Value>, total: usize, extra: Vec<u8> },
    /// The query computes each batch when it is read.
    Stream(Box<StreamedQuery>),
    /// Nothing is left.
    Ended,
}

/// A query whose rows are computed when they are read. Its writes are made with its last batch.
#[derive(Debug)]
pub(crate) struct StreamedQuery {
    rows: Rows<DatabaseView>,
    /// The row after the latest batch.
    next: Option<Value>,
    report: Report,
    limits: Limits,
    log: WriteLog,
}

/// Rows, or why there are none, and the time that it took to find out.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) rows: Result<Vec<Value>, QueryError>,
    pub(crate) slept: Duration,
}

impl Batch {
    /// Returns rows that took no time.
    pub(crate) fn immediate(rows: Vec<Value>) -> Self {
        Self { rows: Ok(rows), slept: Duration::ZERO }
    }
}

impl Results {
    /// Returns whether there are more rows.
    pub(crate) fn has_more(&self) -> bool {
        match self {
            Self::Complete { rows, .. } => !rows.is_empty(),
            Self::Stream(query) => query.next.is_some(),
            Self::Ended => false,
        }
    }

    /// Returns the number of all rows, if it is known.
    pub(super) fn total(&self) -> Option<usize> {
        match self {
            Self::Complete { total, .. } => Some(*total),
            Self::Stream(_) | Self::Ended => None,
        }
    }

    /// Takes the next rows.
    pub(crate) fn take(&mut self, size: usize) -> Batch {
        match self {
            Self::Complete { rows, .. } => Batch::immediate(rows.drain(..size.min(rows.len())).collect()),
            Self::Stream(query) => query.take(size),
            Self::Ended => Batch::immediate(Vec::new()),
        }
    }
}

impl StreamedQuery {
    /// Prepares to read from a query that has begun.
    pub(crate) fn new(rows: Rows<DatabaseView>, log: WriteLog, report: Report, limits: Limits) -> Self {
        Self { rows, next: None, report, limits, log }
    }

    fn take(&mut self, size: usize) -> Batch {
        let rows = self.take_rows(size);
        let slept = self.rows.take_slept();
        self.limits.batch(&mut self.report, rows, slept)
    }

    fn take_rows(&mut self, size: usize) -> Result<Vec<Value>, QueryError> {
        let mut taken: Vec<Value> = self.next.take().into_iter().collect();
        while taken.len() < size {
            match self.rows.next().transpose()? {
                Some(row) => taken.push(row),
                None => break,
            }
        }
        // One row more tells whether another batch follows.
        self.next = if taken.len() == size { self.rows.next().transpose()? } else { None };
        Ok(taken)
    }

    /// Returns what a response says about the query.
    pub(crate) fn extra(&self) -> Vec<u8> {
        self.report.extra(&Totals::of(&self.rows))
    }

    /// Returns the log of what the query has written.
    pub(crate) fn log(&self) -> &WriteLog {
        &self.log
    }

    /// Checks what the query has written before it is committed.
    pub(crate) fn check_writes(&self) -> Result<(), QueryError> {
        self.limits.check_writes(self.rows.stats().writes_executed, self.log.bytes())
    }

    /// Ends the query, and returns the store with its writes.
    pub(crate) fn into_view(self) -> DatabaseView {
        self.rows.into_store()
    }
}

/// The limits of a query. `None` is no limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// Bytes of memory.
    pub(crate) memory: Option<usize>,
    /// The time that a query may take.
    pub(crate) time: Option<Duration>,
    /// Bytes of a transaction.
    pub(crate) transaction: Option<usize>,
    /// From how many writes or bytes on a server commits in between.
    pub(crate) intermediate_writes: Option<u64>,
    pub(crate) intermediate_bytes: Option<usize>,
}

impl Limits {
    /// Returns the batch of rows that were computed, if the query keeps within its limits.
    pub(crate) fn batch(
        &self,
        report: &mut Report,
        rows: Result<Vec<Value>, QueryError>,
        slept: Duration,
    ) -> Batch {
        let left = self.time.map_or(Duration::MAX, |most| most.saturating_sub(report.slept));
        report.slept = report.slept.saturating_add(slept.min(left));
        if slept > left {
            return Batch { rows: Err(QueryError::new(1500, "query killed")), slept: left };
        }
        let rows = rows.and_then(|rows| self.check_memory(report, &rows).map(|()| rows));
        report.rows += rows.as_ref().map_or(0, Vec::len);
        Batch { rows, slept }
    }

    /// Counts the memory of rows, if it is limited: the JSON of all rows of a response, and a fixed amount.
    fn check_memory(&self, report: &mut Report, rows: &[Value]) -> Result<(), QueryError> {
        let Some(most) = self.memory else { return Ok(()) };
        let size = |row: &Value| match row {
            Value::Document(document) => document.json().len(),
            row => row.to_json_string().len(),
        };
        report.memory = report.memory.max(BASE_MEMORY + rows.iter().map(size).sum::<usize>());
        if report.memory > most {
            return Err(QueryError::new(32, "query would use more memory than allowed"));
        }
        Ok(())
    }

    /// Refuses a transaction that is too large, and one that a server would commit in parts.
    pub(crate) fn check_writes(&self, writes: u64, bytes: usize) -> Result<(), QueryError> {
        self.check_size(bytes)?;
        if self.intermediate_writes.is_some_and(|most| writes >= most)
            || self.intermediate_bytes.is_some_and(|most| bytes >= most)
        {
            return Err(commits_in_between("of a stream or a transaction"));
        }
        Ok(())
    }

    /// Refuses a transaction that is too large.
    pub(crate) fn check_size(&self, bytes: usize) -> Result<(), QueryError> {
        if self.transaction.is_some_and(|most| bytes > most) {
            let text = "aborting transaction because maximal transaction size is reached";
            return Err(QueryError::new(32, text));
        }
        Ok(())
    }

    /// Returns how often a query commits in between, and the bytes of its largest part.
    ///
    /// # Errors
    /// If the bytes of its documents decide when it commits: a server counts others.
    pub(crate) fn parts(&self, writes: &[LoggedWrite]) -> Result<(u64, usize), QueryError> {
        let (mut commits, mut largest) = (0, 0);
        let (mut count, mut bytes) = (0, 0);
        for write in writes {
            count += 1;
            bytes += write.bytes;
            largest = largest.max(bytes);
            if self.intermediate_writes.is_some_and(|most| count >= most) {
                commits += 1;
                (count, bytes) = (0, 0);
            } else if self.intermediate_bytes.is_some_and(|most| bytes >= most) {
                return Err(commits_in_between("after a number of bytes"));
            }
        }
        Ok((commits, largest))
    }
}

/// The refusal of a query that a server would commit in parts.
pub(crate) fn commits_in_between(what: &str) -> QueryError {
    QueryError::new(9, format!("sim: intermediate commits {what} are not modelled"))
}

/// The memory that every query takes.
pub(crate) const BASE_MEMORY: usize = 32_768;

/// The phases of a query other than its execution.
const PHASES: [&str; 8] = [
    "initializing",
    "parsing",
    "optimizing ast",
    "loading collections",
    "instantiating plan",
    "optimizing plan",
    "instantiating executors",
    "finalizing",
];

/// The time that each phase takes, in seconds. It is not measured: a server never reports 0.
pub(crate) const PHASE_TIME: f64 = 1e-5;

/// Returns warnings as a response lists them.
pub(crate) fn described(warnings: &[arango_test_aql::Warning]) -> Vec<serde_json::Value> {
    warnings.iter().map(|warning| json!({ "code": warning.number, "message": warning.message })).collect()
}

/// How a query is reported.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Whether the version counts lookups and seeks.
    pub(crate) counts_lookups: bool,
    /// Whether the times of the phases are reported.
    pub(crate) has_profile: bool,
    /// The plan, if it is reported.
    pub(crate) plan: Option<serde_json::Value>,
    /// The time that the query has slept.
    pub(crate) slept: Duration,
    /// The memory that it has taken, in bytes.
    pub(crate) memory: usize,
    /// The rows that it has returned.
    pub(crate) rows: usize,
    /// The shards of the collections that it uses. A coordinator asks the leader of each of them once.
    pub(crate) shards: usize,
    /// How often it has committed before its end.
    pub(crate) commits: u64,
}

/// What a query has done.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) stats: arango_test_aql::Stats,
    full_count: Option<u64>,
    warnings: Vec<arango_test_aql::Warning>,
}

impl Totals {
    pub(crate) fn of<S: arango_test_aql::Store>(rows: &Rows<S>) -> Self {
        Self { stats: rows.stats(), full_count: rows.full_count(), warnings: rows.warnings() }
    }
}

impl Report {
    /// Returns `extra` of a response.
    pub(crate) fn extra(&self, totals: &Totals) -> Vec<u8> {
        let stats = &totals.stats;
        let executing = PHASE_TIME + self.slept.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "eight phases")]
        let total = PHASE_TIME * PHASES.len() as f64 + executing;
        let mut reported = json!({
            "writesExecuted": stats.writes_executed, "writesIgnored": stats.writes_ignored,
            "scannedFull": stats.scanned_full, "scannedIndex": stats.scanned_index, "cursorsCreated": 0, "cursorsRearmed": 0,
            "cacheHits": 0, "cacheMisses": 0, "filtered": stats.filtered, "httpRequests": self.shards,
            "executionTime": number(total), "peakMemoryUsage": self.memory, "intermediateCommits": self.commits,
        });
        if self.counts_lookups {
            reported["documentLookups"] = 0.into();
            reported["seeks"] = 0.into();
        }
        if let Some(full_count) = totals.full_count {
            reported["fullCount"] = full_count.into();
        }
        if self.plan.is_some() {
            let node = |id: u64, items: usize, time: f64| json!({ "id": id, "calls": 1, "items": items, "filtered": 0, "runtime": number(time) });
            reported["nodes"] = json!([node(1, 1, PHASE_TIME), node(2, self.rows, executing)]);
        }
        let mut extra = json!({ "warnings": described(&totals.warnings), "stats": reported });
        if self.has_profile {
            extra["profile"] = json!({ "executing": number(executing) });
            for phase in PHASES {
                extra["profile"][phase] = number(PHASE_TIME);
            }
        }
        if let Some(plan) = &self.plan {
            extra["plan"] = plan.clone();
        }
        extra.to_string().into_bytes()
    }
}
