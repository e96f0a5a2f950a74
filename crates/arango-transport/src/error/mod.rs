//! Errors of calls and attempts.

mod advice;
pub(crate) mod attempt;
pub(crate) mod attempt_error;
pub(crate) mod causes;
mod display;
pub(crate) mod foreign;
pub(crate) mod other_protocol;
mod questions;
pub(crate) mod stream_limit;
mod transient;
pub(crate) mod unsupported;
pub(crate) mod wording;

use std::time::Duration;

use arango_protocol::{ErrorKind, ErrorNumber, Failure, Outcome, RequestClass, Resolution};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::error::attempt::Attempt;
use crate::error::unsupported::Unsupported;
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

/// The error of a failed call, with its outcome and its attempts.
///
/// One pointer wide. [`Display`](std::fmt::Display) is one line: the operation, the failure and its cause, the
/// coordinator, the outcome, and advice. [`report`](Self::report) and [`Debug`](std::fmt::Debug) add a line for each
/// attempt; the report of a syntax error has the line of the query, too. None of them shows a value, a body or a secret.
///
/// ```
/// # use arango_transport::{Error, ErrorKind, Outcome};
/// fn handle(error: &Error) {
///     match error.kind() {
///         ErrorKind::UniqueViolation => println!("it is there already"),
///         _ if error.outcome() == Outcome::Unknown => println!("it may have been executed: {error}"),
///         _ if error.is_retryable() => println!("it may succeed later: {error}"),
///         _ => println!("{}", error.report()), // with each attempt
///     }
/// }
/// ```
///
/// | question | methods |
/// |---|---|
/// | what failed? | [`kind`](Self::kind), or the [`category`](Self::category), or [`is_not_found`](Self::is_not_found) and others |
/// | was it executed? | [`outcome`](Self::outcome); of a write [`resolution`](Self::resolution) and [`ticket`](Self::ticket) |
/// | may it be sent again? | [`is_retryable`](Self::is_retryable), [`is_transient`](Self::is_transient) |
/// | where, and how often was it tried? | [`coordinator`](Self::coordinator), [`attempts`](Self::attempts), [`stopped_by`](Self::stopped_by) |
/// | what did the server say? | [`status`](Self::status), [`error_number`](Self::error_number), [`server_message`](Self::server_message) |
pub struct Error(pub(crate) Box<Repr>);

pub(crate) struct Repr {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) stopped_by: StoppedBy,
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) class: RequestClass,
    pub(crate) attempts: Vec<Attempt>,
    /// Index of the attempt that explains the failure best.
    pub(crate) decisive: Option<usize>,
    pub(crate) body: Bytes,
    pub(crate) elapsed: Duration,
    /// The time limit of the call.
    pub(crate) limit: Duration,
    /// Which time limits the caller has set for this call or its handle.
    pub(crate) own_limits: OwnLimits,
    /// Number of failed attempts that are not kept.
    pub(crate) dropped: u32,
    pub(crate) source: Option<BoxError>,
    /// What was found out afterwards, and the error of the question if it failed.
    pub(crate) resolution: Option<(Resolution, Option<Error>)>,
    /// The coordinator that holds the state which the call is about.
    pub(crate) owner: Option<Coordinator>,
    /// The place in the request that the server does not understand.
    pub(crate) excerpt: Option<Box<str>>,
    /// What finds out later whether the write was executed.
    pub(crate) ticket: Option<Box<str>>,
    /// What all coordinators lack because of their versions, if nothing was sent for that reason.
    pub(crate) unsupported: Option<Box<Unsupported>>,
}

/// Which time limits a caller has set in place of the client's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnLimits {
    pub(crate) total: bool,
    pub(crate) attempt: bool,
}

/// The error text if a custom layer dropped the extensions of a request.
pub(crate) const MISSING_EXTENSIONS: &str =
    "a layer created a new request and did not copy the extensions of the original, which name the call";

/// The reason why no further attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoppedBy {
    /// A retry was unsafe or useless.
    ///
    /// It could have taken effect twice, or would have failed in the same way.
    NotRetryable,
    /// The maximum number of attempts was reached.
    MaxAttempts,
    /// The retry budget was used up.
    Budget,
    /// No time was left.
    Deadline,
    /// The request is pinned to one coordinator.
    NoAlternative,
}

impl Error {
    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what is known about the execution of the request.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns whether it is proved that no coordinator executed the request.
    ///
    /// Then a retry cannot take effect twice. It may still fail again: a wrong password is rejected again. See
    /// [`is_retryable`](Self::is_retryable).
    pub fn was_not_executed(&self) -> bool {
        self.0.outcome == Outcome::NotExecuted
    }

    /// Returns whether retrying the same request later is safe and may succeed.
    ///
    /// The cause must be [transient](Self::is_transient). In addition, either the request was not executed, or its
    /// class is not [`NonIdempotent`](RequestClass::NonIdempotent).
    pub fn is_retryable(&self) -> bool {
        self.is_transient() && (self.was_not_executed() || self.0.class != RequestClass::NonIdempotent)
    }

    /// Returns the error of the login, if the login for this call failed.
    fn login(&self) -> Option<&Self> {
        self.cause()?.downcast_ref()
    }

    /// Returns why no further attempt was made.
    pub fn stopped_by(&self) -> StoppedBy {
        self.0.stopped_by
    }

    /// Returns the name of the operation.
    pub fn operation(&self) -> &'static str {
        self.0.name
    }

    /// Returns the method of the request.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// Returns the path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Returns the class of the request, which determined the retries.
    pub fn class(&self) -> RequestClass {
        self.0.class
    }

    /// Returns the coordinator of the decisive attempt.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.decisive().and_then(|attempt| attempt.coordinator.as_ref())
    }

    /// Returns the response status of the decisive attempt.
    pub fn status(&self) -> Option<StatusCode> {
        self.decisive().and_then(|attempt| attempt.status)
    }

    /// Returns the ArangoDB error number of the decisive attempt.
    pub fn error_number(&self) -> Option<ErrorNumber> {
        self.decisive().and_then(|attempt| attempt.number)
    }

    /// Returns the server's human-readable error message; not stable between versions.
    pub fn server_message(&self) -> Option<&str> {
        self.decisive().and_then(|attempt| attempt.message.as_deref())
    }

    /// Returns the unmet version requirement.
    ///
    /// It is present if the coordinator does not support the operation.
    pub fn unsupported(&self) -> Option<&Unsupported> {
        self.0.unsupported.as_deref().or_else(|| self.decisive()?.unsupported.as_deref())
    }

    /// Returns what was found out about the write after it failed.
    ///
    /// `None` if the operation cannot find out anything, or if there was no doubt.
    pub fn resolution(&self) -> Option<Resolution> {
        self.0.resolution.as_ref().map(|(resolution, _)| *resolution)
    }

    /// Returns what finds out later whether the write was executed, as text to store.
    ///
    /// Only for a write of a document, or the commit of a transaction with a proof, whose outcome is unknown. It has the
    /// names and conditions of the write, without the document.
    pub fn ticket(&self) -> Option<&str> {
        self.0.ticket.as_deref()
    }

    /// Declares that nothing was executed of what the caller has asked for: the error is about a read before it.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn before_execution(mut self) -> Self {
        self.0.outcome = Outcome::NotExecuted;
        self
    }

    /// Declares what became of a write of which the failed request is only a part, such as the query of a batch of rows.
    ///
    /// Then the same call may take effect twice, whatever the class of the request is.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn of_write(mut self, outcome: Outcome) -> Self {
        (self.0.outcome, self.0.class) = (outcome, RequestClass::NonIdempotent);
        // With the coordinator only the state of the request is lost, and not the write.
        self.0.owner = None;
        self
    }

    /// Names the operation that the caller has asked for, if the error is about a request that it needs.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn of_operation(mut self, name: &'static str) -> Self {
        self.0.name = name;
        self
    }

    /// Adds the time in which more was found out about the call, after its last attempt.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn with_further_time(mut self, time: Duration) -> Self {
        self.0.elapsed += time;
        self
    }

    /// Adds what finds out later whether the write was executed.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn with_ticket(mut self, ticket: String) -> Self {
        self.0.ticket = Some(ticket.into());
        self
    }

    /// Adds the place in the request that the server does not understand, for the [report](Self::report).
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: String) -> Self {
        self.0.excerpt = Some(excerpt.into());
        self
    }

    /// Returns what an operation needs to know to find out whether it was executed.
    #[doc(hidden)] // for the crate `arango`
    pub fn failure(&self) -> Failure {
        let failure = Failure::new(self.kind(), self.outcome(), self.error_number());
        if self.has_ambiguous_copy() { failure.after_ambiguous_attempt() } else { failure }
    }

    /// Returns whether another attempt than the decisive one may have been executed, before or after it.
    ///
    /// The decisive attempt need not be the last one: a later one may have been executed, and its response lost.
    fn has_ambiguous_copy(&self) -> bool {
        let Some(decisive) = self.0.decisive.filter(|_| self.status().is_some()) else { return false };
        let mut others = self.0.attempts.iter().enumerate().filter(|(index, _)| *index != decisive);
        others.any(|(_, attempt)| attempt.outcome != Outcome::NotExecuted)
    }

    /// Adds what was found out, and the error of the question if it failed.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn with_resolution(mut self, resolution: Resolution, failed: Option<Self>) -> Self {
        match resolution {
            Resolution::NotExecuted => self.0.outcome = Outcome::NotExecuted,
            // A refusal that had to be looked into, since it may be about an earlier copy, and that may still be.
            Resolution::Failed | Resolution::CannotTell | Resolution::NotSeen
                if self.0.outcome == Outcome::NotExecuted =>
            {
                self.0.outcome = Outcome::Unknown;
            }
            _ => {}
        }
        self.0.resolution = Some((resolution, failed));
        self
    }

    /// Returns whether an attempt that may have been executed preceded the decisive response.
    ///
    /// Then that earlier attempt may itself have caused the failure: a conflict, a name that is taken, a revision that
    /// does not match, or an object that no longer exists.
    pub fn has_ambiguous_predecessor(&self) -> bool {
        let Some(decisive) = self.0.decisive.filter(|_| self.status().is_some()) else { return false };
        self.0.attempts[..decisive].iter().any(|attempt| attempt.outcome != Outcome::NotExecuted)
    }

    /// Returns the failed attempts, in order.
    ///
    /// If there were more than 16, only the first eight and the last eight are kept.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Returns the response body of the decisive attempt.
    ///
    /// At most 64 KiB of it are returned. It may contain data that should not be logged.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Returns the number of failed attempts that [`attempts`](Self::attempts) omits.
    pub fn attempts_dropped(&self) -> u32 {
        self.0.dropped
    }

    /// Returns the time limit of the call.
    ///
    /// Zero if it was not started.
    pub fn limit(&self) -> Duration {
        self.0.limit
    }

    /// Returns the duration of the call.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Returns how much of the time limit the call has left.
    pub fn time_left(&self) -> Duration {
        self.0.limit.saturating_sub(self.0.elapsed)
    }

    /// Returns a displayable report with one line per attempt.
    pub fn report(&self) -> Report<'_> {
        Report(self)
    }

    fn decisive(&self) -> Option<&Attempt> {
        self.0.decisive.map(|index| &self.0.attempts[index])
    }

    /// Returns the cause of the failure.
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

/// A report of a failed call, with one line per attempt.
#[derive(Debug)]
pub struct Report<'a>(&'a Error);
