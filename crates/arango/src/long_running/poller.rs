//! The handle on a long-running operation.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::{Incomplete, StopReason};
use tokio_util::sync::CancellationToken;

/// A handle on a long-running operation with steps `P` and result `D`.
///
/// It makes progress only while one of its methods is awaited: nothing runs in the background. A future of
/// [`next`](Self::next) can be dropped at any time; nothing is lost or executed twice. Dropping the handle stops
/// polling; **what servers have started they complete**.
///
/// ```no_run
/// # use arango::long_running::{JobPoller, PollOptions};
/// # async fn example(mut job: JobPoller) -> Result<(), Box<dyn std::error::Error>> {
/// while let Some(seen) = job.next().await {
///     println!("{}: {}", seen.id, seen.status);
/// }
/// let job = job.wait().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it makes progress only while it is awaited"]
pub struct Poller<P, D> {
    operation: Option<OperationFuture<D>>,
    progress: ProgressSender<P>,
    cancellation: CancellationToken,
    result: Option<Result<D, Incomplete<D>>>,
}

/// Resolves to the progress and how the operation ended.
type OperationFuture<D> = Pin<Box<dyn Future<Output = (D, Result<(), StopReason>)> + Send>>;

/// The steps that have not been returned yet.
pub(super) struct ProgressSender<P>(Arc<Mutex<VecDeque<P>>>);

impl<P> ProgressSender<P> {
    pub(super) fn send(&self, step: P) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(step);
    }

    fn pop(&self) -> Option<P> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl<P> Clone for ProgressSender<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P, D> Poller<P, D> {
    pub(super) fn new<F>(work: impl FnOnce(ProgressSender<P>, CancellationToken) -> F) -> Self
    where
        F: Future<Output = (D, Result<(), StopReason>)> + Send + 'static,
    {
        let (progress, cancellation) = (ProgressSender(Arc::default()), CancellationToken::new());
        let work = work(progress.clone(), cancellation.clone());
        Self { operation: Some(Box::pin(work)), progress, cancellation, result: None }
    }

    /// Returns the next step; `None` once the operation has ended.
    ///
    /// [`wait`](Self::wait) returns how it ended. Steps are kept until they are read.
    pub async fn next(&mut self) -> Option<P> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<P>> {
        if let Some(step) = self.progress.pop() {
            return Poll::Ready(Some(step));
        }
        let Some(work) = &mut self.operation else { return Poll::Ready(None) };
        if let Poll::Ready((progress, ended)) = work.as_mut().poll(context) {
            self.operation = None;
            self.result = Some(match ended {
                Ok(()) => Ok(progress),
                Err(reason) => Err(Incomplete::new(progress, reason)),
            });
            return Poll::Ready(self.progress.pop());
        }
        self.progress.pop().map_or(Poll::Pending, |step| Poll::Ready(Some(step)))
    }

    /// Waits for completion.
    ///
    /// # Errors
    ///
    /// If it stopped before its end; with the reason and the progress until then.
    pub async fn wait(mut self) -> Result<D, Incomplete<D>> {
        while self.next().await.is_some() {}
        self.result.expect("the result is set once there are no more steps")
    }

    /// Requests cancellation and waits for completion. Completed steps are not undone.
    ///
    /// If the future is dropped, it is unknown whether the cancellation was sent.
    ///
    /// # Errors
    ///
    /// [`StopReason::Cancelled`] if it was cancelled; a success means that it had completed before. Also as
    /// [`wait`](Self::wait), for example if a server does not allow cancellation.
    pub async fn cancel(self) -> Result<D, Incomplete<D>> {
        self.cancellation.cancel();
        self.wait().await
    }
}

impl<P, D> fmt::Debug for Poller<P, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("is_over", &self.operation.is_none()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn steps_arrive_in_order_even_after_the_end() {
        let mut work = Poller::<_, u8>::new(|progress, _| async move {
            progress.send(1);
            tokio::task::yield_now().await;
            progress.send(2);
            progress.send(3);
            (7, Ok(()))
        });
        for step in [Some(1), Some(2), Some(3), None, None] {
            assert_eq!(work.next().await, step);
        }
        assert_eq!(work.wait().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn cancelling_wakes_the_operation_and_returns_its_progress() {
        let work = Poller::<(), _>::new(|_, cancellation| async move {
            cancellation.cancelled().await;
            (7, Err(StopReason::Cancelled))
        });
        let ended = work.cancel().await.unwrap_err();
        assert!(matches!(ended.into_parts(), (7, StopReason::Cancelled)));
    }

    #[tokio::test]
    async fn dropping_the_poller_drops_the_operation() {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let mut work = Poller::<(), ()>::new(|_, _| async move {
            pending::<()>().await;
            drop(held);
            ((), Ok(()))
        });
        tokio::select! {
            biased;
            _ = work.next() => unreachable!("it never ends"),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(work);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
