//! How errors come about: from the record of a call, or before there is one.

use std::sync::Arc;
use std::time::Duration;

use arango_protocol::{BuildError, DecodeError};
use bytes::Bytes;
use http::{Method, StatusCode};

use super::{BEREFT, Error, Repr, StoppedBy};
use crate::body::CutShort;
use crate::failed_attempt::Attempt;
use crate::record::CallRecord;
use crate::{BoxError, Call, ErrorKind, Outcome, Phase, Unsupported, rejection};

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

    /// The same failure, explained: the coordinator lacks the operation. If it refused by itself, it did nothing.
    ///
    /// What is unknown stays so: something else may have refused, or another copy may have been executed.
    #[must_use]
    pub fn because_unsupported(mut self, what: Unsupported) -> Self {
        // With more attempts than one, an earlier one may have come to a coordinator that has it.
        if self.0.attempts.len() == 1 && self.0.outcome == Outcome::Executed {
            self.0.outcome = Outcome::NotExecuted;
        }
        self.0.kind = ErrorKind::NotSupported;
        self.0.unsupported = Some(Box::new(what));
        self
    }

    /// The same failure, explained: the server is a single server, and the call needs a cluster.
    ///
    /// The outcome stays as it is.
    #[must_use]
    pub fn because_not_a_cluster(mut self) -> Self {
        self.0.kind = ErrorKind::NotACluster;
        self
    }

    /// A call that was begun after the client was closed.
    pub(crate) fn closed(call: &Call, method: Method, path: String) -> Self {
        Self::unsent(call, method, path, ErrorKind::ClientClosed)
    }

    /// A call that was awaited outside of a tokio runtime.
    pub(crate) fn no_runtime(call: &Call, method: Method, path: String) -> Self {
        Self::unsent(call, method, path, ErrorKind::NoRuntime)
    }

    /// An answer that is not the success of its call.
    pub(crate) fn decode(record: &CallRecord, source: DecodeError) -> Self {
        let mut attempt = rejection::attempt(record, &source);
        record.reject();
        let body = source.body().clone();
        attempt.source = Some(Arc::new(source));
        Self::answered(record, attempt).with_body(body)
    }

    /// An answer whose body broke off above the last attempt.
    pub(crate) fn cut_short(record: &CallRecord, status: StatusCode, cut: CutShort) -> Self {
        let mut attempt = Attempt::failed(cut.kind, record.worst().max(Outcome::Unknown), Phase::Body);
        attempt.coordinator = record.coordinator();
        attempt.status = Some(status);
        attempt.source = cut.source.map(Into::into);
        Self::answered(record, attempt)
    }

    /// The error of a call whose last attempt was answered.
    fn answered(record: &CallRecord, attempt: Attempt) -> Self {
        let mut attempts = record.failed();
        let kind = attempt.kind;
        attempts.push(attempt);
        let last = attempts.len() - 1;
        let mut error = Self::with_attempts(record, attempts, StoppedBy::NotRetryable);
        error.0.kind = kind;
        error.0.decisive = Some(last);
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
}

/// What somebody has to mend explains most. An answer explains more than a broken connection, and an attempt of unknown
/// fate more than one that did nothing; of equals the last.
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
