//! The user's middleware for calls, as one layer: entry, deadline, adapters and exit.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::time::timeout_at;
use tower::{Layer, Service, ServiceExt};

use crate::call::Call;
use crate::call::call_request::CallRequest;
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::call::settings::SharedSettings;
use crate::error::Error;
use crate::error::attempt::{Attempt, Phase};
use crate::layers::middleware::{CallService, Middleware, MiddlewareBody, MiddlewareService};
use crate::pool::body::{AttemptResponse, Body, Interrupted};
use crate::types::boxed::{BoxFuture, MaybeBoxed};

/// Makes [`CallMiddleware`] services.
#[derive(Debug)]
pub(crate) struct CallMiddlewareLayer {
    middleware: Middleware,
    settings: SharedSettings,
}

impl CallMiddlewareLayer {
    pub(crate) fn new(middleware: &Middleware, settings: &SharedSettings) -> Self {
        Self { middleware: middleware.clone(), settings: settings.clone() }
    }
}

impl<S> Layer<S> for CallMiddlewareLayer
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Service = CallMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        if self.middleware.calls.is_empty() {
            return CallMiddleware::Absent(inner);
        }
        let exit = CallService::new(FromHttp { inner, settings: self.settings.clone() });
        let layers = self.middleware.calls.iter().rev();
        CallMiddleware::Present(layers.fold(exit, |inner, wrap| wrap(inner)))
    }
}

/// Sends each call through the user's middleware, and ends it at its deadline.
///
/// The context travels in the request's extensions. The deadline is enforced here, so that middleware that never
/// responds cannot block the caller; the layers below check the same deadline at each step, without another timer.
#[derive(Debug, Clone)]
pub(crate) enum CallMiddleware<S> {
    /// Calls are passed on.
    Absent(S),
    Present(CallService),
}

impl<S, F> Service<CallRequest> for CallMiddleware<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error, Future = MaybeBoxed<F>>,
    F: Future<Output = Result<AttemptResponse, Error>> + Send + 'static,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = MaybeBoxed<F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Absent(inner) => inner.poll_ready(cx),
            Self::Present(middleware) => middleware.poll_ready(cx),
        }
    }

    fn call(&mut self, request: CallRequest) -> Self::Future {
        match self {
            Self::Absent(inner) => inner.call(request),
            Self::Present(middleware) => MaybeBoxed::Boxed { future: send(middleware, request.context) },
        }
    }
}

/// Sends a call through the user's middleware.
// Not inlined, so that a call without middleware stays small.
#[inline(never)]
fn send(
    middleware: &mut CallService,
    context: Arc<CallContext>,
) -> BoxFuture<'static, Result<AttemptResponse, Error>> {
    let mut request = context.request.request();
    request.extensions_mut().insert(Arc::clone(&context));
    let response = middleware.call(request);
    Box::pin(async move {
        let ending = CallEnd(&context);
        let result = match timeout_at(context.deadline, buffered(response, &context)).await {
            Ok(result) => result,
            Err(_) => Err(Error::cancelled(&context, ErrorKind::DeadlineExceeded, None)),
        };
        drop(ending);
        // Everything sent until now counts, including requests sent by middleware.
        match result {
            Ok(response) => Ok(Box::new(response)),
            Err(error) => Err(error.raise_outcome(context.worst_outcome())),
        }
    })
}

/// Buffers a body that middleware returned, within the limits of the call.
async fn buffered(
    response: impl Future<Output = Result<Response<Body>, Error>>,
    context: &CallContext,
) -> Result<Response<Body>, Error> {
    let mut response = response.await?;
    if context.call.streaming {
        return Ok(response);
    }
    let (status, limits) = (response.status(), &context.settings.limits);
    match response.body_mut().buffer(limits.body_bytes, limits.body_idle, context.deadline).await {
        Ok(()) => Ok(response),
        Err(interrupted) => Err(body_interrupted(context, status, interrupted)),
    }
}

/// Returns the error of a response whose body broke off above the attempt layer.
fn body_interrupted(context: &CallContext, status: StatusCode, interrupted: Interrupted) -> Error {
    let outcome = context.worst_outcome().max(Outcome::Unknown);
    let mut attempt = Attempt::new(interrupted.kind, outcome, Phase::Body);
    attempt.coordinator = context.attempts.coordinator();
    attempt.status = Some(status);
    attempt.source = interrupted.source.map(Into::into);
    Error::with_response(context, attempt)
}

/// Ends all attempts of a call, also if its future is dropped.
///
/// Middleware may have moved requests to other tasks, and those must not be sent any more.
struct CallEnd<'a>(&'a CallContext);

impl Drop for CallEnd<'_> {
    fn drop(&mut self) {
        self.0.progress.sends.end_all();
    }
}

/// Adapter for middleware around whole calls.
#[derive(Debug, Clone)]
pub(super) struct ForCalls<S>(pub(super) S);

impl<S, B> Service<Request<Full<Bytes>>> for ForCalls<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + MiddlewareService<B>,
    B: MiddlewareBody,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    // Waiting for readiness is part of the call, so the deadline covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        // The context is needed when the layer returns an error: the request is consumed by then, but the
        // context shows how far it got. Without a context the request belongs to no known call, and the
        // transport later raises the outcome of the error to what is known.
        let context = request.extensions().get::<Arc<CallContext>>().cloned();
        let context = context.unwrap_or_else(|| CallContext::untracked(&request, Duration::ZERO));
        let inner = self.0.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => Ok(response.map(Body::from_foreign)),
                Err(error) => match error.into().downcast::<Error>() {
                    Ok(ours) => Err(*ours),
                    Err(foreign) => Err(Error::cancelled(&context, ErrorKind::Middleware, Some(foreign))),
                },
            }
        })
    }
}

/// The exit from middleware: restores the context from the request's extensions.
#[derive(Debug, Clone)]
struct FromHttp<S> {
    inner: S,
    settings: SharedSettings,
}

impl<S> FromHttp<S> {
    /// Returns the call that a request of middleware belongs to.
    fn call_request(&self, template: ReplayableRequest) -> Result<CallRequest, Error> {
        let path = || template.path().to_owned();
        let context = match (template.extension::<Arc<CallContext>>(), template.extension::<Call>()) {
            (Some(context), _) => {
                template.headers().iter().for_each(|headers| context.progress.set_request_encodings(headers));
                Arc::clone(context)
            }
            // A request that middleware created, with its own call metadata.
            (None, Some(call)) => {
                let settings = self.settings.load();
                settings.untracked.add_one();
                CallContext::new(call.clone(), ReplayableRequest::from(template.request()), settings)
            }
            // Its class, coordinator and credentials are missing, so it cannot be sent.
            (None, None) => return Err(Error::missing_extensions(template.method.clone(), path())),
        };
        if let Err(error) = template.reject_framing() {
            return Err(Error::request(&context.call, template.method.clone(), template.path(), error));
        }
        Ok(CallRequest::from_middleware(context, template))
    }
}

impl<S> Service<Request<Full<Bytes>>> for FromHttp<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let request = self.call_request(ReplayableRequest::from(request));
        let inner = self.inner.clone();
        Box::pin(async move {
            let request = request?;
            if Handle::try_current().is_err() {
                let (template, call) = (request.template(), &request.context.call);
                return Err(Error::without_runtime(
                    call,
                    template.method.clone(),
                    template.path(),
                    Outcome::NotExecuted,
                ));
            }
            inner.oneshot(request).await.map(|response| *response)
        })
    }
}
