//! Who asks, written on each attempt.

use std::task::{Context, Poll};

use http::Request;
use http::header::AUTHORIZATION;
use tower::{Layer, Service};

use crate::Credentials;
use crate::record::AttemptPlan;

/// Makes [`Auth`] services.
#[derive(Debug, Clone)]
pub(crate) struct AuthLayer(Credentials);

impl AuthLayer {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self(credentials)
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth { inner, credentials: self.0.clone() }
    }
}

/// Adds the credentials of the call, else those of the client, unless the request brings its own.
#[derive(Debug, Clone)]
pub(crate) struct Auth<S> {
    inner: S,
    credentials: Credentials,
}

impl<S, B> Service<Request<B>> for Auth<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let of_call = request
            .extensions()
            .get::<AttemptPlan>()
            .and_then(|plan| plan.record.call.authorization.as_ref());
        if let Some(value) = of_call.or(self.credentials.authorization()).cloned() {
            request.headers_mut().entry(AUTHORIZATION).or_insert(value);
        }
        self.inner.call(request)
    }
}
