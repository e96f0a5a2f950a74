//! I1, I2, I5, I6, I8 and I18: invariants of each call.

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{Error, ErrorKind, Outcome};

use super::{Evidence, ReportFn, TICK};
use crate::sim::scenario::FaultFree;
use crate::sim::workload::{CallKind, CallOutcome, attempt_summary};

/// I1: a non-idempotent request is executed at most once.
pub(super) fn at_most_once(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for completed in evidence.calls {
        let executions = evidence.journal.executions(&completed.call.marker);
        if completed.call.class == RequestClass::NonIdempotent && executions > 1 {
            report("I1", &completed.call.marker, format!("executed {executions} times"));
        }
    }
}

/// I2: no call exceeds its deadline by more than a tick, and nothing is sent after it has ended.
pub(super) fn within_deadline(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for completed in evidence.calls {
        let took = completed.ended_at.saturating_sub(completed.began);
        if took > completed.limit + TICK {
            report(
                "I2",
                &completed.call.marker,
                format!("took {took:?}, the limit is {:?}", completed.limit),
            );
        }
        let late = evidence.requests.iter().find(|request| {
            request.marker.as_ref() == Some(&completed.call.marker) && request.sent_at > completed.ended_at
        });
        if let Some(late) = late {
            report(
                "I2",
                &completed.call.marker,
                format!("ended at {:?} and was sent at {:?}", completed.ended_at, late.sent_at),
            );
        }
    }
}

/// I5: while one coordinator is healthy and reachable, safe requests succeed. Long after all faults every call does.
///
/// Exceptions: the retry budget is exhausted, or the last allowed attempt meets a connection that is just being closed.
/// A known limitation is tolerated: a call whose first attempt waits for a login until the attempt timeout fails,
/// although there is time left and the login continues.
pub(super) fn healthy_coordinator_serves(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for (marker, why) in evidence.failed_late_calls {
        report("I5", marker, format!("failed long after all faults had ended: {why}"));
    }
    let fault_free = evidence.scenario.fault_free;
    for completed in evidence.calls {
        let CallOutcome::Failed(error) = &completed.outcome else { continue };
        let must_succeed = match fault_free {
            FaultFree::NoCoordinator => false,
            FaultFree::FirstCoordinator => completed.call.class == RequestClass::Safe,
            // A coordinator that leaves does not interrupt requests in flight.
            FaultFree::AllCoordinators => true,
        };
        let pinned_elsewhere = matches!(completed.call.kind, CallKind::InsertAt(index) if index != 0);
        // A coordinator that is not running cannot have interrupted anything.
        let pinned_elsewhere = pinned_elsewhere
            && (fault_free != FaultFree::AllCoordinators || error.outcome() == Outcome::NotExecuted);
        let tolerated = pinned_elsewhere
            || stopped_by_budget(error)
            || met_idle_timeout(error)
            || waited_for_a_login(error);
        if must_succeed && !tolerated {
            let description = format!(
                "{:?}, stopped by {:?}: {}",
                error.kind(),
                error.stopped_by(),
                attempt_summary(error)
            );
            report("I5", &completed.call.marker, description);
        }
    }
}

/// Whether the retry budget stopped the call, or the login that it waited for.
fn stopped_by_budget(error: &Error) -> bool {
    error.stopped_by() == StoppedBy::Budget || login_error(error).is_some_and(stopped_by_budget)
}

/// Whether the last allowed attempt met a connection that reached its idle timeout.
fn met_idle_timeout(error: &Error) -> bool {
    let late = |attempt: &arango::Attempt| attempt.kind == ErrorKind::ConnectionLost && attempt.reused;
    error.stopped_by() == StoppedBy::MaxAttempts && error.attempts().last().is_some_and(late)
}

/// Whether the last attempt waited for a login until its timeout, and there was no other coordinator.
fn waited_for_a_login(error: &Error) -> bool {
    let waited = |attempt: &arango::Attempt| {
        attempt.kind == ErrorKind::AttemptTimeout && attempt.phase == arango::Phase::Waiting
    };
    error.stopped_by() == StoppedBy::NoAlternative && error.attempts().last().is_some_and(waited)
}

/// Returns the error of the login that made the call fail.
fn login_error(error: &Error) -> Option<&Error> {
    error.attempts().last()?.source.as_ref()?.downcast_ref()
}

/// I6: requests reported as not executed were not executed, and successful ones were.
pub(super) fn outcome_is_correct(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for completed in evidence.calls {
        let executions = evidence.journal.executions(&completed.call.marker);
        match &completed.outcome {
            CallOutcome::Failed(error) if error.outcome() == Outcome::NotExecuted && executions > 0 => {
                let description = format!(
                    "executed {executions} times, reported as not executed: {}",
                    attempt_summary(error)
                );
                report("I6", &completed.call.marker, description);
            }
            CallOutcome::Succeeded if executions == 0 => {
                report("I6", &completed.call.marker, "succeeded, but was never executed".to_owned());
            }
            _ => {}
        }
    }
}

/// I18: a write that finds out about itself is reported as it is: a success is stored, and what was not executed is not.
pub(super) fn found_out_correctly(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for completed in evidence.calls.iter().filter(|completed| completed.call.kind == CallKind::InsertOnce) {
        let marker = &completed.call.marker;
        let Some(&is_stored) = evidence.stored.get(marker) else { continue };
        let is_true = match &completed.outcome {
            CallOutcome::Succeeded => is_stored,
            CallOutcome::Failed(error) if error.outcome() == Outcome::NotExecuted => !is_stored,
            CallOutcome::Failed(_) | CallOutcome::Dropped => true,
        };
        if !is_true {
            report("I18", marker, format!("stored: {is_stored}, reported: {:?}", completed.outcome));
        }
    }
}

/// I8: no untrusted host is contacted, and pinned calls go to no other coordinator.
pub(super) fn only_to_intended_coordinators(evidence: &Evidence<'_>, report: &mut ReportFn<'_>) {
    for contact in evidence.untrusted_contacts {
        let marker = format!("c{}", contact.client);
        report("I8", &marker, format!("{} was contacted at {:?}", contact.host, contact.at));
    }
    for completed in evidence.calls {
        let CallKind::InsertAt(target) = completed.call.kind else { continue };
        let requests = evidence
            .requests
            .iter()
            .filter(|request| request.marker.as_ref() == Some(&completed.call.marker));
        for other in requests.filter(|request| request.coordinator != Some(target)) {
            let description = format!("pinned to k{target}, but sent to {:?}", other.coordinator);
            report("I8", &completed.call.marker, description);
        }
    }
}
