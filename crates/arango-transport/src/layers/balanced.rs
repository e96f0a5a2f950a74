//! The balancer with its services of each coordinator, as one type.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use arango_balance::{Balance, PerMember};
use pin_project_lite::pin_project;
use tower::Service;

use crate::call::attempt_request::AttemptRequest;
use crate::error::attempt_error::AttemptError;
use crate::layers::at_coordinator::AtCoordinator;
use crate::layers::replaceable_policy::ReplaceablePolicy;
use crate::pool::body::AttemptResponse;
use crate::types::coordinator::Coordinator;

type Inner = Balance<PerMember<Coordinator, AtCoordinator>, Coordinator, ReplaceablePolicy, AttemptRequest>;

/// Sends each attempt to the coordinator that the balancer picks.
///
/// The parameters of [`Balance`] end here. Otherwise they would be a part of the name of each function of the layers above,
/// which debug information repeats.
#[derive(Clone)]
pub(crate) struct Balanced(Inner);

impl Balanced {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(inner)
    }
}

impl Service<AttemptRequest> for Balanced {
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: AttemptRequest) -> ResponseFuture {
        ResponseFuture { inner: self.0.call(request) }
    }
}

impl fmt::Debug for Balanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balanced").finish_non_exhaustive()
    }
}

pin_project! {
    /// Response future of [`Balanced`].
    pub(crate) struct ResponseFuture {
        #[pin]
        inner: <Inner as Service<AttemptRequest>>::Future,
    }
}

impl Future for ResponseFuture {
    type Output = Result<AttemptResponse, AttemptError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}
