//! Who asks, written on each attempt.

use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use tower::{Layer, Service};

use crate::{Credentials, Outgoing};

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

impl<S> Service<Outgoing> for Auth<S>
where
    S: Service<Outgoing>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut outgoing: Outgoing) -> S::Future {
        let of_call = outgoing.plan().record.call.credentials.as_ref();
        if let Some(value) = of_call.unwrap_or(&self.credentials).authorization().cloned() {
            let headers = outgoing.request_mut().headers_mut();
            if !headers.contains_key(AUTHORIZATION) {
                headers.insert(AUTHORIZATION, value);
            }
        }
        self.inner.call(outgoing)
    }
}
