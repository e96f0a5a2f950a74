//! Constructors of errors: from the context of a call, or before one exists.

use std::sync::Arc;
use std::time::Duration;

use arango_protocol::{BuildError, ErrorKind, Outcome, path_without_cursor};
use bytes::Bytes;
use http::Method;

use crate::call::Call;
use crate::call::context::CallContext;
use crate::error::attempt::{Attempt, Phase};
use crate::error::unsupported::Unsupported;
use crate::error::{Error, MISSING_EXTENSIONS, OwnLimits, Repr, StoppedBy};
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

impl Error {
    /// Creates the error of a call from its recorded attempts.
    pub(crate) fn from_attempts(context: &CallContext, stopped_by: StoppedBy) -> Self {
        Self::with_attempts(context, context.attempts.failed(), stopped_by)
    }

    fn with_attempts(context: &CallContext, attempts: Vec<Attempt>, stopped_by: StoppedBy) -> Self {
        let decisive = decisive(&attempts);
        let kind = match decisive {
            _ if no_coordinator_available(&attempts) => ErrorKind::NoCoordinatorAvailable,
            Some(index) => attempts[index].kind,
            None => ErrorKind::DeadlineExceeded,
        };
        let known = attempts.iter().map(|attempt| attempt.outcome).max().unwrap_or(Outcome::NotExecuted);
        let outcome = known.max(context.worst_outcome());
        let (elapsed, limit) = times(context);
        Self(Box::new(Repr {
            kind,
            outcome,
            stopped_by,
            name: context.call.name,
            method: context.request.method.clone(),
            path: path_without_cursor(context.request.path()),
            class: context.call.properties.class,
            attempts,
            decisive,
            body: Bytes::new(),
            elapsed,
            limit,
            own_limits: context.call.own_limits(),
            dropped: context.attempts.dropped(),
            source: None,
            resolution: None,
            owner: context.call.owner().cloned(),
            excerpt: None,
            ticket: None,
            unsupported: None,
        }))
    }

    /// Creates the error of a call that ended for a reason outside of its attempts.
    pub(crate) fn cancelled(context: &CallContext, kind: ErrorKind, source: Option<BoxError>) -> Self {
        let stopped_by =
            if kind == ErrorKind::DeadlineExceeded { StoppedBy::Deadline } else { StoppedBy::NotRetryable };
        context.cancel(kind);
        let mut error = Self::from_attempts(context, stopped_by);
        if let Some(hedge) = context.hedge() {
            hedge.cancel(kind);
            error = error.with_hedge(&hedge);
        }
        error.0.kind = kind;
        error.0.source = source;
        error
    }

    /// Creates the error of a call of which nothing was sent.
    fn unsent(call: &Call, method: Method, path: String, kind: ErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            outcome: Outcome::NotExecuted,
            stopped_by: StoppedBy::NotRetryable,
            name: call.name,
            method,
            path,
            class: call.properties.class,
            attempts: Vec::new(),
            decisive: None,
            body: Bytes::new(),
            elapsed: Duration::ZERO,
            limit: Duration::ZERO,
            own_limits: OwnLimits::default(),
            dropped: 0,
            source: None,
            resolution: None,
            owner: None,
            excerpt: None,
            ticket: None,
            unsupported: None,
        }))
    }

    /// Creates the error of a request that could not be built.
    #[doc(hidden)] // for the crate `arango`
    pub fn request(call: &Call, method: Method, path: &str, source: BuildError) -> Self {
        let mut error = Self::unsent(call, method, path.to_owned(), ErrorKind::Request);
        error.0.source = Some(source.into());
        error
    }

    /// Creates the error of an operation that requires a named coordinator.
    #[doc(hidden)] // for the crate `arango`
    pub fn needs_coordinator(call: &Call, method: Method, path: &str) -> Self {
        Self::unsent(call, method, path.to_owned(), ErrorKind::NeedsCoordinator)
    }

    /// Creates the error of an operation that all coordinators are known to lack.
    pub(crate) fn unsupported_by_all(context: &CallContext, unsupported: Unsupported) -> Self {
        let path = path_without_cursor(context.request.path());
        let method = context.request.method.clone();
        let mut error = Self::unsent(&context.call, method, path, ErrorKind::NotSupported);
        (error.0.elapsed, error.0.limit) = times(context);
        error.0.unsupported = Some(Box::new(unsupported));
        error
    }

    /// Marks the error as caused by a single server.
    ///
    /// The call needs a cluster.
    ///
    /// The outcome stays as it is.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn with_not_a_cluster(mut self) -> Self {
        self.0.kind = ErrorKind::NotACluster;
        self
    }

    /// Creates the error of a call that began after the client was closed.
    pub(crate) fn closed(call: &Call, method: Method, path: String) -> Self {
        Self::unsent(call, method, path, ErrorKind::ClientClosed)
    }

    /// Creates the error of a request whose runtime was shut down, or that there is no runtime for.
    #[doc(hidden)] // for the crate `arango`
    pub fn without_runtime(call: &Call, method: Method, path: &str, outcome: Outcome) -> Self {
        let mut error = Self::unsent(call, method, path.to_owned(), ErrorKind::NoRuntime);
        error.0.outcome = outcome;
        error
    }

    /// Creates the error of a call that is not sent, because of what is known about the state that it needs.
    #[doc(hidden)] // for the crate `arango`
    pub fn not_sent(call: &Call, method: Method, path: &str, kind: ErrorKind, reason: &'static str) -> Self {
        let mut error = Self::unsent(call, method, path.to_owned(), kind);
        error.0.source = Some(reason.into());
        error
    }

    /// Creates the error of a call that was executed, with another output than the caller expects.
    #[doc(hidden)] // for the crate `arango`
    pub fn unexpected_output(
        call: &Call,
        method: Method,
        path: &str,
        coordinator: Option<Coordinator>,
        reason: impl Into<BoxError>,
    ) -> Self {
        let mut attempt = Attempt::new(ErrorKind::Decode, Outcome::Executed, Phase::Body);
        attempt.coordinator = coordinator;
        attempt.source = Some(Arc::from(reason.into()));
        let mut error = Self::unsent(call, method, path.to_owned(), ErrorKind::Decode);
        error.0.outcome = Outcome::Executed;
        error.0.attempts.push(attempt);
        error.0.decisive = Some(0);
        error
    }

    /// Creates the error of a call whose last attempt was answered.
    pub(crate) fn with_response(context: &CallContext, attempt: Attempt) -> Self {
        let mut attempts = context.attempts.failed();
        let kind = attempt.kind;
        attempts.push(attempt);
        let last = attempts.len() - 1;
        let mut error = Self::with_attempts(context, attempts, StoppedBy::NotRetryable);
        error.0.kind = kind;
        error.0.decisive = Some(last);
        error
    }

    /// Creates the error of a request that middleware created without copying the extensions.
    pub(crate) fn missing_extensions(method: Method, path: String) -> Self {
        let mut error = Self::unsent(&Call::from_method(&method), method, path, ErrorKind::Middleware);
        error.0.source = Some(MISSING_EXTENSIONS.into());
        error
    }

    /// Adds the failed attempts and the outcome of the hedged attempt.
    #[must_use]
    pub(crate) fn with_hedge(mut self, hedge: &CallContext) -> Self {
        self.0.outcome = self.0.outcome.max(hedge.worst_outcome());
        // Appended, so that the index of the decisive attempt stays valid, and added only once.
        self.0.attempts.retain(|attempt| !attempt.hedge);
        self.0.attempts.extend(hedge.attempts.failed());
        self
    }

    /// Raises the outcome if more may have happened than was known before.
    #[must_use]
    pub(crate) fn raise_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = self.0.outcome.max(outcome);
        self
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = body;
        self
    }
}

/// Returns the time that a call has taken, and its limit: of the whole call, if this is the rest of one.
fn times(context: &CallContext) -> (Duration, Duration) {
    let earlier = context.call.earlier_time();
    (context.started.elapsed() + earlier, context.limit.saturating_add(earlier))
}

/// Returns the index of the attempt that explains the failure best.
///
/// A certificate failure comes first, because only configuration fixes it. Then a response outweighs a broken
/// connection, and an unknown outcome outweighs a known one. A coordinator that lacks the operation explains least: others
/// may have it. Among equals the last attempt wins.
fn decisive(attempts: &[Attempt]) -> Option<usize> {
    let weight = |attempt: &Attempt| {
        let is_permanent = attempt.kind == ErrorKind::TlsCertificate;
        let is_supported = attempt.unsupported.is_none();
        (is_permanent, is_supported, attempt.status.is_some(), attempt.outcome == Outcome::Unknown)
    };
    (0..attempts.len()).max_by_key(|&index| (weight(&attempts[index]), index))
}

/// Returns whether several coordinators were tried and none could be reached.
fn no_coordinator_available(attempts: &[Attempt]) -> bool {
    let unreached = |attempt: &Attempt| {
        matches!(
            attempt.kind,
            ErrorKind::Dns | ErrorKind::ConnectRefused | ErrorKind::ConnectTimeout | ErrorKind::TlsHandshake
        )
    };
    attempts.iter().all(unreached)
        && attempts.iter().any(|attempt| attempt.coordinator != attempts[0].coordinator)
}
