//! Adapters around the user's middleware for attempts.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tower::{Service, ServiceExt};

use crate::call::attempt_request::{AttemptPlan, AttemptRequest, AttemptResponse};
use crate::call::body::Body;
use crate::error::MISSING_EXTENSIONS;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::layers::middleware::{AttemptService, MiddlewareBody, MiddlewareService};
use crate::types::boxed::BoxFuture;
use crate::types::framing;
use crate::types::outcome::Outcome;

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
#[derive(Debug, Clone)]
pub(crate) struct IntoHttp(pub(super) AttemptService);

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
pub(super) struct FromHttp<S> {
    pub(super) inner: S,
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
        plan.context.progress.set_request_encodings(request.headers());
        let response = self.inner.call(AttemptRequest::new(plan, request));
        Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(AttemptError::new(ErrorKind::NoRuntime, Outcome::NotExecuted, Phase::Waiting));
            }
            response.await.map(|response| *response)
        })
    }
}
