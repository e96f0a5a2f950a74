//! The error type of single attempts, below the retry layer.

use std::fmt;
use std::sync::Arc;

use arango_balance::NoMember;
use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;

use crate::error::attempt::{Attempt, Phase};
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

/// The error of a single attempt.
///
/// This is the error type of the service that a layer passed to
/// [`attempt_layer`](crate::TransportBuilder::attempt_layer) wraps. The layer may return it, boxed or not,
/// or return a different error.
#[derive(Clone)]
pub struct AttemptError(Box<Repr>);

#[derive(Clone)]
struct Repr {
    attempt: Attempt,
    /// The body of an error response.
    body: Bytes,
}

impl AttemptError {
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome, phase: Phase) -> Self {
        Self::from_attempt(Attempt::new(kind, outcome, phase), Bytes::new())
    }

    /// Creates the error of a failed attempt with the body of its response.
    pub(crate) fn from_attempt(attempt: Attempt, body: Bytes) -> Self {
        Self(Box::new(Repr { attempt, body }))
    }

    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.attempt.source = Some(source.into().into());
        self
    }

    #[must_use]
    pub(crate) fn with_shared_source(mut self, source: Arc<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.attempt.source = Some(source);
        self
    }

    /// Converts the error of a custom layer.
    ///
    /// A boxed `AttemptError` is unboxed. Any other error becomes the source of a
    /// [`Middleware`](ErrorKind::Middleware) error; the attempt layer sets its outcome, because it knows how far the
    /// request got.
    pub(crate) fn from_foreign(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => *ours,
            Err(foreign) => {
                Self::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Waiting).with_source(foreign)
            }
        }
    }

    pub(crate) fn attempt(&self) -> &Attempt {
        &self.0.attempt
    }

    pub(crate) fn attempt_mut(&mut self) -> &mut Attempt {
        &mut self.0.attempt
    }

    /// Returns the failed attempt, and the body of its response.
    pub(crate) fn into_parts(self) -> (Attempt, Bytes) {
        let Repr { attempt, body } = *self.0;
        (attempt, body)
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.attempt.kind
    }

    /// Returns what is known about the execution of the request.
    pub fn outcome(&self) -> Outcome {
        self.0.attempt.outcome
    }

    /// Returns the coordinator of the attempt.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.0.attempt.coordinator.as_ref()
    }
}

impl From<NoMember> for AttemptError {
    fn from(none: NoMember) -> Self {
        let failed = |kind| Self::new(kind, Outcome::NotExecuted, Phase::Waiting);
        if none.was_pinned() {
            return failed(ErrorKind::UnknownCoordinator);
        }
        // There is always a candidate: a client has at least one coordinator.
        failed(ErrorKind::NoCoordinatorAvailable)
            .with_source("none was tried, because the load balancing policy picked none")
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.coordinator() {
            Some(coordinator) => write!(f, "{} ({coordinator})", self.0.attempt.kind),
            None => self.0.attempt.kind.fmt(f),
        }
    }
}

impl fmt::Debug for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.attempt.fmt(f)
    }
}

impl std::error::Error for AttemptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.attempt.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_error_displays_its_coordinator_and_its_kind() {
        let mut error = AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
        assert_eq!((error.coordinator(), error.to_string()), (None, ErrorKind::ConnectRefused.to_string()));
        let coordinator: Coordinator = "http://127.0.0.1:8529".parse().unwrap();
        error.attempt_mut().coordinator = Some(coordinator.clone());
        assert_eq!(error.coordinator(), Some(&coordinator));
        assert_eq!(error.to_string(), format!("{} (http://127.0.0.1:8529)", ErrorKind::ConnectRefused));
    }
}
