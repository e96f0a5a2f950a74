//! I1, I2, I5, I6 and I8: what is promised of each call.

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{Error, ErrorKind, Outcome};

use super::{Evidence, Report, TICK};
use crate::sim::setting::Peace;
use crate::sim::workload::{Ending, Question, steps};

/// I1: what is not idempotent is executed at most once.
pub(super) fn at_most_once(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for one in evidence.calls {
        let executions = evidence.journal.executions(&one.call.marker);
        if one.call.class == RequestClass::NonIdempotent && executions > 1 {
            report("I1", &one.call.marker, format!("executed {executions} times"));
        }
    }
}

/// I2: no call outlives its deadline by more than a tick, and nothing of it is sent once it has ended.
pub(super) fn in_time(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for one in evidence.calls {
        let took = one.over.saturating_sub(one.began);
        if took > one.limit + TICK {
            report("I2", &one.call.marker, format!("took {took:?} and may take {:?}", one.limit));
        }
        let late = evidence
            .requests
            .iter()
            .find(|request| request.marker.as_ref() == Some(&one.call.marker) && request.at > one.over);
        if let Some(late) = late {
            report("I2", &one.call.marker, format!("ended at {:?} and was sent at {:?}", one.over, late.at));
        }
    }
}

/// I5: with a healthy coordinator within reach a safe request succeeds, unless the budget stops it, or the last attempt
/// that it has met a connection that was just being closed. And long after all troubles everything does.
///
/// One thing is known to be otherwise, and is passed over: a call whose first attempt waits for a login for as long as it may
/// ends there, although there is time left and the login goes on.
pub(super) fn answered_by_the_healthy(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for (marker, why) in evidence.broken {
        report("I5", marker, format!("failed long after all troubles had ended: {why}"));
    }
    let peace = evidence.setting.peace;
    for one in evidence.calls {
        let Ending::Failed(error) = &one.ending else { continue };
        let promised = match peace {
            Peace::Nowhere => false,
            Peace::AtTheFirst => one.call.class == RequestClass::Safe,
            // Whoever goes takes nothing along that is under way.
            Peace::Everywhere => true,
        };
        let elsewhere = matches!(one.call.question, Question::InsertAt(index) if index != 0);
        // Whoever is not there has cut nothing.
        let elsewhere = elsewhere && (peace != Peace::Everywhere || error.outcome() == Outcome::NotExecuted);
        let excused =
            elsewhere || stopped_by_budget(error) || came_too_late(error) || waited_for_a_login(error);
        if promised && !excused {
            let what = format!("{:?}, stopped by {:?}: {}", error.kind(), error.stopped_by(), steps(error));
            report("I5", &one.call.marker, what);
        }
    }
}

/// Whether the budget stopped the call, or the login that it waited for.
fn stopped_by_budget(error: &Error) -> bool {
    error.stopped_by() == StoppedBy::Budget || login_of(error).is_some_and(stopped_by_budget)
}

/// Whether others took all attempts but one, and that one came when a connection had been idle for as long as it may.
fn came_too_late(error: &Error) -> bool {
    let late = |attempt: &arango::Attempt| attempt.kind == ErrorKind::ConnectionLost && attempt.reused;
    error.stopped_by() == StoppedBy::MaxAttempts && error.attempts().last().is_some_and(late)
}

/// Whether the last attempt waited for a login for as long as it may, and could not be made anywhere else.
fn waited_for_a_login(error: &Error) -> bool {
    let waited = |attempt: &arango::Attempt| {
        attempt.kind == ErrorKind::AttemptTimeout && attempt.phase == arango::transport::Phase::Waiting
    };
    error.stopped_by() == StoppedBy::NoAlternative && error.attempts().last().is_some_and(waited)
}

/// The error of the login that the call failed with.
fn login_of(error: &Error) -> Option<&Error> {
    error.attempts().last()?.source.as_ref()?.downcast_ref()
}

/// I6: what is said not to have been executed was not; and what was answered was.
pub(super) fn outcome_is_true(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for one in evidence.calls {
        let executions = evidence.journal.executions(&one.call.marker);
        match &one.ending {
            Ending::Failed(error) if error.outcome() == Outcome::NotExecuted && executions > 0 => {
                let what = format!("executed {executions} times, and said not to be: {}", steps(error));
                report("I6", &one.call.marker, what);
            }
            Ending::Answered if executions == 0 => {
                report("I6", &one.call.marker, "answered, and never executed".to_owned());
            }
            _ => {}
        }
    }
}

/// I8: nobody is asked who is no coordinator, and what is meant for one coordinator goes to no other.
pub(super) fn only_where_they_should(evidence: &Evidence<'_>, report: &mut Report<'_>) {
    for stranger in evidence.strangers {
        let marker = format!("c{}", stranger.client);
        report("I8", &marker, format!("{} was looked for at {:?}", stranger.whom, stranger.at));
    }
    for one in evidence.calls {
        let Question::InsertAt(meant) = one.call.question else { continue };
        let mine = evidence.requests.iter().filter(|seen| seen.marker.as_ref() == Some(&one.call.marker));
        for other in mine.filter(|seen| seen.coordinator != Some(meant)) {
            let what = format!("meant for k{meant} and sent to {:?}", other.coordinator);
            report("I8", &one.call.marker, what);
        }
    }
}
