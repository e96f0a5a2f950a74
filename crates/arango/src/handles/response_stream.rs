//! Responses that are read while they arrive.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_transport::protocol::Operation;
use arango_transport::{Coordinator, Error, StreamedResponse};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::handles::database::Database;
use crate::handles::response_lines::ResponseLines;

impl Database {
    /// Executes an operation, and returns its response while it arrives, instead of decoding it.
    ///
    /// For responses that are too large to be in memory: exports, dumps, the metrics of a large cluster. Until the head of
    /// the response has arrived, the call is limited and retried as any other. Its body is read once.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use arango::cluster::GetMetrics;
    ///
    /// # async fn example(client: &arango::Client) -> arango::Result<()> {
    /// let metrics = client.db("_system").execute_streaming(GetMetrics::default()).await?;
    /// let mut lines = metrics.timeout(Duration::from_secs(60)).max_bytes(1 << 30).lines();
    /// while let Some(line) = lines.try_next().await? {
    ///     if line.starts_with("arangodb_client_connection_statistics") {
    ///         println!("{line}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute), except that a success is not decoded: what another service at the address responds
    /// may be taken for it.
    pub async fn execute_streaming<O: Operation>(&self, operation: O) -> Result<ResponseStream, Error> {
        let prepared = Box::pin(self.prepare_with_requirement(&operation)).await?;
        match self.transport.send_streaming(prepared).await {
            Ok(response) => Ok(ResponseStream { response, has_ended: false }),
            Err(error) => Err(self.explain_single_server(&O::METADATA, error).await),
        }
    }
}

/// A response that is read while it arrives: a [`Stream`] of the parts of its body.
///
/// A body that is not read is not sent: a few hundred KiB of it are in memory, over HTTP/2 at most 2 MiB. Each part has to arrive within
/// [`Limits::body_idle`](crate::Limits::body_idle); how long the whole body takes is limited by [`timeout`](Self::timeout)
/// only, and not by the limits of the call. An error has the coordinator and the outcome of the call, as any other.
/// Nothing follows it.
///
/// It has a connection of its pool until its end. Dropping it earlier closes the connection, over HTTP/2 the stream; the server may have executed
/// the request.
#[derive(Debug)]
pub struct ResponseStream {
    pub(super) response: StreamedResponse,
    has_ended: bool,
}

impl ResponseStream {
    /// Limits how long the body may take from now on. Default: no limit.
    ///
    /// Then it ends with [`DeadlineExceeded`](crate::ErrorKind::DeadlineExceeded).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        // A limit beyond the range of the clock is none.
        if let Some(deadline) = Instant::now().checked_add(limit) {
            self.response.set_deadline(deadline);
        }
        self
    }

    /// Limits the size of the body, in bytes. Default: no limit.
    ///
    /// A larger body ends with [`BodyTooLarge`](crate::ErrorKind::BodyTooLarge).
    #[must_use]
    pub fn max_bytes(mut self, limit: u64) -> Self {
        self.response.set_max_bytes(limit);
        self
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the coordinator that responds; `None` if middleware of the program responds itself.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.response.coordinator()
    }

    /// Returns the next part of the body, as it arrived; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`BodyInterrupted`](crate::ErrorKind::BodyInterrupted) if it breaks off, and those of the limits.
    #[inline]
    pub async fn try_next(&mut self) -> Result<Option<Bytes>, Error> {
        TryStreamExt::try_next(self).await
    }

    /// Reads the body as lines of text.
    ///
    /// A line is at most as long as [`Limits::body_bytes`](crate::Limits::body_bytes).
    pub fn lines(self) -> ResponseLines {
        ResponseLines::new(self)
    }

    /// Reads each line of the body as JSON, into a type of the program. Empty lines are ignored.
    ///
    /// A line is at most as long as [`Limits::body_bytes`](crate::Limits::body_bytes).
    ///
    /// ```no_run
    /// use arango::protocol::Operation;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Book {
    ///     title: String,
    /// }
    ///
    /// # async fn example(library: &arango::Database, export: impl Operation) -> arango::Result<()> {
    /// let mut books = library.execute_streaming(export).await?.json_lines::<Book>();
    /// while let Some(book) = books.try_next().await? {
    ///     println!("{}", book.title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "data")]
    pub fn json_lines<T: serde::de::DeserializeOwned>(self) -> crate::handles::json_lines::JsonLines<T> {
        crate::handles::json_lines::JsonLines::new(self)
    }

    /// Returns the next part of the body, at whose end the call has not ended yet.
    pub(super) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let part = self.response.poll_part(cx);
        self.has_ended = matches!(part, Poll::Ready(None | Some(Err(_))));
        part
    }

    /// Ends the body with an error.
    pub(super) fn fail(&mut self, error: impl FnOnce(&mut StreamedResponse) -> Error) -> Error {
        self.has_ended = true;
        error(&mut self.response)
    }
}

impl Stream for ResponseStream {
    type Item = Result<Bytes, Error>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = self.poll_part(cx);
        if let Poll::Ready(None) = part {
            self.response.complete();
        }
        part
    }
}
