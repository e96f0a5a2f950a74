//! The last layer above the pool: completes requests before they are sent.

use std::future::ready;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue};
use tower::{Layer, Service};

use crate::call::attempt_request::{AttemptRequest, AttemptResponse};
use crate::compression::compressor::Compression;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::pool::Pool;
use crate::types::boxed::BoxFuture;
use crate::types::outcome::Outcome;
use crate::types::path_prefix;

/// Names the client to servers, which use it only in their logs.
const DRIVER: HeaderName = HeaderName::from_static("x-arango-driver");
static DRIVER_VALUE: HeaderValue = HeaderValue::from_static(concat!("arango-rs/", env!("CARGO_PKG_VERSION")));

/// Makes [`Finalize`] services.
#[derive(Debug, Clone)]
pub(crate) struct FinalizeLayer {
    compression: Compression,
}

impl FinalizeLayer {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression }
    }
}

impl<S> Layer<S> for FinalizeLayer {
    type Service = Finalize<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Finalize { inner, compression: self.compression }
    }
}

/// Adds the driver header and the coordinator's path prefix, and compresses the body.
///
/// Layers above it see uncompressed bodies and plain paths. The connection adds the authority of the
/// coordinator.
#[derive(Debug, Clone)]
pub(crate) struct Finalize<S> {
    inner: S,
    compression: Compression,
}

impl Service<AttemptRequest> for Finalize<Pool> {
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut outgoing: AttemptRequest) -> Self::Future {
        match self.prepare(&mut outgoing) {
            Ok(()) => self.inner.call(outgoing),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

impl Finalize<Pool> {
    /// Completes a request that is sent without this service.
    ///
    /// # Errors
    ///
    /// If the path is too long together with the coordinator's path prefix.
    pub(crate) fn prepare(&self, outgoing: &mut AttemptRequest) -> Result<(), AttemptError> {
        let prefix = self.inner.coordinator().path_prefix();
        if !prefix.is_empty() {
            let uri = outgoing.request_mut().uri_mut();
            *uri = path_prefix::prepend(prefix, uri).ok_or_else(too_long)?;
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
        .with_source("the path is too long together with the coordinator's path prefix")
}
