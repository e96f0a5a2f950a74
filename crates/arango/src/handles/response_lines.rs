//! The lines of a response that is read while it arrives.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arango_transport::protocol::{ApiResponse, OutputError};
use arango_transport::{Error, StreamedResponse};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use http::HeaderMap;
use memchr::memchr;

use crate::handles::response_stream::ResponseStream;

/// The lines of a [`ResponseStream`], without their ends.
#[derive(Debug)]
pub struct ResponseLines {
    response: ResponseStream,
    /// What has arrived behind the last line.
    part: Bytes,
    /// The begin of a line whose end has not arrived.
    begun: Vec<u8>,
    line_number: u64,
}

impl ResponseLines {
    pub(super) fn new(response: ResponseStream) -> Self {
        Self { response, part: Bytes::new(), begun: Vec::new(), line_number: 0 }
    }

    /// Returns the response.
    pub fn response(&self) -> &ResponseStream {
        &self.response
    }

    /// Returns the number of the line that was read last, or that could not be read; the first one has the number 1.
    pub fn line_number(&self) -> u64 {
        self.line_number
    }

    /// Returns the next line; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`ResponseStream::try_next`]; [`Decode`](crate::ErrorKind::Decode) if a line is not UTF-8, and
    /// [`BodyTooLarge`](crate::ErrorKind::BodyTooLarge) if it is too long.
    #[inline]
    pub async fn try_next(&mut self) -> Result<Option<String>, Error> {
        TryStreamExt::try_next(self).await
    }

    /// Returns the next line as bytes.
    #[inline]
    pub(super) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if let Some(end) = memchr(b'\n', &self.part) {
                let rest = self.part.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.part, rest);
                line.truncate(end);
                if !self.begun.is_empty() {
                    self.begun.extend_from_slice(&line);
                    line = std::mem::take(&mut self.begun).into();
                }
                return Poll::Ready(Some(self.end_line(line)));
            }
            self.begun.extend_from_slice(&std::mem::take(&mut self.part));
            if self.begun.len() > self.response.response.max_part_bytes() {
                let line = std::mem::take(&mut self.begun).into();
                return Poll::Ready(Some(self.end_line(line)));
            }
            match ready!(self.response.poll_part(cx)) {
                Some(Ok(part)) => self.part = part,
                Some(Err(error)) => {
                    self.begun.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                None if self.begun.is_empty() => {
                    self.response.response.complete();
                    return Poll::Ready(None);
                }
                // The last line need not end.
                None => {
                    let line = std::mem::take(&mut self.begun).into();
                    return Poll::Ready(Some(self.end_line(line)));
                }
            }
        }
    }

    /// Ends a line.
    #[inline]
    fn end_line(&mut self, mut line: Bytes) -> Result<Bytes, Error> {
        self.line_number += 1;
        if line.len() > self.response.response.max_part_bytes() {
            self.part.clear();
            return Err(self.response.fail(StreamedResponse::reject_large_part));
        }
        if line.ends_with(b"\r") {
            line.truncate(line.len() - 1);
        }
        Ok(line)
    }

    /// Decodes a line as if it were a whole body, so that its error is one of the call.
    pub(super) fn decode<T>(
        &mut self,
        line: Bytes,
        read: impl FnOnce(&ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Error> {
        let line = ApiResponse::new(self.response.status(), HeaderMap::new(), line);
        read(&line).map_err(|error| {
            self.part.clear();
            self.response.fail(|response| response.reject(error))
        })
    }
}

impl Stream for ResponseLines {
    type Item = Result<String, Error>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = ready!(self.poll_line(cx));
        Poll::Ready(line.map(|line| {
            self.decode(line?, |line| match std::str::from_utf8(line.bytes()) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(line.invalid(error)),
            })
        }))
    }
}
