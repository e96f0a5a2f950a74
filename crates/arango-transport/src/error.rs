//! The error that a caller sees.

mod advice;
pub(crate) mod causes;
mod display;
mod making;
mod transient;
pub(crate) mod wording;

use std::time::Duration;

use arango_protocol::{ErrorNumber, RequestClass};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::failed_attempt::Attempt;
use crate::{BoxError, Coordinator, ErrorKind, Outcome, Unsupported};

/// Why a call failed, what is known of its execution, and everything that was tried.
///
/// One pointer wide. [`Display`](std::fmt::Display) is one line: the operation, what failed and why, where, what is known of the
/// execution, and what to do. [`report`](Self::report) adds a line for each attempt, and so does [`Debug`](std::fmt::Debug).
/// None of them shows a query string, a body or a secret.
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    outcome: Outcome,
    stopped_by: StoppedBy,
    name: &'static str,
    method: Method,
    path: String,
    class: RequestClass,
    attempts: Vec<Attempt>,
    /// Which attempt explains the failure best.
    decisive: Option<usize>,
    body: Bytes,
    elapsed: Duration,
    /// How long the call might take.
    limit: Duration,
    /// Failed attempts that are not kept.
    dropped: u32,
    source: Option<BoxError>,
    /// What the coordinator lacks, if that is known.
    unsupported: Option<Box<Unsupported>>,
}

/// What is said of a request whose extensions a layer of the user's threw away.
pub(crate) const BEREFT: &str =
    "a layer created a new request and did not copy the extensions of the original, which name the call";

/// Why no further attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoppedBy {
    /// A second copy could have been a second effect, or would have been refused just the same.
    NotRetryable,
    /// There were as many as there may be.
    MaxAttempts,
    /// So much is being sent again that sending more would make matters worse.
    Budget,
    /// There was no time left.
    Deadline,
    /// The request is meant for this coordinator alone.
    NoAlternative,
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is known of the execution of the request.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether it is proved that no coordinator ran it: a further copy would not be a second one.
    ///
    /// That says nothing of whether it would end otherwise: a wrong password is refused again. See
    /// [`is_retryable`](Self::is_retryable).
    pub fn was_not_executed(&self) -> bool {
        self.0.outcome == Outcome::NotExecuted
    }

    /// Whether it makes sense to send the same request again later, and does no harm: the cause [is likely to
    /// pass](Self::is_transient), and either nothing was executed, or the request may be repeated whatever became of it.
    pub fn is_retryable(&self) -> bool {
        self.is_transient() && (self.was_not_executed() || self.0.class != RequestClass::NonIdempotent)
    }

    /// The error of the login that this call needed, if that is what failed.
    fn login(&self) -> Option<&Self> {
        self.cause()?.downcast_ref()
    }

    /// Why no further attempt was made.
    pub fn stopped_by(&self) -> StoppedBy {
        self.0.stopped_by
    }

    /// What the operation is called.
    pub fn operation(&self) -> &'static str {
        self.0.name
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The class of the request, which decided what was sent again.
    pub fn class(&self) -> RequestClass {
        self.0.class
    }

    /// The coordinator that the failure is about.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.decisive().and_then(|attempt| attempt.coordinator.as_ref())
    }

    /// The status of the answer that the failure is about.
    pub fn status(&self) -> Option<StatusCode> {
        self.decisive().and_then(|attempt| attempt.status)
    }

    /// The number by which ArangoDB said what went wrong.
    pub fn error_number(&self) -> Option<ErrorNumber> {
        self.decisive().and_then(|attempt| attempt.number)
    }

    /// What the server said, for people; not stable between versions.
    pub fn server_message(&self) -> Option<&str> {
        self.decisive().and_then(|attempt| attempt.message.as_deref())
    }

    /// What the coordinator lacks, if it is too old or too new for the operation.
    pub fn unsupported(&self) -> Option<&Unsupported> {
        self.0.unsupported.as_deref()
    }

    /// Whether an attempt of unknown fate came before the answer that the failure is about.
    ///
    /// Then a conflict, a name that is taken, a revision that does not match or a thing that is gone may be the
    /// work of this very call's own first copy.
    pub fn has_ambiguous_predecessor(&self) -> bool {
        let Some(decisive) = self.0.decisive.filter(|_| self.status().is_some()) else { return false };
        self.0.attempts[..decisive].iter().any(|attempt| attempt.outcome == Outcome::Unknown)
    }

    /// Every attempt that failed, in order: the first eight and the last eight if there were more than 16.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// The body of the answer that the failure is about, at most 64 KiB of it. It may hold what
    /// should not be logged.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// How many failed attempts [`attempts`](Self::attempts) leaves out.
    pub fn attempts_dropped(&self) -> u32 {
        self.0.dropped
    }

    /// How long the call might take; zero if nothing was begun.
    pub fn limit(&self) -> Duration {
        self.0.limit
    }

    /// How long the call took.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Tells of every attempt, one a line.
    pub fn report(&self) -> Report<'_> {
        Report(self)
    }

    fn decisive(&self) -> Option<&Attempt> {
        self.0.decisive.map(|index| &self.0.attempts[index])
    }

    /// The cause of the failure.
    fn cause(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => self.decisive()?.source.as_ref().map(|source| &**source as _),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause()
    }
}

/// Every attempt of a failed call, one a line.
#[derive(Debug)]
pub struct Report<'a>(&'a Error);
