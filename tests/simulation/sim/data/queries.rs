//! Executes queries, and reads their cursors as far as the consumer wants.

use std::time::Duration;

use arango::Error;
use arango::data::{Aql, Cursor};
use tokio::time::{sleep, timeout_at};

use super::calls::{Consumer, QueryCall, QueryText};
use super::step::{Step, StepKind, StepOutcome, StepRunner, describe};

/// Time after which the client has closed a dropped cursor, or has given up: its limit and a second.
const CLOSING_TIME: Duration = Duration::from_secs(6);
/// The same if there are no faults.
const LATE_CLOSING_TIME: Duration = Duration::from_secs(1);

/// A query that has ended.
#[derive(Debug)]
pub(super) struct QueryRun {
    pub(super) query: QueryCall,
    /// The call that created the cursor.
    pub(super) creation: Step,
    /// The rows that were read, in order.
    pub(super) rows: Vec<u64>,
    pub(super) end: End,
    /// The longest time for which the consumer waited for a row.
    pub(super) longest_wait: Duration,
    /// What is wrong with the cursor itself.
    pub(super) wrong: Option<String>,
    /// The id of the cursor, if the client has received it.
    pub(super) cursor: Option<String>,
    /// Whether the cluster still had that cursor some time after it was dropped.
    pub(super) is_left: bool,
}

/// How the rows of a query ended.
#[derive(Debug)]
pub(super) enum End {
    /// There is no cursor.
    NotCreated,
    /// All rows were read.
    Finished,
    Failed(Error),
    /// The cursor was dropped between two rows.
    Dropped,
    /// The cursor was dropped while it waited for a row.
    Interrupted,
}

/// Executes a query, and waits until its cursor must have been closed.
pub(super) async fn run(runner: &StepRunner, query: &QueryCall) -> QueryRun {
    let marker = runner.marker.clone();
    let sent = runner.database().query::<u64>(aql(query, &marker)).batch_size(query.batch_size);
    let sent = if query.is_stream { sent.stream() } else { sent };
    let (creation, cursor) = runner.measure(&marker, StepKind::Once, sent).await;
    let mut run = QueryRun {
        query: query.clone(),
        creation,
        rows: Vec::new(),
        end: End::NotCreated,
        longest_wait: Duration::ZERO,
        wrong: None,
        cursor: None,
        is_left: false,
    };
    if let Some(cursor) = cursor {
        runner.caller.trace.log(format_args!("{marker} EXECUTED"));
        consume(runner, cursor, &mut run).await;
        runner.caller.trace.log(format_args!("{marker} {}", describe_end(&run)));
        wait_until_closed(runner, &mut run).await;
    }
    run
}

fn aql(query: &QueryCall, marker: &str) -> Aql {
    let last = query.rows - 1;
    match query.text {
        QueryText::Sorted => {
            Aql::new("FOR r IN rows FILTER r.n <= @last SORT r.n RETURN r.n").bind("last", last)
        }
        QueryText::Unsorted => Aql::new("FOR r IN rows RETURN r.n"),
        QueryText::Range => Aql::new("FOR i IN 0..@last RETURN i").bind("last", last),
        QueryText::Insert => {
            Aql::new("FOR i IN 0..@last INSERT { inserted_by: @marker, part: i } INTO parts RETURN i")
                .bind("last", last)
                .bind("marker", marker)
        }
    }
}

/// Reads the rows, and drops the cursor.
async fn consume(runner: &StepRunner, cursor: Cursor<u64>, run: &mut QueryRun) {
    let drop_at = runner.drop_at();
    let reading = async {
        match run.query.consumer {
            Consumer::Reads(pause) => read(runner, cursor, u64::MAX, pause, run).await,
            Consumer::Drops(rows, pause) => read(runner, cursor, rows, pause, run).await,
            Consumer::All => match cursor.all().await {
                Ok(rows) => (run.rows, run.end) = (rows, End::Finished),
                Err(error) => run.end = End::Failed(error),
            },
            Consumer::Finishes => {
                run.end = match cursor.finish().await {
                    Ok(_) => End::Finished,
                    Err(error) => End::Failed(error),
                }
            }
        }
    };
    let is_read = match drop_at {
        None => {
            reading.await;
            true
        }
        Some(at) => timeout_at(at, reading).await.is_ok(),
    };
    if !is_read {
        run.end = End::Interrupted;
    }
}

/// Reads at most this many rows, with a pause after each.
async fn read(runner: &StepRunner, mut cursor: Cursor<u64>, rows: u64, pause: Duration, run: &mut QueryRun) {
    let trace = &runner.caller.trace;
    for _ in 0..rows {
        let began = trace.now();
        let next = cursor.try_next().await;
        run.longest_wait = run.longest_wait.max(trace.now().saturating_sub(began));
        match next {
            Ok(Some(row)) => {
                trace.log(format_args!("{} ROW {row}", runner.marker));
                run.rows.push(row);
            }
            Ok(None) => {
                run.end = End::Finished;
                return;
            }
            Err(error) => {
                let (read, lost) = (run.rows.len() as u64, cursor.lost().map(|lost| lost.rows));
                if lost != Some(read) {
                    run.wrong = Some(format!("{read} rows were read, but the cursor counts {lost:?}"));
                }
                if !matches!(cursor.try_next().await, Ok(None)) {
                    run.wrong = Some("something follows an error".to_owned());
                }
                run.end = End::Failed(error);
                return;
            }
        }
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
    run.end = End::Dropped;
}

async fn wait_until_closed(runner: &StepRunner, run: &mut QueryRun) {
    run.cursor = runner.caller.received.of(&runner.marker);
    let Some(cursor) = &run.cursor else { return };
    sleep(if run.creation.is_late { LATE_CLOSING_TIME } else { CLOSING_TIME }).await;
    run.is_left = runner.caller.cluster.open_cursors().contains(cursor);
    if run.is_left {
        runner.caller.trace.log(format_args!("{} LEFT cursor {cursor}", runner.marker));
    }
}

fn describe_end(run: &QueryRun) -> String {
    let rows = run.rows.len();
    match &run.end {
        End::NotCreated => "NOT CREATED".to_owned(),
        End::Finished => format!("FINISHED after {rows} rows"),
        End::Failed(error) => format!("LOST after {rows} rows: {}", describe(error)),
        End::Dropped => format!("CURSOR DROPPED after {rows} rows"),
        End::Interrupted => format!("INTERRUPTED after {rows} rows"),
    }
}

impl QueryRun {
    /// Returns the error of the call that was to create the cursor.
    pub(super) fn creation_error(&self) -> Option<&Error> {
        match &self.creation.outcome {
            StepOutcome::Failed(error) => Some(error),
            StepOutcome::Succeeded(_) | StepOutcome::Dropped => None,
        }
    }
}
