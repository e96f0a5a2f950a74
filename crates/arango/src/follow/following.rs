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
