//! I20 to I28: what must hold in each phase.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};

use super::calls::Record;
use super::setting::{End, PhaseSetting, Setting};
use super::source::HOLD_OFF;

/// How late a timer may be.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// An invariant, the call or phase that broke it, and how.
pub(crate) type Broken = (&'static str, String, String);

/// Everything that a phase has broken.
pub(crate) fn broken(setting: &Setting, phase: &PhaseSetting, record: &Record) -> Vec<Broken> {
    let mut broken = Vec::new();
    calls(setting, phase, record, &mut broken);
    work(setting, record, &mut broken);
    let mut report =
        |invariant, what: &String| broken.push((invariant, "the client".to_owned(), what.clone()));
    record.leftovers.iter().for_each(|what| report("I26", what));
    record.after_drop.iter().for_each(|what| report("I28", what));
    record.unrecovered.iter().for_each(|what| report("I27", what));
    broken
}

fn calls(setting: &Setting, phase: &PhaseSetting, record: &Record, broken: &mut Vec<Broken>) {
    let quiet = matches!(phase.end, End::Quiet | End::Recovered);
    for call in &record.calls {
        let mut report = |invariant, what: String| broken.push((invariant, call.marker.clone(), what));
        let until = call.ended.as_ref().map_or(record.calls_until, |(ended, _)| *ended);
        let took = until.saturating_sub(call.began);
        if took > setting.total + TICK {
            report("I20", format!("took {took:?} and may take {:?}", setting.total));
        }
        let executions = record.journal.executions(&call.marker);
        if call.class == RequestClass::NonIdempotent && executions > 1 {
            report("I21", format!("executed {executions} times"));
        }
        match &call.ended {
            Some((_, Ok(()))) if executions == 0 => report("I23", "answered, and never executed".to_owned()),
            Some((_, Err(error))) if error.outcome() == Outcome::NotExecuted && executions > 0 => {
                report("I23", format!("executed {executions} times, and said not to be: {error}"));
            }
            _ => {}
        }
        let held_off = record.since_panic.is_some_and(|before| before + call.began < HOLD_OFF + TICK);
        let disturbed = call.began < record.disturbed_until;
        match &call.ended {
            None if quiet => report("I24", "has not ended in a phase without faults".to_owned()),
            // A login that ended with a stopped runtime is begun again.
            Some((_, Err(error)))
                if quiet && !held_off && (!disturbed || error.kind() == ErrorKind::Login) =>
            {
                report("I24", format!("failed in a phase without faults: {error}"));
            }
            _ => {}
        }
    }
}

fn work(setting: &Setting, record: &Record, broken: &mut Vec<Broken>) {
    let counts = record.counts;
    let mut report = |invariant, what| broken.push((invariant, "the client".to_owned(), what));
    let seconds = usize::try_from(record.length.as_secs()).unwrap_or(usize::MAX) + 1;
    // Over HTTP/2 only the cluster can count requests.
    let requests = counts.requests.max(record.journal.requests_per_coordinator().iter().sum());
    // Each call, and each second of probes and discovery.
    let most = 20 + 4 * record.calls.len() + 2 * setting.coordinators * seconds;
    for (what, count) in [("connects", counts.dials), ("requests", requests), ("logins", counts.logins)] {
        if count > most {
            report("I22", format!("{count} {what} in {:?}, at most {most}", record.length));
        }
    }
    if counts.logins_at_once > 1 {
        report("I25", format!("{} logins at once", counts.logins_at_once));
    }
    if counts.too_early > 0 {
        report(
            "I25",
            format!("the token source was asked {} times too early after a panic", counts.too_early),
        );
    }
}
