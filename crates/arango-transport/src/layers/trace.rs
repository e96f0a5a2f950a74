//! The span of each call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::Span;

use crate::call::call_request::CallRequest;
use crate::error::Error;
use crate::pool::body::AttemptResponse;
use crate::telemetry::trace;

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

impl<S> Service<CallRequest> for Trace<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error>,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: CallRequest) -> Self::Future {
        let span = trace::span(&request.context);
        let response = span.in_scope(|| self.inner.call(request));
        ResponseFuture { response, span: trace::boxed(span) }
    }
}

pin_project! {
    /// Response future of [`Trace`].
    pub(crate) struct ResponseFuture<F> {
        #[pin]
        response: F,
        // `None` if nothing records it.
        span: Option<Box<Span>>,
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<AttemptResponse, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(span) = this.span else { return this.response.poll(cx) };
        let _entered = span.enter();
        let result = ready!(this.response.poll(cx));
        trace::ended(span, result.as_ref().map(|response| response.status()));
        Poll::Ready(result)
    }
}
