//! Compression of request bodies.

mod decoder;

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Method};
use http_body::Body as HttpBody;
use http_body_util::Full;
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::call::attempt_request::AttemptRequest;
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::compression::decode::Encoding;
use crate::credentials::Kind;
use crate::pool::body::{Body, UndecodableBody};

/// The number of bytes compressed before the task yields; takes one or two milliseconds.
const PIECE: usize = 64 << 10;

/// The default minimum size of compressed request bodies, in bytes.
const LEAST: usize = 1 << 10;

/// Configures the compression of request and response bodies.
///
/// Compression trades CPU time on both ends for network traffic, which pays off on slow or expensive links. Custom
/// layers only see uncompressed bodies.
///
/// **Requests** are compressed from a minimum size, and only if that makes them smaller. A body is compressed once per
/// call, not once per attempt. This takes tens of milliseconds per MiB, during which other tasks can run. Requests
/// without an `Authorization` header are never compressed: since 3.12 a server rejects them, unless authentication is
/// disabled, which a client cannot know. Therefore logins, and requests with
/// [`Credentials::none`](crate::Credentials::none), are not compressed.
///
/// **Responses** are requested in the same encoding. A server compresses them since 3.12, if its option
/// `--http.compress-response-threshold` is not 0, which is the default.
/// [`Limits::body_bytes`](crate::Limits::body_bytes) counts decompressed bytes. A response that cannot be decompressed
/// is a [`Decode`](crate::ErrorKind::Decode) error.
///
/// If a request has an `Accept-Encoding` header, its own or one set by a layer, the response is not decompressed.
///
/// ```
/// use arango_transport::{Compression, Transport};
///
/// let transport = Transport::builder("http://one:8529,http://two:8529")
///     .compression(Compression::deflate().requests_from(8 << 10))
///     .build()?;
/// # drop(transport);
/// # Ok::<(), arango_transport::InvalidSettings>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compression {
    /// `None` if compression is disabled.
    encoding: Option<Encoding>,
    /// The minimum size of compressed request bodies, in bytes; `None` if requests are not compressed.
    requests_from: Option<usize>,
}

impl Compression {
    /// Disables compression of requests and responses. The default.
    ///
    /// Responses that are compressed nevertheless are decompressed.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default()
    }

    /// Uses `deflate`, which every server version supports for requests and responses.
    #[must_use]
    pub fn deflate() -> Self {
        Self { encoding: Some(Encoding::Deflate), requests_from: Some(LEAST) }
    }

    /// Uses `gzip`, which adds a checksum and 12 bytes.
    ///
    /// Supported in responses since 3.12.
    #[must_use]
    pub fn gzip() -> Self {
        Self { encoding: Some(Encoding::Gzip), requests_from: Some(LEAST) }
    }

    /// Sets the minimum size of compressed request bodies, in bytes.
    ///
    /// Default: 1 KiB.
    #[must_use]
    pub fn requests_from(mut self, bytes: usize) -> Self {
        self.requests_from = Some(bytes);
        self
    }

    /// Disables the compression of requests, but not of responses.
    #[must_use]
    pub fn responses_only(mut self) -> Self {
        self.requests_from = None;
        self
    }

    /// Returns whether a body is so large that the task must yield while compressing it.
    pub(crate) fn must_yield(self, request: &ReplayableRequest) -> bool {
        self.encoding.is_some()
            && self.requests_from.is_some_and(|min| request.length() >= (min as u64).max(PIECE as u64 + 1))
            && request.header(&CONTENT_ENCODING).is_none()
    }

    /// Compresses the body of a call before its first attempt, and stops at its deadline.
    pub(crate) async fn compress_ahead(self, context: &CallContext, request: &ReplayableRequest) {
        if context.compressed.is_set() {
            // By the first attempt of a hedged call, or before the call was resumed.
            return;
        }
        if request.header(&AUTHORIZATION).is_none() && matches!(context.credentials().0, Kind::None) {
            // Requests without credentials are not compressed.
            return;
        }
        let plain = request.request().into_body().into_inner().unwrap_or_default();
        let Some(mut compressor) = self.encoding.map(|encoding| Compressor::new(encoding, plain.len()))
        else {
            return;
        };
        for piece in plain.chunks(PIECE) {
            if Instant::now() >= context.deadline {
                return;
            }
            compressor.write(piece);
            yield_now().await;
        }
        let compressed = Some(compressor.finish()).filter(|compressed| compressed.len() < plain.len());
        context.compressed.set(plain, compressed);
    }

    /// Sets the encoding headers of a request and compresses its body.
    pub(crate) fn prepare(self, attempt: &mut AttemptRequest) {
        if let Some(encoding) = self.encoding {
            self.prepare_for(encoding, attempt);
        }
    }

    fn prepare_for(self, encoding: Encoding, attempt: &mut AttemptRequest) {
        let context = Arc::clone(&attempt.plan().context);
        let request = attempt.request_mut();
        let value = HeaderValue::from_static(encoding.name());
        // Not for HEAD: the server would return the compressed length. The header has a single name, because the
        // server does not parse lists.
        if request.method() != Method::HEAD {
            request.headers_mut().entry(ACCEPT_ENCODING).or_insert_with(|| value.clone());
        }
        let size = request.body().size_hint().lower();
        let headers = request.headers();
        let is_large_enough = self.requests_from.is_some_and(|min| size >= min as u64);
        if !is_large_enough || !headers.contains_key(AUTHORIZATION) || headers.contains_key(CONTENT_ENCODING)
        {
            return;
        }
        let plain = std::mem::take(request.body_mut()).into_inner().unwrap_or_default();
        let Some(compressed) =
            context.compressed.get_or_compress(&plain, |plain| compress_if_smaller(plain, encoding))
        else {
            *request.body_mut() = Full::new(plain);
            return;
        };
        *request.body_mut() = Full::new(compressed);
        request.headers_mut().remove(CONTENT_LENGTH);
        request.headers_mut().insert(CONTENT_ENCODING, value);
    }
}

/// Compresses a body; returns `None` if that does not make it smaller.
fn compress_if_smaller(plain: &[u8], encoding: Encoding) -> Option<Bytes> {
    let mut compressor = Compressor::new(encoding, plain.len());
    compressor.write(plain);
    Some(compressor.finish()).filter(|compressed| compressed.len() < plain.len())
}

/// Compresses a body piece by piece.
enum Compressor {
    Deflate(ZlibEncoder<Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Compressor {
    fn new(encoding: Encoding, length: usize) -> Self {
        // The fastest level: on JSON the default level takes eight times as long to save another sixth.
        let (buffer, level) = (Vec::with_capacity(length / 4), flate2::Compression::fast());
        match encoding {
            Encoding::Deflate => Self::Deflate(ZlibEncoder::new(buffer, level)),
            Encoding::Gzip => Self::Gzip(GzEncoder::new(buffer, level)),
        }
    }

    fn write(&mut self, piece: &[u8]) {
        let written = match self {
            Self::Deflate(encoder) => encoder.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
        };
        written.expect("writing to memory cannot fail");
    }

    fn finish(self) -> Bytes {
        let ended = match self {
            Self::Deflate(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        };
        ended.expect("writing to memory cannot fail").into()
    }
}

/// Returns a body that decompresses another one while it is read.
#[expect(clippy::unnecessary_wraps, reason = "same signature as without the feature")]
pub(crate) fn decompress(encoding: Encoding, body: Body) -> Result<Body, UndecodableBody> {
    Ok(Body::from_foreign(decoder::DecodedBody::new(encoding, body)))
}

#[cfg(test)]
mod tests;
