//! Compression of a large body, once per call.

use std::task::{Context, Poll};

use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

use crate::call::call_request::CallRequest;
use crate::compression::compressor::Compression;
use crate::error::Error;
use crate::pool::body::AttemptResponse;
use crate::types::boxed::MaybeBoxed;

/// Makes [`Compress`] services.
#[derive(Debug, Clone)]
pub(crate) struct CompressLayer {
    compression: Compression,
}

impl CompressLayer {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression }
    }
}

impl<S> Layer<S> for CompressLayer {
    type Service = Compress<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Compress { inner, compression: self.compression }
    }
}

/// Compresses a body that is too large to compress within one poll, before the first attempt.
///
/// Above retry: all attempts send the same compressed body. A small body is compressed by each attempt, below the
/// middleware, which sees it uncompressed.
#[derive(Debug, Clone)]
pub(crate) struct Compress<S> {
    inner: S,
    compression: Compression,
}

impl<S> Service<CallRequest> for Compress<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = MaybeBoxed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: CallRequest) -> Self::Future {
        if !self.compression.must_yield(request.template()) {
            return MaybeBoxed::Plain { future: self.inner.call(request) };
        }
        let (inner, compression) = (self.inner.clone(), self.compression);
        MaybeBoxed::Boxed {
            future: Box::pin(async move {
                compression.compress_ahead(&request.context, request.template()).await;
                request.now = Instant::now();
                inner.oneshot(request).await
            }),
        }
    }
}
