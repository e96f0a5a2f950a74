//! I20 to I28: invariants of each phase.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};

use super::calls::PhaseRecord;
use super::scenario::{PhaseEnd, PhasePlan, Scenario};
use super::token_source::HOLD_OFF;

/// How late a timer may fire.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// An invariant, the call or phase that violated it, and how.
pub(crate) type InvariantViolation = (&'static str, String, String);

/// Checks all invariants of a phase.
pub(crate) fn violations(
    scenario: &Scenario,
    phase: &PhasePlan,
    record: &PhaseRecord,
) -> Vec<InvariantViolation> {
    let mut violations = Vec::new();
    check_calls(scenario, phase, record, &mut violations);
    check_work(scenario, record, &mut violations);
    let mut report =
        |invariant, what: &String| violations.push((invariant, "the client".to_owned(), what.clone()));
    record.leftovers.iter().for_each(|what| report("I26", what));
    record.after_drop.iter().for_each(|what| report("I28", what));
    record.unrecovered.iter().for_each(|what| report("I27", what));
    violations
}

fn check_calls(
    scenario: &Scenario,
    phase: &PhasePlan,
    record: &PhaseRecord,
    violations: &mut Vec<InvariantViolation>,
) {
    let quiet = matches!(phase.end, PhaseEnd::Quiet | PhaseEnd::Recovered);
    for call in &record.calls {
        let mut report = |invariant, what: String| violations.push((invariant, call.marker.clone(), what));
        let until = call.ended.as_ref().map_or(record.calls_until, |(ended, _)| *ended);
        let took = until.saturating_sub(call.began);
        if took > scenario.total + TICK {
            report("I20", format!("took {took:?}, the limit is {:?}", scenario.total));
        }
        let executions = record.journal.executions(&call.marker);
        if call.class == RequestClass::NonIdempotent && executions > 1 {
            report("I21", format!("executed {executions} times"));
        }
        match &call.ended {
            Some((_, Ok(()))) if executions == 0 => {
                report("I23", "succeeded, but was never executed".to_owned());
            }
            Some((_, Err(error))) if error.outcome() == Outcome::NotExecuted && executions > 0 => {
                report("I23", format!("executed {executions} times, reported as not executed: {error}"));
            }
            _ => {}
        }
        let held_off = record.since_panic.is_some_and(|before| before + call.began < HOLD_OFF + TICK);
        let disturbed = call.began < record.disturbed_until;
        match &call.ended {
            None if quiet => report("I24", "has not ended in a phase without faults".to_owned()),
            // A login that ended with a stopped runtime is started again.
            Some((_, Err(error)))
                if quiet && !held_off && (!disturbed || error.kind() == ErrorKind::Login) =>
            {
                report("I24", format!("failed in a phase without faults: {error}"));
            }
            _ => {}
        }
    }
}

fn check_work(scenario: &Scenario, record: &PhaseRecord, violations: &mut Vec<InvariantViolation>) {
    let counts = record.counts;
    let mut report = |invariant, what| violations.push((invariant, "the client".to_owned(), what));
    let seconds = usize::try_from(record.length.as_secs()).unwrap_or(usize::MAX) + 1;
    // Over HTTP/2 only the cluster can count requests.
    let requests = counts.requests.max(record.journal.requests_per_coordinator().iter().sum());
    // Allows for each call, and for probes and discovery in each second.
    let limit = 20 + 4 * record.calls.len() + 2 * scenario.coordinators * seconds;
    for (what, count) in [("connects", counts.connects), ("requests", requests), ("logins", counts.logins)] {
        if count > limit {
            report("I22", format!("{count} {what} in {:?}, at most {limit}", record.length));
        }
    }
    if counts.logins_at_once > 1 {
        report("I25", format!("{} logins at once", counts.logins_at_once));
    }
    if counts.calls_during_hold_off > 0 {
        report(
            "I25",
            format!(
                "the token source was called {} times too early after a panic",
                counts.calls_during_hold_off
            ),
        );
    }
}
