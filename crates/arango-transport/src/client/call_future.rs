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
    /// each crate that sends calls.
    pub(crate) struct CallFuture<'a> {
        #[pin]
        response: <Stack as Service<CallRequest>>::Future,
        // The last field, which is dropped last: until then the call is running.
        running: RunningCall<'a>,
    }
}

impl<'a> CallFuture<'a> {
    /// Passes a request to the layers.
    ///
    /// They are always ready, and what middleware of the program waits for is a part of the call.
    pub(crate) fn new(stack: &Stack, request: CallRequest, running: RunningCall<'a>) -> Self {
        Self { response: stack.clone().call(request), running }
    }
}

impl Future for CallFuture<'_> {
    type Output = Result<AttemptResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().response.poll(cx)
    }
}
