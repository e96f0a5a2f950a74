//! What it means that a stream of HTTP/2 ended without an answer.
//!
//! hyper gives such a request never back, and hides the reason in the sources of its error.

use std::error::Error as _;

use h2::Reason;

use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome};

/// What an error means after the request was handed over and not given back.
pub(super) fn meaning(error: hyper::Error) -> AttemptError {
    let (kind, outcome) = of_reason(&error);
    AttemptError::new(kind, outcome, Phase::Sent).because(error)
}

fn of_reason(error: &hyper::Error) -> (ErrorKind, Outcome) {
    let lost = (ErrorKind::ConnectionLost, Outcome::Unknown);
    let Some(error) = of_h2(error) else { return lost };
    if violates_protocol(error) {
        return (ErrorKind::ProtocolViolation, Outcome::Unknown);
    }
    // Only the streams that a goodbye does not cover end by it, and it is the other end's word that
    // nothing was done with those.
    if error.is_go_away() {
        return (ErrorKind::GoAway, Outcome::NotExecuted);
    }
    match error.reason() {
        Some(Reason::REFUSED_STREAM) => (ErrorKind::StreamRefused, Outcome::NotExecuted),
        // arangod says so when it has no room for the answer, and so after it has executed.
        Some(Reason::ENHANCE_YOUR_CALM) => (ErrorKind::ResponseDropped, Outcome::Executed),
        _ => lost,
    }
}

/// Whether what came is not HTTP/2.
pub(super) fn violates(error: &hyper::Error) -> bool {
    of_h2(error).is_some_and(violates_protocol)
}

/// Whether it was our side that broke it off, because of what the other had sent.
fn violates_protocol(error: &h2::Error) -> bool {
    !error.is_remote() && error.reason().is_some()
}

fn of_h2(error: &hyper::Error) -> Option<&h2::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
