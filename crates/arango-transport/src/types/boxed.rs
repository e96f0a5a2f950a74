//! Boxed futures and errors.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An error of any kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pin_project! {
    /// The future of layers that pass most requests on, and do more with a few.
    ///
    /// Such layers above each other have the same future, so that it is neither wrapped nor moved by each.
    #[project = Projected]
    pub(crate) enum MaybeBoxed<F: Future> {
        /// The future of the service below those layers.
        Plain { #[pin] future: F },
        /// A larger one. Boxed, so that it does not enlarge the future of every request.
        Boxed { future: BoxFuture<'static, F::Output> },
    }
}

impl<F: Future> Future for MaybeBoxed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project() {
            Projected::Plain { future } => future.poll(cx),
            Projected::Boxed { future } => future.as_mut().poll(cx),
        }
    }
}
