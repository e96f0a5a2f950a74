//! D2, D4, D5, I1 and I2 of queries.

use std::collections::BTreeSet;

use arango::{Error, Outcome};

use super::{Evidence, ReportFn, TICK};
use crate::sim::data::calls::QueryText;
use crate::sim::data::queries::{End, QueryRun};
use crate::sim::data::step::describe;

/// D2: the rows are the first ones of the result, in order, and all of them if the end was reached.
pub(super) fn rows_are_a_prefix(run: &QueryRun, report: &mut ReportFn<'_>) {
    let marker = &run.creation.marker;
    let distinct: BTreeSet<_> = run.rows.iter().collect();
    let is_prefix = match run.query.text {
        QueryText::Unsorted => {
            distinct.len() == run.rows.len() && run.rows.iter().all(|row| *row < run.query.rows)
        }
        QueryText::Sorted | QueryText::Range | QueryText::Insert => run.rows.iter().copied().eq(0..read(run)),
    };
    if !is_prefix || read(run) > run.query.rows {
        report("D2", marker, format!("{} rows are expected, not {:?}", run.query.rows, run.rows));
    }
    // Reading only the end returns no rows.
    let has_rows = run.query.consumer != crate::sim::data::calls::Consumer::Finishes;
    if matches!(run.end, End::Finished) && has_rows && read(run) != run.query.rows {
        report("D2", marker, format!("ended after {} of {} rows", read(run), run.query.rows));
    }
    if let Some(wrong) = &run.wrong {
        report("D2", marker, wrong.clone());
    }
}

fn read(run: &QueryRun) -> u64 {
    u64::try_from(run.rows.len()).unwrap_or(u64::MAX)
}

/// I1: a query that writes is executed at most once, and never in part.
pub(super) fn executed_at_most_once(evidence: &Evidence<'_>, run: &QueryRun, report: &mut ReportFn<'_>) {
    if run.query.text != QueryText::Insert {
        return;
    }
    let marker = &run.creation.marker;
    let executions = evidence.journal.executions(marker);
    if executions > 1 {
        report("I1", marker, format!("executed {executions} times"));
    }
    let documents = inserted(evidence, run);
    if documents != 0 && documents != run.query.rows {
        report("I1", marker, format!("has left {documents} documents instead of {}", run.query.rows));
    }
}

/// D4: a query that writes has no effect if it is reported as not executed, also later, and one if it succeeds.
pub(super) fn outcome_is_true(evidence: &Evidence<'_>, run: &QueryRun, report: &mut ReportFn<'_>) {
    if run.query.text != QueryText::Insert {
        return;
    }
    let (marker, documents) = (&run.creation.marker, inserted(evidence, run));
    let is_not_executed = |error: &Error| error.outcome() == Outcome::NotExecuted;
    let creation_error = run.creation_error().filter(|error| is_not_executed(error));
    let error = match &run.end {
        End::Failed(error) => Some(error).filter(|error| is_not_executed(error)),
        _ => creation_error,
    };
    if let End::Failed(error) = &run.end
        && !run.query.is_stream
        && error.outcome() != Outcome::Executed
    {
        report(
            "D4",
            marker,
            format!("has committed with its first batch, but failed with {}", describe(error)),
        );
    }
    if let Some(error) = error
        && documents > 0
    {
        let what = format!("has left {documents} documents, reported as not executed: {}", describe(error));
        report("D4", marker, what);
    }
    let is_created = !matches!(run.end, End::NotCreated);
    let is_committed = if run.query.is_stream { matches!(run.end, End::Finished) } else { is_created };
    if is_committed && documents == 0 {
        report("D4", marker, "succeeded, but has left no documents".to_owned());
    }
    if matches!(run.end, End::Dropped) && run.query.is_stream && !may_have_committed(run) && documents > 0 {
        report(
            "D4",
            marker,
            format!("was dropped before its last batch, but has left {documents} documents"),
        );
    }
}

/// Whether a stream that was dropped has asked for its last batch.
fn may_have_committed(run: &QueryRun) -> bool {
    read(run) > (run.query.rows - 1) / run.query.batch_size * run.query.batch_size
        || run.query.rows <= run.query.batch_size
}

fn inserted(evidence: &Evidence<'_>, run: &QueryRun) -> u64 {
    u64::try_from(evidence.stored.inserted_by(&run.creation.marker)).unwrap_or(u64::MAX)
}

/// I2: the consumer never waits longer for a row than the limit of a call.
pub(super) fn batches_are_within_the_limit(run: &QueryRun, report: &mut ReportFn<'_>) {
    if run.longest_wait > run.creation.limit + TICK {
        let what = format!("waited {:?} for a row, the limit is {:?}", run.longest_wait, run.creation.limit);
        report("I2", &run.creation.marker, what);
    }
}

/// D5: a cursor whose id the client has received is closed when it is dropped.
///
/// While there are faults, the request that closes it may fail: then the client has at least tried.
pub(super) fn cursor_is_closed(evidence: &Evidence<'_>, run: &QueryRun, report: &mut ReportFn<'_>) {
    let (true, Some(cursor)) = (run.is_left, &run.cursor) else { return };
    let closing = format!("DELETE /_api/cursor/{cursor}");
    let is_tried = evidence.requests.iter().any(|request| request.method_and_path == closing);
    if run.creation.is_late || !is_tried {
        report("D5", &run.creation.marker, format!("cursor {cursor} is left, closing was tried: {is_tried}"));
    }
}
