//! A response whose body is read while it arrives.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arango_protocol::{ErrorKind, OutputError};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::client::streamed_call::StreamedCall;
use crate::error::Error;
use crate::error::stream_limit::StreamLimit;
use crate::layers::attempt::receive;
use crate::layers::response_check;
use crate::pool::LazyTimer;
use crate::pool::body::{Body, Interrupted};
use crate::pool::body_end::BodyEnd;
use crate::types::coordinator::Coordinator;

/// A response whose body is read while it arrives.
///
/// Its errors are those of the call: they have the coordinator, the attempts and the outcome. Nothing follows an error.
/// Dropping it closes the connection, unless the body was read to its end. The call is counted when its body has ended.
pub struct StreamedResponse {
    response: Box<Response<Body>>,
    context: Arc<CallContext>,
    /// Counts the call; `None` after its end.
    call: Option<StreamedCall>,
    coordinator: Option<Coordinator>,
    deadline: Option<Instant>,
    timer: LazyTimer,
    max_bytes: u64,
    received: u64,
}

impl StreamedResponse {
    pub(super) fn new(call: StreamedCall, context: Arc<CallContext>, response: Box<Response<Body>>) -> Self {
        let coordinator = context.attempts.coordinator();
        let timer = LazyTimer::default();
        let call = Some(call);
        Self { response, context, call, coordinator, deadline: None, timer, max_bytes: u64::MAX, received: 0 }
    }

    /// Ends the body with an error at this time.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// Ends the body with an error if it is larger.
    pub fn set_max_bytes(&mut self, limit: u64) {
        self.max_bytes = limit;
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the coordinator that responds; `None` if middleware responds itself.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.coordinator.as_ref()
    }

    /// Returns how large a part may be that has to be in memory as a whole.
    pub fn max_part_bytes(&self) -> usize {
        self.context.settings.limits.body_bytes
    }

    /// Returns the next part of the body, which is not empty; `None` at its end.
    ///
    /// # Errors
    ///
    /// If the body breaks off, if no part arrives in time, at the deadline, and if it is too large.
    #[inline]
    pub fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            // Not only while nothing arrives: a body may arrive forever.
            if let Some(deadline) = self.deadline
                && self.timer.poll(deadline, cx).is_ready()
            {
                let limit = deadline.saturating_duration_since(self.context.started);
                let interrupted =
                    Interrupted::by_stream_limit(ErrorKind::DeadlineExceeded, StreamLimit::Time(limit));
                let mut error = self.interrupt(interrupted);
                error.0.limit = limit;
                return Poll::Ready(Some(Err(error)));
            }
            let part = match ready!(Pin::new(self.response.body_mut()).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(self.interrupt(Interrupted::with_source(error)))));
                }
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            self.received = self.received.saturating_add(part.len() as u64);
            if self.received > self.max_bytes {
                let limit = StreamLimit::Bytes(self.max_bytes);
                let interrupted = Interrupted::by_stream_limit(ErrorKind::BodyTooLarge, limit);
                return Poll::Ready(Some(Err(self.interrupt(interrupted))));
            }
            // Trailers are no part of the body.
            if !part.is_empty() {
                return Poll::Ready(Some(Ok(part)));
            }
        }
    }

    /// Ends the call, whose body was read to its end.
    pub fn complete(&mut self) {
        if let Some(call) = self.call.take() {
            call.end(None);
        }
    }

    /// Ends the call with an error, and closes the connection, because the rest of the body is not read.
    ///
    /// `end`: how the body ended for the coordinator.
    fn close(&mut self, end: BodyEnd) {
        self.response.body_mut().end(end);
        *self.response.body_mut() = Body::buffered(Bytes::new());
        self.deadline = None;
    }

    fn interrupt(&mut self, mut interrupted: Interrupted) -> Error {
        if let Some(call) = &self.call {
            interrupted.kind = call.kind(interrupted.kind);
        }
        self.close(BodyEnd::failed(interrupted.kind));
        let failed = receive::broken_off(&self.context, self.status(), interrupted);
        let error = response_check::interrupted(&self.context, failed);
        self.fail(error)
    }

    /// Ends the body, because a part of it is too large to be in memory as a whole.
    pub fn reject_large_part(&mut self) -> Error {
        self.interrupt(Interrupted::new(ErrorKind::BodyTooLarge))
    }

    /// Ends the body, because a part of it cannot be decoded.
    pub fn reject(&mut self, error: OutputError) -> Error {
        // The coordinator has sent what it wanted to send.
        self.close(BodyEnd::Complete);
        let error = response_check::decode_error(&self.context, error);
        self.fail(error)
    }

    fn fail(&mut self, error: Error) -> Error {
        if let Some(call) = self.call.take() {
            call.end(Some((error.outcome(), error.kind())));
        }
        error
    }
}

impl Drop for StreamedResponse {
    fn drop(&mut self) {
        // What was dropped has arrived as a whole.
        if self.response.body().is_end_stream() {
            self.complete();
        }
    }
}

impl fmt::Debug for StreamedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedResponse")
            .field("status", &self.status())
            .field("coordinator", &self.coordinator)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
