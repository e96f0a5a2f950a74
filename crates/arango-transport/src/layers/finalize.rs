//! The last layer above the pool: completes requests before they are sent.

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue};
use tower::{Layer, Service};

use crate::call::attempt_request::AttemptRequest;
use crate::compression::compressor::Compression;
use crate::compression::decode;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::pool::Pool;
use crate::pool::body::AttemptResponse;
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

impl Layer<Pool> for FinalizeLayer {
    type Service = Finalize;

    fn layer(&self, pool: Pool) -> Self::Service {
        Finalize { pool, compression: self.compression }
    }
}

/// Completes the request and decodes the response.
///
/// Adds the driver header and the coordinator's path prefix, and compresses the body. Layers above it see plain paths and
/// uncompressed bodies. The connection adds the authority of the coordinator.
#[derive(Debug, Clone)]
pub(crate) struct Finalize {
    pool: Pool,
    compression: Compression,
}

impl Service<AttemptRequest> for Finalize {
    type Response = AttemptResponse;
    type Error = AttemptError;
    // Boxed: it is large, and the layers above move it.
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    // Waiting for a permit is part of the call, so the attempt's limit covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: AttemptRequest) -> Self::Future {
        if let Err(error) = self.complete(&mut request) {
            return Box::pin(ready(Err(error)));
        }
        let (pool, context) = (self.pool.clone(), Arc::clone(&request.plan().context));
        Box::pin(async move { decode::decode_response(pool.send(request).await?, &context) })
    }
}

impl Finalize {
    /// Completes a request.
    ///
    /// # Errors
    ///
    /// If the path is too long together with the coordinator's path prefix.
    fn complete(&self, request: &mut AttemptRequest) -> Result<(), AttemptError> {
        let prefix = self.pool.coordinator().path_prefix();
        if !prefix.is_empty() {
            let uri = request.request_mut().uri_mut();
            *uri = path_prefix::prepend(prefix, uri).ok_or_else(too_long)?;
        }
        let headers = request.request_mut().headers_mut();
        headers.insert(DRIVER, DRIVER_VALUE.clone());
        self.compression.prepare(request);
        Ok(())
    }
}

#[cold]
fn too_long() -> AttemptError {
    AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting)
        .with_source("the path is too long together with the coordinator's path prefix")
}
