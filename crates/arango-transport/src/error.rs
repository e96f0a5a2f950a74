//! The error that a caller sees.

use std::fmt;
use std::time::Duration;

use arango_protocol::{BuildError, DecodeError, ErrorNumber, RequestClass};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::body::CutShort;
use crate::failed_attempt::Attempt;
use crate::record::CallRecord;
use crate::{BoxError, Call, Coordinator, ErrorKind, Outcome, Phase, Unsupported};

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
    /// The error of a call whose attempts are all on record.
    pub(crate) fn of(record: &CallRecord, stopped_by: StoppedBy) -> Self {
        Self::with_attempts(record, record.failed(), stopped_by)
    }

    fn with_attempts(record: &CallRecord, attempts: Vec<Attempt>, stopped_by: StoppedBy) -> Self {
        let decisive = decisive(&attempts);
        let kind = match decisive {
            _ if nobody_was_there(&attempts) => ErrorKind::NoCoordinatorAvailable,
            Some(index) => attempts[index].kind,
            None => ErrorKind::DeadlineExceeded,
        };
        let known = attempts.iter().map(|attempt| attempt.outcome).max().unwrap_or(Outcome::NotExecuted);
        let outcome = known.max(record.worst());
        Self(Box::new(Repr {
            kind,
            outcome,
            stopped_by,
            name: record.call.name,
            method: record.template.method.clone(),
            path: record.template.uri.path().to_owned(),
            class: record.call.class,
            attempts,
            decisive,
            body: Bytes::new(),
            elapsed: record.started.elapsed(),
            limit: record.deadline.saturating_duration_since(record.started),
            dropped: record.dropped(),
            source: None,
            unsupported: None,
        }))
    }

    /// The error of a call that something above its attempts ended.
    pub(crate) fn cut_off(record: &CallRecord, kind: ErrorKind, source: Option<BoxError>) -> Self {
        let stopped_by =
            if kind == ErrorKind::DeadlineExceeded { StoppedBy::Deadline } else { StoppedBy::NotRetryable };
        record.cut_off(kind);
        let mut error = Self::of(record, stopped_by);
        if let Some(hedge) = record.hedge() {
            hedge.cut_off(kind);
            error = error.beside(&hedge);
        }
        error.0.kind = kind;
        error.0.source = source;
        error
    }

    /// The error of a call of which nothing was sent.
    fn unsent(call: &Call, method: Method, path: String, kind: ErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            outcome: Outcome::NotExecuted,
            stopped_by: StoppedBy::NotRetryable,
            name: call.name,
            method,
            path,
            class: call.class,
            attempts: Vec::new(),
            decisive: None,
            body: Bytes::new(),
            elapsed: Duration::ZERO,
            limit: Duration::ZERO,
            dropped: 0,
            source: None,
            unsupported: None,
        }))
    }

    /// A request that could not be formed.
    pub fn request(call: &Call, method: Method, path: &str, source: BuildError) -> Self {
        let mut error = Self::unsent(call, method, path.to_owned(), ErrorKind::Request);
        error.0.source = Some(source.into());
        error
    }

    /// An operation that changes one coordinator, without a word which.
    pub fn needs_coordinator(call: &Call, method: Method, path: &str) -> Self {
        Self::unsent(call, method, path.to_owned(), ErrorKind::NeedsCoordinator)
    }

    /// An operation that the coordinator lacks, as is known beforehand.
    pub fn unsupported_by(call: &Call, method: Method, path: &str, what: Unsupported) -> Self {
        let mut error = Self::unsent(call, method, path.to_owned(), ErrorKind::NotSupported);
        error.0.unsupported = Some(Box::new(what));
        error
    }

    /// The same failure, explained: the coordinator lacks the operation. If it refused, it did nothing.
    #[must_use]
    pub fn because_unsupported(mut self, what: Unsupported) -> Self {
        // With more attempts than one, an earlier one may have come to a coordinator that has it. And who answered
        // otherwise than expected has done something, if another thing.
        if self.0.attempts.len() == 1 && self.0.kind != ErrorKind::Decode {
            self.0.outcome = Outcome::NotExecuted;
        }
        self.0.kind = ErrorKind::NotSupported;
        self.0.unsupported = Some(Box::new(what));
        self
    }

    /// A call that was begun after the client was closed.
    pub(crate) fn closed(call: &Call, method: Method, path: String) -> Self {
        Self::unsent(call, method, path, ErrorKind::ClientClosed)
    }

    /// An answer that is not what was expected, or whose body could not be read.
    fn answered(record: &CallRecord, kind: ErrorKind, status: StatusCode) -> Self {
        let mut attempts = record.failed();
        let mut attempt = Attempt::failed(kind, Outcome::Executed, Phase::Body);
        attempt.coordinator = record.coordinator();
        attempt.status = Some(status);
        attempts.push(attempt);
        let last = attempts.len() - 1;
        let mut error = Self::with_attempts(record, attempts, StoppedBy::NotRetryable);
        error.0.kind = kind;
        error.0.decisive = Some(last);
        error
    }

    /// An answer that is not what the operation expects.
    pub(crate) fn decode(record: &CallRecord, source: DecodeError) -> Self {
        let mut error = Self::answered(record, ErrorKind::Decode, source.status());
        error.0.body = source.body().clone();
        error.0.source = Some(source.into());
        error
    }

    /// An answer whose body broke off above the last attempt.
    pub(crate) fn cut_short(record: &CallRecord, status: StatusCode, cut: CutShort) -> Self {
        let mut error = Self::answered(record, cut.kind, status);
        error.0.source = cut.source;
        error
    }

    /// A request that a layer of the user's handed on without what rides with it.
    pub(crate) fn bereft(method: Method, path: String) -> Self {
        let mut error = Self::unsent(&Call::of_method(&method), method, path, ErrorKind::Middleware);
        error.0.source = Some(BEREFT.into());
        error
    }

    /// Adds what came of the attempt that was made beside those of the call.
    #[must_use]
    pub(crate) fn beside(mut self, hedge: &CallRecord) -> Self {
        self.0.outcome = self.0.outcome.max(hedge.worst());
        // The last, so that what explains the failure best stays where it is; and only once.
        self.0.attempts.retain(|attempt| !attempt.hedge);
        self.0.attempts.extend(hedge.failed());
        self
    }

    /// Says that more may have happened than was known when the error came about.
    #[must_use]
    pub fn at_least(mut self, outcome: Outcome) -> Self {
        self.0.outcome = self.0.outcome.max(outcome);
        self
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = body;
        self
    }

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

/// What somebody has to mend explains most. An answer explains more than a broken connection, and an attempt of unknown fate more than one
/// that did nothing; of equals the last.
fn decisive(attempts: &[Attempt]) -> Option<usize> {
    let weight = |attempt: &Attempt| {
        let lasts = attempt.kind == ErrorKind::TlsCertificate;
        (lasts, attempt.status.is_some(), attempt.outcome == Outcome::Unknown)
    };
    (0..attempts.len()).max_by_key(|&index| (weight(&attempts[index]), index))
}

/// Whether more than one coordinator was asked and none could be reached.
fn nobody_was_there(attempts: &[Attempt]) -> bool {
    let unreached = |attempt: &Attempt| {
        matches!(
            attempt.kind,
            ErrorKind::Dns | ErrorKind::ConnectRefused | ErrorKind::ConnectTimeout | ErrorKind::TlsHandshake
        )
    };
    attempts.iter().all(unreached)
        && attempts.iter().any(|attempt| attempt.coordinator != attempts[0].coordinator)
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
