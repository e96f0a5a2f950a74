//! Invariants of documents and cursors: D1, D2, D4 and D5, and I1, I2, I4, I5 and I9 of all calls.

mod documents;
mod final_state;
mod queries;

use arango_test_cluster::Journal;

use super::Completed;
use super::final_state::Stored;
use super::scenario::DataScenario;
use super::step::{Step, StepOutcome, describe};
use crate::sim::Violation;
use crate::sim::invariants::{Leftovers, TICK};
use crate::sim::observation::Observation;

/// What was observed of a run.
pub(super) struct Evidence<'a> {
    pub(super) scenario: &'a DataScenario,
    pub(super) completed: &'a Completed,
    pub(super) journal: &'a Journal,
    pub(super) stored: &'a Stored,
    /// Requests that were written; for clients whose requests cannot be read, their attempts.
    pub(super) requests: &'a [Observation],
    /// Coordinators that were not healthy a minute after the last fault.
    pub(super) unhealthy: &'a [String],
    pub(super) leftovers: &'a [Leftovers],
    /// Connections that are still open in the network.
    pub(super) open_connections: usize,
}

/// Takes an invariant, a marker, and a description.
type ReportFn<'a> = dyn FnMut(&'static str, &str, String) + 'a;

impl Evidence<'_> {
    /// Checks all invariants.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |invariant, marker: &str, what: String| {
            let seed = self.scenario.base.seed;
            found.push(Violation { seed, invariant, marker: marker.to_owned(), what });
        };
        for step in self.steps() {
            self.within_deadline(step, &mut report);
            late_calls_succeed(step, &mut report);
        }
        for step in &self.completed.steps {
            documents::changed_at_most_once(self, step, &mut report);
            documents::inserted_at_most_once(self, step, &mut report);
            documents::outcome_is_true(self, step, &mut report);
        }
        documents::counters_add_up(self, &mut report);
        for run in &self.completed.queries {
            queries::rows_are_a_prefix(run, &mut report);
            queries::executed_at_most_once(self, run, &mut report);
            queries::outcome_is_true(self, run, &mut report);
            queries::batches_are_within_the_limit(run, &mut report);
            queries::cursor_is_closed(self, run, &mut report);
        }
        final_state::nothing_leaks(self, &mut report);
        final_state::all_members_recover(self, &mut report);
        found
    }

    /// Returns all calls, with those that execute queries.
    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.completed.steps.iter().chain(self.completed.queries.iter().map(|run| &run.creation))
    }

    /// I2: no call exceeds its deadline by more than a tick, and nothing is sent after it has ended.
    fn within_deadline(&self, step: &Step, report: &mut ReportFn<'_>) {
        let took = step.ended_at.saturating_sub(step.began);
        if took > step.limit + TICK {
            report("I2", &step.marker, format!("took {took:?}, the limit is {:?}", step.limit));
        }
        let is_late = |request: &&Observation| {
            let marker = request.marker.as_deref().map(|marker| marker.trim_end_matches('?'));
            marker == Some(&*step.marker) && request.sent_at > step.ended_at
        };
        if let Some(late) = self.requests.iter().find(is_late) {
            let what = format!("ended at {:?} and was sent at {:?}", step.ended_at, late.sent_at);
            report("I2", &step.marker, what);
        }
    }
}

/// I5: long after all faults each call succeeds.
fn late_calls_succeed(step: &Step, report: &mut ReportFn<'_>) {
    if let StepOutcome::Failed(error) = &step.outcome
        && step.is_late
    {
        report("I5", &step.marker, format!("failed long after all faults: {}", describe(error)));
    }
}
