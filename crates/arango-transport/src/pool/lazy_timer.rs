//! A timer that is rarely rescheduled.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer for consecutive waits, nearly all of which end long before their deadline.
///
/// It stays scheduled when a wait ends. A later deadline does not reschedule it: it fires early, notices
/// that, and only then is set to the right time.
#[derive(Default)]
pub(crate) struct LazyTimer(Option<Pin<Box<Sleep>>>);

impl LazyTimer {
    /// Returns ready at the deadline.
    pub(crate) fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
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
}
