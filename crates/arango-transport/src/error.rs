//! The error that a caller sees.

mod making;

use std::fmt;
use std::time::Duration;

use arango_protocol::{ErrorNumber, RequestClass};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::failed_attempt::Attempt;
use crate::{BoxError, Coordinator, ErrorKind, Outcome, Unsupported};

/// Why a call failed, what is known of its execution, and everything that was tried.
///
/// One pointer wide. [`Display`](fmt::Display) is one line; [`report`](Self::report) tells of every attempt.
/// Neither shows a query string, a body or a secret.
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
    "a layer handed on a request without the extensions it came with: which call it belongs to is lost";

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

    /// Whether the caller may simply send it again: it is proved that no coordinator ran it.
    pub fn is_retryable_by_caller(&self) -> bool {
        self.0.outcome == Outcome::NotExecuted
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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { name, kind, outcome, attempts, .. } = &*self.0;
        write!(f, "{name}: {kind}")?;
        if let Some(unsupported) = self.unsupported() {
            // Says more than the server's words, and whose they are.
            return write!(f, ": {unsupported} ({outcome})");
        }
        if let Some(message) = self.server_message() {
            write!(f, ": {message}")?;
        }
        f.write_str(" (")?;
        if let Some(status) = self.status() {
            write!(f, "status {}, ", status.as_u16())?;
        }
        if let Some(number) = self.error_number() {
            write!(f, "error {number}, ")?;
        }
        if let Some(coordinator) = self.coordinator() {
            write!(f, "{coordinator}, ")?;
        }
        write!(f, "{outcome}")?;
        if attempts.len() > 1 {
            write!(f, ", {} attempts", attempts.len())?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.0.name)
            .field("request", &format_args!("{} {}", self.0.method, self.0.path))
            .field("class", &self.0.class)
            .field("kind", &self.0.kind)
            .field("outcome", &self.0.outcome)
            .field("stopped_by", &self.0.stopped_by)
            .field("attempts", &self.0.attempts)
            .field("elapsed", &self.0.elapsed)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => self.decisive()?.source.as_ref().map(|source| &**source as _),
        }
    }
}

/// Every attempt of a failed call, one a line.
#[derive(Debug)]
pub struct Report<'a>(&'a Error);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0.0;
        write!(f, "{}\n  {} {}, after {:.1?}", self.0, repr.method, repr.path, repr.elapsed)?;
        for (index, attempt) in repr.attempts.iter().enumerate() {
            write!(f, "\n  {}. {attempt}", index + 1)?;
        }
        Ok(())
    }
}
