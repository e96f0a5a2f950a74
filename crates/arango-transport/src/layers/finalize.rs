//! The last layer above the pool: completes requests before they are sent.

use arango_protocol::{ErrorKind, Outcome};
use tower::Layer;

use crate::call::attempt_request::AttemptRequest;
use crate::call::context::CallContext;
use crate::compression::compressor::Compression;
use crate::compression::decode;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::SendAttempt;
use crate::pool::Pool;
use crate::pool::body::AttemptResponse;
use crate::types::path_prefix;

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
/// Adds the coordinator's path prefix, and compresses the body. Layers above it see plain paths and uncompressed bodies.
/// The connection adds the authority of the coordinator, and the name of the client.
#[derive(Debug, Clone)]
pub(crate) struct Finalize {
    pool: Pool,
    compression: Compression,
}

impl SendAttempt for Finalize {
    // Everything is in the block, because a large future that is returned is copied.
    #[expect(clippy::manual_async_fn, reason = "an async function stores its arguments twice")]
    fn send(
        self,
        mut request: AttemptRequest,
        context: &CallContext,
    ) -> impl Future<Output = Result<AttemptResponse, AttemptError>> + Send {
        async move {
            self.complete(&mut request)?;
            decode::decode_response(self.pool.send(request, context).await?, context)
        }
    }
}

impl Finalize {
    /// Completes a request.
    ///
    /// # Errors
    ///
    /// If the path is too long together with the coordinator's path prefix.
    #[inline]
    fn complete(&self, request: &mut AttemptRequest) -> Result<(), AttemptError> {
        let prefix = self.pool.coordinator().path_prefix();
        if !prefix.is_empty() {
            let uri = request.request_mut().uri_mut();
            *uri = path_prefix::prepend(prefix, uri).ok_or_else(too_long)?;
        }
        self.compression.prepare(request);
        Ok(())
    }
}

#[cold]
fn too_long() -> AttemptError {
    AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting)
        .with_source("the path is too long together with the coordinator's path prefix")
}
