//! Answers of success that are not the success of their call.

use std::sync::Arc;

use arango_balance::Signal;
use arango_protocol::DecodeError;
use http::StatusCode;

use crate::failed_attempt::{Attempt, Phase};
use crate::foreign::ForeignAnswer;
use crate::record::{Answered, CallRecord};
use crate::retry::{Failed, RetryLayer};
use crate::rules::{self, Author};
use crate::{ErrorKind, Outcome};

/// Whether something else than ArangoDB wrote the answer, as far as can be seen.
pub(crate) fn is_foreign(record: &CallRecord, error: &DecodeError) -> bool {
    record.answered_by() == Answered::BySomething && error.error_object().is_none()
}

/// The attempt that such an answer came of, for the retry layer to go on from.
fn failed(record: &CallRecord, error: DecodeError) -> Failed {
    let mut attempt = attempt(record, &error);
    let body = error.body().clone();
    let answer = ForeignAnswer::new(error.status(), error.headers(), &body);
    attempt.source = Some(Arc::new(answer.because(error)));
    Failed { attempt: Box::new(attempt), body }
}

/// The attempt that an answer came of which is not the success of its call.
///
/// A status of success proves nothing where the body does not: whether the request was executed is unknown.
pub(crate) fn attempt(record: &CallRecord, error: &DecodeError) -> Attempt {
    let mut attempt = match error.error_object() {
        // A refusal with a status of success: what it means follows from the status that it names.
        Some(object) => {
            let status = StatusCode::from_u16(object.code).ok().filter(|status| status.as_u16() >= 400);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let (kind, outcome) = rules::refusal(status, Author::ArangoDb(object.number));
            let mut attempt = Attempt::failed(kind, outcome.max(Outcome::Unknown), Phase::Body);
            attempt.number = Some(object.number);
            attempt.message = Some(object.message.clone());
            attempt
        }
        None if is_foreign(record, error) => {
            let mut attempt = Attempt::failed(ErrorKind::NotArangoDb, Outcome::Unknown, Phase::Body);
            attempt.recognized = false;
            attempt
        }
        None => Attempt::failed(ErrorKind::Decode, Outcome::Unknown, Phase::Body),
    };
    attempt.status = Some(error.status());
    if let Some((coordinator, since)) = record.current() {
        attempt.coordinator = Some(coordinator);
        attempt.elapsed = since.elapsed();
    }
    record.name_connection(&mut attempt);
    attempt
}

impl RetryLayer {
    /// Reports an answer that was read, where its head did not show that ArangoDB wrote it.
    #[inline]
    pub(crate) fn accept(&self, record: &CallRecord) {
        if record.answered_by() == Answered::BySomething {
            self.judge(record, Signal::Success);
        }
    }

    /// Has the coordinator probed that gave an answer which is not ArangoDB's, and begins a record that goes on from there.
    pub(crate) fn resume(&self, record: &CallRecord, error: DecodeError) -> Arc<CallRecord> {
        self.judge(record, Signal::Unrecognized);
        record.resumed(failed(record, error))
    }

    /// Reports to the coordinator that has answered what those who read the body found.
    fn judge(&self, record: &CallRecord, verdict: Signal) {
        let Some((coordinator, since)) = record.current() else { return };
        let Some(member) = self.decider.member(&coordinator) else { return };
        if record.call.patience.is_none() {
            member.record(verdict, since);
        } else {
            member.record_untimed(verdict, since);
        }
    }
}
