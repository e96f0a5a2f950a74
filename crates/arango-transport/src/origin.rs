//! From what the layers speak of to what is sent: the last layer above the pool.

use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue};
use tower::{Layer, Service};

use crate::Outgoing;
use crate::compression::Compression;

/// Tells servers who asks, for their logs and nothing else.
const DRIVER: HeaderName = HeaderName::from_static("x-arango-driver");
static DRIVER_VALUE: HeaderValue = HeaderValue::from_static(concat!("arango-rs/", env!("CARGO_PKG_VERSION")));

/// Makes [`Origin`] services.
#[derive(Debug, Clone)]
pub(crate) struct OriginLayer {
    compression: Compression,
}

impl OriginLayer {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression }
    }
}

impl<S> Layer<S> for OriginLayer {
    type Service = Origin<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Origin { inner, compression: self.compression }
    }
}

/// Names the client in each request, and compresses what is to be. Everything above it speaks of bodies as they are,
/// and in paths alone: the connection names the coordinator, in its own terms.
#[derive(Debug, Clone)]
pub(crate) struct Origin<S> {
    inner: S,
    compression: Compression,
}

impl<S> Service<Outgoing> for Origin<S>
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
        self.prepare(&mut outgoing);
        self.inner.call(outgoing)
    }
}

impl<S> Origin<S> {
    /// Makes a request ready that passes by another way than the service.
    pub(crate) fn prepare(&self, outgoing: &mut Outgoing) {
        let headers = outgoing.request_mut().headers_mut();
        headers.insert(DRIVER, DRIVER_VALUE.clone());
        self.compression.prepare(outgoing);
    }
}
