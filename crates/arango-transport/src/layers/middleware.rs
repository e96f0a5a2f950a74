//! Middleware: tower layers supplied by the user.
//!
//! Response bodies and errors of middleware are converted to this crate's types here. The services that
//! middleware wraps are always ready.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tower::util::{BoxCloneSyncService, Either};
use tower::{Layer, Service, ServiceExt};

use crate::call::attempt_request::{AttemptPlan, AttemptRequest, AttemptResponse};
use crate::call::body::Body;
use crate::call::context::CallContext;
use crate::call::untracked_requests::UntrackedRequests;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::error::{Error, MISSING_EXTENSIONS};
use crate::types::boxed::{BoxError, BoxFuture};
use crate::types::coordinator::Coordinator;
use crate::types::framing;
use crate::types::outcome::Outcome;

/// The service that a layer given to [`layer`](crate::TransportBuilder::layer) wraps: whole calls.
pub type CallService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, Error>;

/// The service that a layer given to [`attempt_layer`](crate::TransportBuilder::attempt_layer) wraps:
/// attempts at one coordinator.
pub type AttemptService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, AttemptError>;

/// The service that middleware must produce: cloneable, shareable, over whole requests.
///
/// Implemented for every service that satisfies the bounds.
#[diagnostic::on_unimplemented(
    message = "the layer's service cannot be used as middleware",
    note = "it must be `Clone + Send + Sync + 'static`, take a `Request<Full<Bytes>>`, and return a \
            `Response<B>` or an error that can be boxed"
)]
pub trait MiddlewareService<B>:
    Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S, B> MiddlewareService<B> for S where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The body that middleware may return: any body of bytes.
///
/// Implemented for every body that satisfies the bounds.
pub trait MiddlewareBody: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

impl<B> MiddlewareBody for B where B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

type CallMiddleware = Arc<dyn Fn(CallService) -> CallService + Send + Sync>;
type AttemptMiddleware = Arc<dyn Fn(&Coordinator, AttemptService) -> AttemptService + Send + Sync>;

/// The user's middleware, the outermost layer first.
#[derive(Clone, Default)]
pub(crate) struct Middleware {
    calls: Vec<CallMiddleware>,
    attempts: Vec<AttemptMiddleware>,
    /// Requests that middleware created, over all layers.
    pub(crate) untracked: UntrackedRequests,
}

impl Middleware {
    pub(crate) fn add_call<L, B>(&mut self, layer: L)
    where
        L: Layer<CallService, Service: MiddlewareService<B>> + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.calls.push(Arc::new(move |inner| CallService::new(ForCalls(layer.layer(inner)))));
    }

    pub(crate) fn add_attempt<F, L, B>(&mut self, layer: F)
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: MiddlewareService<B>>,
        B: MiddlewareBody,
    {
        self.attempts.push(Arc::new(move |coordinator, inner| {
            AttemptService::new(ForAttempts(layer(coordinator).layer(inner)))
        }));
    }

    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Wraps `service` in the middleware for calls.
    pub(crate) fn wrap_calls(&self, service: CallService) -> CallService {
        self.calls.iter().rev().fold(service, |inner, wrap| wrap(inner))
    }

    /// Wraps `service` in the middleware for attempts at `coordinator`, if there is any.
    pub(crate) fn wrap_attempts<S>(&self, coordinator: &Coordinator, service: S) -> Either<IntoHttp, S>
    where
        S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        if self.attempts.is_empty() {
            return Either::Right(service);
        }
        let inner = AttemptService::new(FromHttp { inner: service });
        Either::Left(IntoHttp(self.attempts.iter().rev().fold(inner, |inner, wrap| wrap(coordinator, inner))))
    }
}

impl fmt::Debug for Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Middleware")
            .field("calls", &self.calls.len())
            .field("attempts", &self.attempts.len())
            .finish_non_exhaustive()
    }
}

/// Adapter for middleware around whole calls.
#[derive(Debug, Clone)]
struct ForCalls<S>(S);

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

/// Adapter for middleware around attempts.
#[derive(Debug, Clone)]
struct ForAttempts<S>(S);

impl<S, B> Service<Request<Full<Bytes>>> for ForAttempts<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + MiddlewareService<B>,
    B: MiddlewareBody,
{
    type Response = Response<Body>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Body>, AttemptError>>;

    // Waiting for readiness is part of the call, so the attempt's limit covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => Ok(response.map(Body::from_foreign)),
                Err(error) => Err(AttemptError::from_foreign(error.into())),
            }
        })
    }
}

/// The entry into middleware around attempts: stores the plan in the request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct IntoHttp(AttemptService);

impl Service<AttemptRequest> for IntoHttp {
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, outgoing: AttemptRequest) -> Self::Future {
        let (plan, mut request) = outgoing.into_parts();
        request.extensions_mut().insert(plan);
        let response = self.0.call(request);
        Box::pin(async move { response.await.map(Box::new) })
    }
}

/// The exit from middleware around attempts: restores the plan from the request's extensions.
#[derive(Debug, Clone)]
struct FromHttp<S> {
    inner: S,
}

impl<S> Service<Request<Full<Bytes>>> for FromHttp<S>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Body>, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let Some(plan) = request.extensions_mut().remove::<AttemptPlan>() else {
            let error = AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(error.with_source(MISSING_EXTENSIONS))));
        };
        if let Err(error) = framing::reject_framing_headers(request.headers()) {
            let invalid = AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(invalid.with_source(error))));
        }
        plan.context.set_request_encodings(request.headers());
        let response = self.inner.call(AttemptRequest::new(plan, request));
        Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(AttemptError::new(ErrorKind::NoRuntime, Outcome::NotExecuted, Phase::Waiting));
            }
            response.await.map(|response| *response)
        })
    }
}
