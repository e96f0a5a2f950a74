//! The span of each call.

use std::task::{Context, Poll};

use tower::{Layer, Service};

use crate::call::call_request::CallRequest;
use crate::error::Error;
use crate::pool::body::AttemptResponse;
use crate::telemetry::trace;
use crate::types::boxed::MaybeBoxed;

/// Makes [`Trace`] services.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TraceLayer;

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Trace { inner }
    }
}

/// Runs each call in its span, and records its result there.
///
/// Outermost: the span contains what the caller waits for.
#[derive(Debug, Clone)]
pub(crate) struct Trace<S> {
    inner: S,
}

impl<S, F> Service<CallRequest> for Trace<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error, Future = MaybeBoxed<F>>,
    F: Future<Output = Result<AttemptResponse, Error>> + Send + 'static,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = MaybeBoxed<F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: CallRequest) -> Self::Future {
        let span = trace::span(&request.context);
        if span.is_disabled() {
            return self.inner.call(request);
        }
        let response = span.in_scope(|| self.inner.call(request));
        MaybeBoxed::Boxed { future: Box::pin(trace::call(span, response)) }
    }
}
