//! A timer that is seldom set.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer for one wait after the other, each of which nearly always ends long before its time.
///
/// Once set it stays set, also when the wait is over. The next one is for later, so it need not be
/// set again: it goes off early, finds that it is early, and only then is set to the right time.
#[derive(Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Is ready when the time has come.
    pub(super) fn poll(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    /// Waits until the alarm goes off; tells how long that took, in milliseconds.
    async fn wait(alarm: &mut Alarm, millis: u64) -> u128 {
        let began = Instant::now();
        let until = began + Duration::from_millis(millis);
        poll_fn(|cx| alarm.poll(until, cx)).await;
        began.elapsed().as_millis()
    }

    /// Begins to wait, and thinks better of it after a second.
    async fn give_up(alarm: &mut Alarm, millis: u64) {
        tokio::time::timeout(Duration::from_secs(1), wait(alarm, millis)).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_off_on_time_whatever_it_was_set_to_before() {
        for before in [None, Some(2_000), Some(5_000), Some(60_000)] {
            let mut alarm = Alarm::default();
            if let Some(before) = before {
                give_up(&mut alarm, before).await;
            }
            for millis in [5_000, 20, 0, 70_000] {
                assert_eq!(wait(&mut alarm, millis).await, u128::from(millis), "after {before:?}");
            }
        }
    }
}
