//! Adapters around the user's middleware for attempts.

use std::sync::Arc;
use std::task::{Context, Poll};

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::time::timeout_at;
use tower::{Layer, Service, ServiceExt};

use crate::call::attempt_request::{AttemptPlan, AttemptRequest};
use crate::call::context::CallContext;
use crate::error::MISSING_EXTENSIONS;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::SendAttempt;
use crate::layers::middleware::{AttemptService, Middleware, MiddlewareBody, MiddlewareService};
use crate::pool::body::{AttemptResponse, Body};
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;
use crate::types::framing;

/// Wraps attempts at one coordinator in the user's middleware.
#[derive(Debug, Clone)]
pub(crate) struct AttemptMiddlewareLayer {
    middleware: Middleware,
    coordinator: Coordinator,
}

impl AttemptMiddlewareLayer {
    /// Returns the layer; `None` without middleware for attempts.
    pub(crate) fn new(middleware: &Middleware, coordinator: &Coordinator) -> Option<Self> {
        let (middleware, coordinator) = (middleware.clone(), coordinator.clone());
        (!middleware.attempts.is_empty()).then_some(Self { middleware, coordinator })
    }
}

impl<S: SendAttempt> Layer<S> for AttemptMiddlewareLayer {
    type Service = IntoHttp;

    fn layer(&self, inner: S) -> Self::Service {
        let exit = AttemptService::new(FromHttp { inner });
        let layers = self.middleware.attempts.iter().rev();
        IntoHttp(layers.fold(exit, |inner, wrap| wrap(&self.coordinator, inner)))
    }
}

/// Adapter for middleware around attempts.
#[derive(Debug, Clone)]
pub(super) struct ForAttempts<S>(pub(super) S);

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
///
/// It ends the attempt at its deadline, because middleware may never respond.
#[derive(Debug, Clone)]
pub(crate) struct IntoHttp(pub(super) AttemptService);

impl SendAttempt for IntoHttp {
    async fn send(
        self,
        attempt: AttemptRequest,
        context: &CallContext,
    ) -> Result<AttemptResponse, AttemptError> {
        let (plan, mut request) = attempt.into_parts();
        let deadline = plan.deadline;
        request.extensions_mut().insert(plan);
        match timeout_at(deadline, self.0.oneshot(request)).await {
            Ok(response) => response.map(Box::new),
            Err(_) => Err(timed_out(context)),
        }
    }
}

/// Returns the error of an attempt that timed out, by the phase it had reached.
fn timed_out(context: &CallContext) -> AttemptError {
    let phase = context.progress.phase();
    let kind = match phase {
        Phase::Acquire => ErrorKind::PoolExhausted,
        Phase::Connect | Phase::Tls => ErrorKind::ConnectTimeout,
        Phase::Waiting | Phase::Sent | Phase::Body => ErrorKind::AttemptTimeout,
    };
    AttemptError::new(kind, Outcome::NotExecuted, phase)
}

/// The exit from middleware around attempts: restores the plan from the request's extensions.
#[derive(Debug, Clone)]
struct FromHttp<S> {
    inner: S,
}

impl<S: SendAttempt> Service<Request<Full<Bytes>>> for FromHttp<S> {
    type Response = Response<Body>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Body>, AttemptError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let Some(plan) = request.extensions_mut().remove::<AttemptPlan>() else {
            let error = AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(error.with_source(MISSING_EXTENSIONS))));
        };
        if let Err(error) = framing::reject(request.uri().authority().is_some(), Some(request.headers())) {
            let invalid = AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(invalid.with_source(error))));
        }
        plan.context.progress.set_request_encodings(request.headers());
        let (inner, context) = (self.inner.clone(), Arc::clone(&plan.context));
        let attempt = AttemptRequest::new(plan, request);
        Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(AttemptError::new(ErrorKind::NoRuntime, Outcome::NotExecuted, Phase::Waiting));
            }
            inner.send(attempt, &context).await.map(|response| *response)
        })
    }
}
