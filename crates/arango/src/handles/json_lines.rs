//! The lines of a response as JSON.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use arango_transport::Error;
use futures_util::{Stream, TryStreamExt};
use serde::de::DeserializeOwned;

use crate::handles::response_lines::ResponseLines;
use crate::handles::response_stream::ResponseStream;

/// The lines of a [`ResponseStream`], each decoded into `T`.
pub struct JsonLines<T> {
    lines: ResponseLines,
    decoded: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> JsonLines<T> {
    pub(super) fn new(response: ResponseStream) -> Self {
        Self { lines: ResponseLines::new(response), decoded: PhantomData }
    }

    /// Returns the next value; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`ResponseLines::try_next`]; [`Decode`](crate::ErrorKind::Decode) if a line is no `T`. A line that is an
    /// error object of the server has the kind of that.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        TryStreamExt::try_next(self).await
    }
}

impl<T> JsonLines<T> {
    /// Returns the response.
    pub fn response(&self) -> &ResponseStream {
        self.lines.response()
    }

    /// Returns the number of the line that was read last, or that could not be read; the first one has the number 1.
    pub fn line_number(&self) -> u64 {
        self.lines.line_number()
    }
}

impl<T: DeserializeOwned> Stream for JsonLines<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let lines = &mut self.get_mut().lines;
        loop {
            match ready!(lines.poll_line(cx)) {
                Some(Ok(line)) if line.trim_ascii().is_empty() => {}
                line => return Poll::Ready(line.map(|line| lines.decode(line?, |line| line.json()))),
            }
        }
    }
}

impl<T> fmt::Debug for JsonLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonLines").field(&self.lines).finish()
    }
}
