//! Streaming decompression of response bodies.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use http_body::{Body as HttpBody, Frame};
use tokio::task::coop;

use crate::compression::decode::Encoding;
use crate::pool::body::{Body, UndecodableBody};
use crate::types::boxed::BoxError;

/// The maximum size of one decompressed part, in bytes.
///
/// It bounds the memory used, regardless of the compression ratio.
pub(super) const PART: usize = 32 << 10;

/// A body that is decompressed while it arrives, part by part.
///
/// The compressed body is read to its end, even if the compressed data ends earlier. This returns the connection to the
/// pool and detects bytes after the data.
pub(super) struct DecodedBody {
    /// `None` after the end or a failure; the rest is never read.
    body: Option<Body>,
    encoding: Encoding,
    decoder: Decoder,
    buffer: BytesMut,
    state: State,
}

type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

/// The error text for bytes after the compressed data.
const TRAILING_BYTES: &str = "bytes follow its end";

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No data has arrived; an empty body is valid in every encoding.
    Empty,
    Begun,
    /// All compressed data has been decompressed.
    DataEnded,
    Ended,
}

enum Decoder {
    // Servers and RFC 9110 mean the zlib format by `deflate`, not the raw deflate stream.
    Deflate(ZlibDecoder<Chunk>),
    /// Several concatenated gzip members are supported.
    Gzip(MultiGzDecoder<Chunk>),
}

impl DecodedBody {
    pub(super) fn new(encoding: Encoding, body: Body) -> Self {
        let chunk = Chunk::default();
        let decoder = match encoding {
            Encoding::Deflate => Decoder::Deflate(ZlibDecoder::new(chunk)),
            Encoding::Gzip => Decoder::Gzip(MultiGzDecoder::new(chunk)),
        };
        Self { body: Some(body), encoding, decoder, buffer: BytesMut::new(), state: State::Empty }
    }

    /// Decompresses one part; returns `None` if more data must arrive first.
    fn decode(&mut self) -> io::Result<Option<Bytes>> {
        self.buffer.resize(PART, 0);
        let read = match &mut self.decoder {
            Decoder::Deflate(decoder) => decoder.read(&mut self.buffer),
            Decoder::Gzip(decoder) => decoder.read(&mut self.buffer),
        };
        match read {
            Ok(0) => {
                self.state = State::DataEnded;
                Ok(None)
            }
            Ok(length) => Ok(Some(self.buffer.split_to(length).freeze())),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn chunk(&mut self) -> &mut Chunk {
        match &mut self.decoder {
            Decoder::Deflate(decoder) => decoder.get_mut(),
            Decoder::Gzip(decoder) => decoder.get_mut(),
        }
    }

    fn end(&mut self) -> Polled {
        self.body = None;
        self.state = State::Ended;
        Poll::Ready(None)
    }

    fn fail(&mut self, reason: impl fmt::Display) -> Polled {
        self.body = None;
        self.state = State::Ended;
        let name = self.encoding.name();
        let error = UndecodableBody(format!("the response is not valid `{name}`: {reason}"));
        Poll::Ready(Some(Err(error.into())))
    }
}

impl HttpBody for DecodedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        loop {
            if this.state == State::Begun {
                // Little compressed data may expand to a lot, so the task yields in between.
                let budget = ready!(coop::poll_proceed(cx));
                match this.decode() {
                    Ok(Some(part)) => {
                        budget.made_progress();
                        return Poll::Ready(Some(Ok(Frame::data(part))));
                    }
                    Ok(None) if this.state == State::DataEnded => {
                        let chunk = this.chunk();
                        match (chunk.bytes.is_empty(), chunk.is_last) {
                            (false, _) => return this.fail(TRAILING_BYTES),
                            (true, true) => return this.end(),
                            (true, false) => {}
                        }
                    }
                    Ok(None) => {}
                    Err(error) => return this.fail(error),
                }
            }
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // Trailers are dropped: arangod sends none, and they would describe the compressed bytes.
                    let Ok(data) = frame.into_data() else { continue };
                    if data.is_empty() {
                        continue;
                    }
                    if this.state == State::DataEnded {
                        return this.fail(TRAILING_BYTES);
                    }
                    this.chunk().bytes = data;
                    this.state = State::Begun;
                }
                Some(Err(error)) => {
                    (this.body, this.state) = (None, State::Ended);
                    return Poll::Ready(Some(Err(error)));
                }
                None if this.state == State::Begun => this.chunk().is_last = true,
                None => return this.end(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Ended
    }
}

/// Compressed data that has arrived and is not decompressed yet.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Bytes,
    /// Whether it is the last of the body.
    is_last: bool,
}

impl BufRead for Chunk {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.is_last {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, length: usize) {
        self.bytes.advance(length);
    }
}

impl Read for Chunk {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}
