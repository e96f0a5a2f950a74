//! The body of an answer as it was before it was compressed.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use http_body::{Body as HttpBody, Frame};
use tokio::task::coop;

use crate::encoded::{Encoding, Undecodable};
use crate::{Body, BoxError};

/// The most that is undone at a time, in bytes: as much as there is beside what the reader has taken, however
/// little it was compressed to.
pub(super) const PART: usize = 32 << 10;

/// A body that is undone as it comes, part by part.
///
/// It is read to the end of the one below, also where the compressed data ends before: so the connection is given back,
/// and what follows the data is noticed.
pub(super) struct Inflating {
    /// `None` once it has failed: what is left of it is never read.
    body: Option<Body>,
    encoding: Encoding,
    decoder: Decoder,
    room: BytesMut,
    state: State,
}

type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

/// What is wrong with a body that goes on.
const BEHIND: &str = "bytes follow its end";

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has come; an empty body is one, however it is encoded.
    Empty,
    Begun,
    /// All that was compressed has been undone.
    Undone,
    Ended,
}

enum Decoder {
    // What its name means to servers, and to RFC 9110: the format of zlib, not the bare stream within it.
    Deflate(ZlibDecoder<Part>),
    /// One member after the other.
    Gzip(MultiGzDecoder<Part>),
}

impl Inflating {
    pub(super) fn new(encoding: Encoding, body: Body) -> Self {
        let part = Part::default();
        let decoder = match encoding {
            Encoding::Deflate => Decoder::Deflate(ZlibDecoder::new(part)),
            Encoding::Gzip => Decoder::Gzip(MultiGzDecoder::new(part)),
        };
        Self { body: Some(body), encoding, decoder, room: BytesMut::new(), state: State::Empty }
    }

    /// Undoes as much of what has come as there is room for; `None` if more has to come first.
    fn undo(&mut self) -> io::Result<Option<Bytes>> {
        self.room.resize(PART, 0);
        let read = match &mut self.decoder {
            Decoder::Deflate(decoder) => decoder.read(&mut self.room),
            Decoder::Gzip(decoder) => decoder.read(&mut self.room),
        };
        match read {
            Ok(0) => {
                self.state = State::Undone;
                Ok(None)
            }
            Ok(length) => Ok(Some(self.room.split_to(length).freeze())),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn part(&mut self) -> &mut Part {
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

    fn fail(&mut self, why: impl fmt::Display) -> Polled {
        self.body = None;
        self.state = State::Ended;
        let name = self.encoding.name();
        let why = Undecodable(format!("the answer is not the `{name}` that it says: {why}"));
        Poll::Ready(Some(Err(why.into())))
    }
}

impl HttpBody for Inflating {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        loop {
            if this.state == State::Begun {
                // A little that was compressed may hold a lot: others have their turn in between.
                let turn = ready!(coop::poll_proceed(cx));
                match this.undo() {
                    Ok(Some(part)) => {
                        turn.made_progress();
                        return Poll::Ready(Some(Ok(Frame::data(part))));
                    }
                    Ok(None) if this.state == State::Undone => {
                        let part = this.part();
                        match (part.bytes.is_empty(), part.is_last) {
                            (false, _) => return this.fail(BEHIND),
                            (true, true) => return this.end(),
                            (true, false) => {}
                        }
                    }
                    Ok(None) => {}
                    Err(why) => return this.fail(why),
                }
            }
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // Trailers are nothing that arangod sends, and speak of the bytes that were.
                    let Ok(data) = frame.into_data() else { continue };
                    if data.is_empty() {
                        continue;
                    }
                    if this.state == State::Undone {
                        return this.fail(BEHIND);
                    }
                    this.part().bytes = data;
                    this.state = State::Begun;
                }
                Some(Err(error)) => {
                    (this.body, this.state) = (None, State::Ended);
                    return Poll::Ready(Some(Err(error)));
                }
                None if this.state == State::Begun => this.part().is_last = true,
                None => return this.end(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Ended
    }
}

/// What has come of a body and is not undone yet.
#[derive(Debug, Default)]
struct Part {
    bytes: Bytes,
    /// Nothing comes behind it.
    is_last: bool,
}

impl BufRead for Part {
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

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}
