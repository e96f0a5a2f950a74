//! The services of one coordinator, as one type.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::Service;

use crate::call::attempt_request::AttemptRequest;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::{SendAttempt, SingleAttempt};
use crate::pool::body::AttemptResponse;
use crate::types::boxed::BoxFuture;

/// Sends attempts to one coordinator, with middleware or without.
///
/// The types of the services below end here, where the future of an attempt is boxed anyway. Otherwise they would be a part
/// of the type of each service above, which debug information repeats.
#[derive(Clone)]
pub(crate) struct AtCoordinator(Arc<dyn StartAttempt>);

impl AtCoordinator {
    pub(crate) fn new(attempt: SingleAttempt<impl SendAttempt>) -> Self {
        Self(Arc::new(attempt))
    }
}

impl Service<AttemptRequest> for AtCoordinator {
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    // What an attempt waits for is a part of it, so that its limit covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: AttemptRequest) -> Self::Future {
        self.0.start(request)
    }
}

impl fmt::Debug for AtCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtCoordinator").finish_non_exhaustive()
    }
}

/// What [`AtCoordinator`] contains.
trait StartAttempt: Send + Sync {
    fn start(&self, request: AttemptRequest) -> BoxFuture<'static, Result<AttemptResponse, AttemptError>>;
}

impl<S: SendAttempt> StartAttempt for SingleAttempt<S> {
    fn start(&self, request: AttemptRequest) -> BoxFuture<'static, Result<AttemptResponse, AttemptError>> {
        self.start(request)
    }
}
