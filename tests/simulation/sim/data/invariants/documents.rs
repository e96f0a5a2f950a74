//! D1, D4 and I1 of documents.

use arango::Outcome;

use super::{Evidence, ReportFn};
use crate::sim::data::step::{Step, StepKind, StepOutcome, describe};

/// I1: a write is sent once if a second copy would have an effect, and otherwise has one at most once.
pub(super) fn changed_at_most_once(evidence: &Evidence<'_>, step: &Step, report: &mut ReportFn<'_>) {
    let executions = evidence.journal.executions(&step.marker);
    if step.kind.is_sent_once() && executions > 1 {
        report("I1", &step.marker, format!("executed {executions} times"));
    }
    let changes = evidence.journal.changes(&step.marker);
    if step.kind.changes_once() && changes > 1 {
        report("I1", &step.marker, format!("has changed documents {changes} times"));
    }
}

/// D1: an insert leaves at most one document.
pub(super) fn inserted_at_most_once(evidence: &Evidence<'_>, step: &Step, report: &mut ReportFn<'_>) {
    let documents = evidence.stored.inserted_by(&step.marker);
    if documents > 1 {
        report("D1", &step.marker, format!("has left {documents} documents"));
    }
}

/// D4: what was reported as not executed was not executed, also later; what was reported as a change was one; what was
/// read is right.
pub(super) fn outcome_is_true(evidence: &Evidence<'_>, step: &Step, report: &mut ReportFn<'_>) {
    let changes = evidence.journal.changes(&step.marker);
    match &step.outcome {
        StepOutcome::Failed(error) if error.outcome() == Outcome::NotExecuted && changes > 0 => {
            let what =
                format!("has changed {changes} documents, reported as not executed: {}", describe(error));
            report("D4", &step.marker, what);
        }
        StepOutcome::Succeeded(true) if changes == 0 => {
            report("D4", &step.marker, "succeeded, but has changed nothing".to_owned());
        }
        StepOutcome::Succeeded(true)
            if step.kind == StepKind::Insert && evidence.stored.inserted_by(&step.marker) == 0 =>
        {
            report("D4", &step.marker, "succeeded, but its document is not there".to_owned());
        }
        _ => {}
    }
    if let Some((key, version)) = &step.version
        && evidence.stored.version(key).is_none_or(|stored| stored < *version)
    {
        let stored = evidence.stored.version(key);
        report("D4", &step.marker, format!("succeeded with version {version}, but {stored:?} is stored"));
    }
    if let Some(wrong) = &step.wrong {
        report("D4", &step.marker, wrong.clone());
    }
}

/// D4: the counters have the sum of all modifications that had an effect.
pub(super) fn counters_add_up(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    let modifications = || evidence.completed.steps.iter().filter(|step| step.kind == StepKind::Modify);
    let changes: usize = modifications().map(|step| evidence.journal.changes(&step.marker)).sum();
    if u64::try_from(changes).ok() != Some(evidence.stored.sum) {
        let what = format!("{changes} modifications were made, and the sum is {}", evidence.stored.sum);
        report("D4", "counters", what);
    }
}
