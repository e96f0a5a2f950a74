//! Bodies that are smaller on their way than above it.

mod inflating;

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Method};
use http_body::Body as HttpBody;
use http_body_util::Full;
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::credentials::Kind;
use crate::encoded::{Encoding, Undecodable};
use crate::record::CallRecord;
use crate::template::Template;
use crate::{Body, Outgoing};

/// What is compressed at a time, in bytes: a millisecond or two. Others have their turn in between.
const PIECE: usize = 64 << 10;

/// The smallest request that is compressed unless another size is set, in bytes.
const LEAST: usize = 1 << 10;

/// Whether bodies are compressed on their way to and from coordinators.
///
/// It trades time of both ends for bytes between them, which pays where the way is long or dear. Layers of the user's
/// see neither: what they are given and what they give is never compressed.
///
/// **Requests** are compressed from a size on, and only if they become smaller by it: once for each call, however often
/// it is sent. That takes tens of milliseconds for each MiB, in which other tasks have their turns. One that carries no
/// `Authorization` never is: since 3.12 a server refuses it, unless authentication is off, which a client cannot know.
/// So no login is compressed, and nothing with [`Credentials::none`](crate::Credentials::none).
///
/// **Answers** are asked for in the same encoding. A server compresses them since 3.12, if its
/// `--http.compress-response-threshold` is not 0, which is its default. [`Limits::body_bytes`](crate::Limits::body_bytes)
/// counts what they hold, not what was sent. An answer that is not what it says is a
/// [`Decode`](crate::ErrorKind::Decode).
///
/// A request that has an `Accept-Encoding` of its own, or gets one by a layer, has its answer as it comes.
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
    /// `None`: never.
    encoding: Option<Encoding>,
    /// `None`: requests never.
    requests_from: Option<usize>,
}

impl Compression {
    /// Compresses nothing, and asks for nothing that is. The default.
    ///
    /// What comes compressed nevertheless is undone.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Compresses by `deflate`, which every version of the server knows in both directions.
    #[must_use]
    pub fn deflate() -> Self {
        Self { encoding: Some(Encoding::Deflate), requests_from: Some(LEAST) }
    }

    /// Compresses by `gzip`, which adds a checksum and 12 bytes, and in which a server answers since 3.12.
    #[must_use]
    pub fn gzip() -> Self {
        Self { encoding: Some(Encoding::Gzip), requests_from: Some(LEAST) }
    }

    /// Sets from how many bytes on requests are compressed. Default: 1 KiB.
    #[must_use]
    pub fn requests_from(mut self, bytes: usize) -> Self {
        self.requests_from = Some(bytes);
        self
    }

    /// Leaves requests as they are.
    #[must_use]
    pub fn answers_only(mut self) -> Self {
        self.requests_from = None;
        self
    }

    /// Whether a body is so large that others must have their turn while it is compressed.
    pub(crate) fn is_long_work(self, template: &Template) -> bool {
        self.encoding.is_some()
            && self
                .requests_from
                .is_some_and(|least| template.length() >= (least as u64).max(PIECE as u64 + 1))
            && template.header(&CONTENT_ENCODING).is_none()
    }

    /// Compresses the body of a call ahead of its first attempt, unless its time is over before.
    pub(crate) async fn work_ahead(self, record: &CallRecord, template: &Template) {
        if template.header(&AUTHORIZATION).is_none() && matches!(record.credentials().0, Kind::None) {
            // What nobody in particular asks is not compressed in the end.
            return;
        }
        let plain = template.request().into_body().into_inner().unwrap_or_default();
        let Some(mut compressor) = self.encoding.map(|encoding| Compressor::new(encoding, plain.len()))
        else {
            return;
        };
        for piece in plain.chunks(PIECE) {
            if Instant::now() >= record.deadline {
                return;
            }
            compressor.take(piece);
            yield_now().await;
        }
        let compressed = Some(compressor.end()).filter(|compressed| compressed.len() < plain.len());
        // A call that is made again has it already.
        record.compressed.0.set(Kept { plain, compressed }).ok();
    }

    /// Makes a request ready for its way.
    pub(crate) fn prepare(self, outgoing: &mut Outgoing) {
        if let Some(encoding) = self.encoding {
            self.prepare_for(encoding, outgoing);
        }
    }

    fn prepare_for(self, encoding: Encoding, outgoing: &mut Outgoing) {
        let record = Arc::clone(&outgoing.plan().record);
        let request = outgoing.request_mut();
        let value = HeaderValue::from_static(encoding.name());
        // To a HEAD the server would tell the length of what nobody gets. And it knows no lists: one name is
        // understood, two are not.
        if request.method() != Method::HEAD {
            request.headers_mut().entry(ACCEPT_ENCODING).or_insert_with(|| value.clone());
        }
        let size = request.body().size_hint().lower();
        let headers = request.headers();
        let wanted = self.requests_from.is_some_and(|least| size >= least as u64);
        if !wanted || !headers.contains_key(AUTHORIZATION) || headers.contains_key(CONTENT_ENCODING) {
            return;
        }
        let plain = std::mem::take(request.body_mut()).into_inner().unwrap_or_default();
        let Some(compressed) = record.compressed.of(&plain, encoding) else {
            *request.body_mut() = Full::new(plain);
            return;
        };
        *request.body_mut() = Full::new(compressed);
        request.headers_mut().remove(CONTENT_LENGTH);
        request.headers_mut().insert(CONTENT_ENCODING, value);
    }
}

/// What the body of a call was compressed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compressed(OnceLock<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    plain: Bytes,
    /// `None`: that was no smaller.
    compressed: Option<Bytes>,
}

impl Compressed {
    /// What `plain` is compressed to; `None` if that is no smaller.
    ///
    /// The work is done once for each call, here unless it was done [ahead](Compression::work_ahead). A layer of the
    /// user's may put another body in the place of the first; that one is compressed as often as it comes.
    fn of(&self, plain: &Bytes, encoding: Encoding) -> Option<Bytes> {
        let first =
            self.0.get_or_init(|| Kept { plain: plain.clone(), compressed: smaller(plain, encoding) });
        // The one that is kept stays where it is, so nothing else can be there.
        let same = first.plain.as_ptr() == plain.as_ptr() && first.plain.len() == plain.len();
        if same { first.compressed.clone() } else { smaller(plain, encoding) }
    }
}

/// Compresses, if that makes it smaller.
fn smaller(plain: &[u8], encoding: Encoding) -> Option<Bytes> {
    let mut compressor = Compressor::new(encoding, plain.len());
    compressor.take(plain);
    Some(compressor.end()).filter(|compressed| compressed.len() < plain.len())
}

/// Takes a body piece by piece.
enum Compressor {
    Deflate(ZlibEncoder<Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Compressor {
    fn new(encoding: Encoding, length: usize) -> Self {
        // The fastest level: on JSON the usual one takes eight times as long to save another sixth.
        let (into, level) = (Vec::with_capacity(length / 4), flate2::Compression::fast());
        match encoding {
            Encoding::Deflate => Self::Deflate(ZlibEncoder::new(into, level)),
            Encoding::Gzip => Self::Gzip(GzEncoder::new(into, level)),
        }
    }

    fn take(&mut self, piece: &[u8]) {
        let taken = match self {
            Self::Deflate(encoder) => encoder.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
        };
        taken.expect("memory takes every byte");
    }

    fn end(self) -> Bytes {
        let ended = match self {
            Self::Deflate(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        };
        ended.expect("memory takes every byte").into()
    }
}

/// A body that holds what another was compressed from.
#[expect(clippy::unnecessary_wraps, reason = "as the one that there is without the feature")]
pub(crate) fn inflate(encoding: Encoding, body: Body) -> Result<Body, Undecodable> {
    Ok(Body::from_foreign(inflating::Inflating::new(encoding, body)))
}

#[cfg(test)]
mod tests;
