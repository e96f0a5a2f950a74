//! The handle on work that takes long.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::wish::Wish;
use super::{Stopped, Unfinished};

/// Work that takes long, as its client follows it: it tells of each step as `P`, and ends with `D`.
///
/// It goes on while somebody awaits one of its methods, and at no other time: nothing runs in the background. A future
/// of [`next`](Self::next) may be dropped at any time, and nothing is lost or done twice by it. Dropping the handle ends the
/// looking; **what servers have begun they finish**.
///
/// ```no_run
/// # use arango::follow::{FollowedJob, Pace};
/// # async fn example(mut job: FollowedJob) -> Result<(), Box<dyn std::error::Error>> {
/// while let Some(seen) = job.next().await {
///     println!("{}: {}", seen.id, seen.status);
/// }
/// let job = job.finished().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it goes on only while it is awaited"]
pub struct Following<P, D> {
    work: Option<Work<D>>,
    news: News<P>,
    wish: Arc<Wish>,
    end: Option<Result<D, Unfinished<D>>>,
}

/// What is done, and what of it until it stopped.
type Work<D> = Pin<Box<dyn Future<Output = (D, Result<(), Stopped>)> + Send>>;

/// The steps that nobody has been told of.
pub(super) struct News<P>(Arc<Mutex<VecDeque<P>>>);

impl<P> News<P> {
    pub(super) fn tell(&self, step: P) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(step);
    }

    fn pop(&self) -> Option<P> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl<P> Clone for News<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P, D> Following<P, D> {
    pub(super) fn new<F>(work: impl FnOnce(News<P>, Arc<Wish>) -> F) -> Self
    where
        F: Future<Output = (D, Result<(), Stopped>)> + Send + 'static,
    {
        let (news, wish) = (News(Arc::default()), Arc::default());
        let work = work(news.clone(), Arc::clone(&wish));
        Self { work: Some(Box::pin(work)), news, wish, end: None }
    }

    /// The next step; `None` once there are no more, because it has finished or stopped: [`finished`](Self::finished) tells
    /// which.
    ///
    /// Steps that were not asked for are kept.
    pub async fn next(&mut self) -> Option<P> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<P>> {
        if let Some(step) = self.news.pop() {
            return Poll::Ready(Some(step));
        }
        let Some(work) = &mut self.work else { return Poll::Ready(None) };
        if let Poll::Ready((done, ended)) = work.as_mut().poll(context) {
            self.work = None;
            self.end = Some(match ended {
                Ok(()) => Ok(done),
                Err(why) => Err(Unfinished::new(done, why)),
            });
            return Poll::Ready(self.news.pop());
        }
        self.news.pop().map_or(Poll::Pending, |step| Poll::Ready(Some(step)))
    }

    /// Follows it to its end.
    ///
    /// # Errors
    ///
    /// If it stopped before; tells why, and what was done until then.
    pub async fn finished(mut self) -> Result<D, Unfinished<D>> {
        while self.next().await.is_some() {}
        self.end.expect("there are no more steps once it has ended")
    }

    /// Wants it cancelled, and follows it to the end that it then comes to. What was done stays done.
    ///
    /// If the future is dropped, whether the wish was passed on is not known.
    ///
    /// # Errors
    ///
    /// With [`Stopped::Cancelled`] if it was; a success means that it had finished before. Also as
    /// [`finished`](Self::finished), as where a server does not let it be cancelled.
    pub async fn cancel(self) -> Result<D, Unfinished<D>> {
        self.wish.make();
        self.finished().await
    }
}

impl<P, D> fmt::Debug for Following<P, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").field("is_over", &self.work.is_none()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn steps_are_told_in_their_order_also_after_the_end() {
        let mut work = Following::<_, u8>::new(|news, _| async move {
            news.tell(1);
            tokio::task::yield_now().await;
            news.tell(2);
            news.tell(3);
            (7, Ok(()))
        });
        for step in [Some(1), Some(2), Some(3), None, None] {
            assert_eq!(work.next().await, step);
        }
        assert_eq!(work.finished().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_wish_to_cancel_wakes_who_waits_for_it_and_what_was_done_is_told() {
        let work = Following::<(), _>::new(|_, wish| async move {
            wish.comes().await;
            (7, Err(Stopped::Cancelled))
        });
        let ended = work.cancel().await.unwrap_err();
        assert!(matches!(ended.into_parts(), (7, Stopped::Cancelled)));
    }

    #[tokio::test]
    async fn what_is_dropped_drops_its_work() {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let mut work = Following::<(), ()>::new(|_, _| async move {
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
