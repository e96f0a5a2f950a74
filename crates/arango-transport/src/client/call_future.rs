//! The future of a call, through all layers.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower::Service;

use crate::call::call_request::CallRequest;
use crate::call::lifecycle::RunningCall;
use crate::client::stack::Stack;
use crate::error::Error;
use crate::pool::body::AttemptResponse;

pin_project! {
    /// The response future of the stack.
    ///
    /// Neither it nor its `poll` is generic or `async`. So the layers are compiled in this crate only, and not again in
    /// each crate that sends calls, and the future is made where it is polled.
    #[project = Projected]
    pub(crate) enum CallFuture<'a> {
        Running {
            #[pin]
            response: <Stack as Service<CallRequest>>::Future,
            // The last field, which is dropped last: until then the call is running.
            running: RunningCall<'a>,
        },
        // Nothing was sent.
        Refused { error: Option<Error> },
    }
}

impl<'a> CallFuture<'a> {
    /// Passes a request to the layers.
    ///
    /// They are always ready, and what middleware of the program waits for is a part of the call.
    #[inline]
    pub(crate) fn new(stack: &Stack, request: CallRequest, running: RunningCall<'a>) -> Self {
        Self::Running { response: stack.clone().call(request), running }
    }

    /// Returns the future of a call that cannot be sent.
    #[cold]
    pub(crate) fn refused(error: Error) -> Self {
        Self::Refused { error: Some(error) }
    }
}

impl Future for CallFuture<'_> {
    type Output = Result<AttemptResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projected::Running { response, .. } => response.poll(cx),
            Projected::Refused { error } => {
                Poll::Ready(Err(error.take().expect("a future is not polled after its end")))
            }
        }
    }
}
