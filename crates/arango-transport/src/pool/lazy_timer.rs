//! A timer that is rarely rescheduled.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer for consecutive waits, nearly all of which end long before their deadline.
///
/// It stays scheduled when a wait ends. A later deadline does not reschedule it: it fires early, notices
/// that, and only then is set to the right time.
#[derive(Default)]
pub(crate) struct LazyTimer(Option<Pin<Box<Scheduled>>>);

pin_project! {
    #[project = Projected]
    struct Scheduled {
        #[pin]
        sleep: Sleep,
        // What the timer wakes when it fires; `None` if that is unknown.
        wakes: Option<Waker>,
    }
}

impl LazyTimer {
    /// Returns ready at the deadline.
    pub(crate) fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let scheduled =
            self.0.get_or_insert_with(|| Box::pin(Scheduled { sleep: sleep_until(deadline), wakes: None }));
        let Projected { mut sleep, wakes } = scheduled.as_mut().project();
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        } else if wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) && !sleep.is_elapsed() {
            // Usual: the task has waited before. Asking tokio's timer again costs more than this.
            return Poll::Pending;
        }
        loop {
            // Without a budget the timer is not asked, and wakes what it woke before.
            *wakes = has_budget_remaining().then(|| cx.waker().clone());
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }

    /// Waits for a future, but not beyond the deadline; `None` if it did not end by then.
    pub(super) async fn limit<F: Future>(&mut self, deadline: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.poll(deadline, cx).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Waits until the timer fires. Returns the elapsed time in milliseconds.
    async fn wait(timer: &mut LazyTimer, millis: u64) -> u128 {
        let began = Instant::now();
        let deadline = began + Duration::from_millis(millis);
        poll_fn(|cx| timer.poll(deadline, cx)).await;
        began.elapsed().as_millis()
    }

    /// Starts a wait and cancels it after a second.
    async fn give_up(timer: &mut LazyTimer, millis: u64) {
        tokio::time::timeout(Duration::from_secs(1), wait(timer, millis)).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn it_fires_on_time_after_a_cancelled_wait() {
        for before in [None, Some(2_000), Some(5_000), Some(60_000)] {
            let mut timer = LazyTimer::default();
            if let Some(before) = before {
                give_up(&mut timer, before).await;
            }
            for millis in [5_000, 20, 0, 70_000] {
                assert_eq!(wait(&mut timer, millis).await, u128::from(millis), "after {before:?}");
            }
        }
    }

    /// Starts a wait in a task that ends while the timer is scheduled.
    async fn wait_in_another_task(mut timer: LazyTimer, deadline: Instant) -> LazyTimer {
        let wait = tokio::spawn(async move {
            assert!(poll_fn(|cx| Poll::Ready(timer.poll(deadline, cx))).await.is_pending());
            timer
        });
        wait.await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn it_wakes_the_task_that_waits_also_if_others_have_waited_before() {
        let mut timer = LazyTimer::default();
        for _ in 0..3 {
            let deadline = Instant::now() + Duration::from_secs(3);
            for _ in 0..2 {
                timer = wait_in_another_task(timer, deadline).await;
            }
            let waited = tokio::time::timeout(Duration::from_secs(9), wait(&mut timer, 5_000)).await;
            assert_eq!(waited, Ok(5_000));
        }
    }

    /// Uses up what tokio allows a task to do before it yields.
    fn use_up_the_budget(cx: &mut Context<'_>) {
        while has_budget_remaining() {
            let (sender, mut receiver) = tokio::sync::oneshot::channel();
            sender.send(()).unwrap();
            assert!(Pin::new(&mut receiver).poll(cx).is_ready());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_fires_on_time_if_the_wait_began_without_a_budget() {
        let mut timer = LazyTimer::default();
        for _ in 0..2 {
            let began = Instant::now();
            let deadline = began + Duration::from_secs(5);
            timer = wait_in_another_task(timer, deadline).await;
            let mut first = true;
            let waited = poll_fn(|cx| {
                if std::mem::take(&mut first) {
                    use_up_the_budget(cx);
                }
                timer.poll(deadline, cx)
            });
            tokio::time::timeout(Duration::from_secs(6), waited).await.unwrap();
            assert_eq!(began.elapsed(), Duration::from_secs(5));
        }
    }
}
