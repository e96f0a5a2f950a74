//! From what the layers speak of to what is sent: the last layer above the pool.

use std::future::ready;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue};
use tower::{Layer, Service};

use crate::attempt_error::AttemptError;
use crate::compression::Compression;
use crate::connect::BoxFuture;
use crate::failed_attempt::Phase;
use crate::outgoing::Incoming;
use crate::pool::Pool;
use crate::{ErrorKind, Outcome, Outgoing, path_prefix};

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

/// Names the client in each request, puts the coordinator's prefix before its path, and compresses what is to be. Everything above it speaks of bodies as they are,
/// and in paths alone: the connection names the coordinator, in its own terms.
#[derive(Debug, Clone)]
pub(crate) struct Origin<S> {
    inner: S,
    compression: Compression,
}

impl Service<Outgoing> for Origin<Pool> {
    type Response = Incoming;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Incoming, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut outgoing: Outgoing) -> Self::Future {
        match self.prepare(&mut outgoing) {
            Ok(()) => self.inner.call(outgoing),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

impl Origin<Pool> {
    /// Makes a request ready that passes by another way than the service.
    ///
    /// # Errors
    ///
    /// If its path is too long with the prefix of the coordinator before it.
    pub(crate) fn prepare(&self, outgoing: &mut Outgoing) -> Result<(), AttemptError> {
        let prefix = self.inner.coordinator().path_prefix();
        if !prefix.is_empty() {
            let uri = outgoing.request_mut().uri_mut();
            *uri = path_prefix::before(prefix, uri).ok_or_else(too_long)?;
        }
        let headers = outgoing.request_mut().headers_mut();
        headers.insert(DRIVER, DRIVER_VALUE.clone());
        self.compression.prepare(outgoing);
        Ok(())
    }
}

#[cold]
fn too_long() -> AttemptError {
    AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting)
        .because("its path is too long with the coordinator's prefix before it")
}
