//! Repeated polling with one overall limit.

use std::time::Duration;

use arango_transport::{Error, Outcome, Transport};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{PollOptions, StopReason};

/// The polls of one operation: when the next one is due, and when the time is up.
pub(super) struct PollLoop {
    transport: Transport,
    options: PollOptions,
    cancellation: CancellationToken,
    deadline: Instant,
    timeout: Duration,
    polls: u32,
    /// The error of the latest poll, if it failed.
    last_error: Option<Error>,
}

impl PollLoop {
    pub(super) fn new(transport: &Transport, options: PollOptions, cancellation: &CancellationToken) -> Self {
        let (transport, cancellation) = (transport.clone(), cancellation.clone());
        Self {
            transport,
            options,
            cancellation,
            deadline: Instant::now() + options.timeout,
            timeout: options.timeout,
            polls: 0,
            last_error: None,
        }
    }

    /// A loop with the same intervals and the same deadline.
    pub(super) fn fork(&self) -> Self {
        Self {
            transport: self.transport.clone(),
            cancellation: self.cancellation.clone(),
            polls: 0,
            last_error: None,
            ..*self
        }
    }

    /// A loop with the same deadline that ignores cancellation.
    ///
    /// For steps that cannot be cancelled, or should not stop half-way.
    pub(super) fn fork_uncancellable(&self) -> Self {
        Self { cancellation: CancellationToken::new(), ..self.fork() }
    }

    /// A loop that ends after `limit`, and not after this one.
    pub(super) fn fork_with_timeout(&self, limit: Duration) -> Self {
        let ends = Instant::now().checked_add(limit).map_or(self.deadline, |ends| ends.min(self.deadline));
        Self { deadline: ends, timeout: limit.min(self.timeout), ..self.fork() }
    }

    /// Returns whether cancellation was requested.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Waits until cancellation is requested.
    #[inline]
    pub(super) async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    /// Fails if cancellation was requested: called where no step is in progress.
    pub(super) fn check_cancelled(&self) -> Result<(), StopReason> {
        if self.is_cancelled() { Err(StopReason::Cancelled) } else { Ok(()) }
    }

    /// Polls once; `None` after a transient failure.
    pub(super) async fn poll_once<T>(
        &mut self,
        poll: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, StopReason> {
        if Handle::try_current().is_err() {
            // Without a runtime there is no timer; the call fails with that error.
            return poll.await.map(Some).map_err(StopReason::Call);
        }
        match timeout_at(self.deadline, poll).await {
            Ok(Ok(seen)) => {
                self.last_error = None;
                Ok(Some(seen))
            }
            Ok(Err(error)) if error.is_transient() => {
                self.last_error = Some(error);
                Ok(None)
            }
            Ok(Err(error)) => Err(StopReason::Call(error)),
            Err(_) => Err(self.timed_out()),
        }
    }

    /// Waits until a failed call may be retried. Fails unless it is safe to repeat and the failure is transient.
    #[inline]
    pub(super) async fn wait_before_retry(
        &mut self,
        error: Error,
        may_be_repeated: bool,
    ) -> Result<(), StopReason> {
        let has_no_effect = may_be_repeated || error.outcome() == Outcome::NotExecuted;
        if !has_no_effect || !error.is_transient() {
            return Err(StopReason::Call(error));
        }
        self.last_error = Some(error);
        self.pause().await?;
        self.check_cancelled()
    }

    /// Waits until the next poll is due. Cancellation interrupts the wait, once.
    #[inline]
    pub(super) async fn pause(&mut self) -> Result<(), StopReason> {
        let pause = self.options.interval(self.polls, self.transport.random().next_f64());
        self.polls = self.polls.saturating_add(1);
        let due = Instant::now() + pause;
        if due >= self.deadline {
            // The next poll would come too late. Cancellation does not: it still has to be sent.
            if self.cancellation.is_cancelled()
                || timeout_at(self.deadline, self.cancellation.cancelled()).await.is_err()
            {
                sleep_until(self.deadline).await;
                return Err(self.timed_out());
            }
            return Ok(());
        }
        let was_there = self.cancellation.is_cancelled();
        if was_there {
            sleep_until(due).await;
        } else {
            timeout_at(due, self.cancellation.cancelled()).await.ok();
        }
        Ok(())
    }

    /// Starts with short intervals again, after an event.
    pub(super) fn reset(&mut self) {
        self.polls = 0;
    }

    /// Polls until `accept` returns a value.
    pub(super) async fn poll_until<F, S, T>(
        &mut self,
        mut poll: impl FnMut() -> F,
        mut accept: impl FnMut(S) -> Option<T>,
    ) -> Result<T, StopReason>
    where
        F: Future<Output = Result<S, Error>>,
    {
        loop {
            if let Some(seen) = self.poll_once(poll()).await?.and_then(&mut accept) {
                return Ok(seen);
            }
            self.pause().await?;
            self.check_cancelled()?;
        }
    }

    fn timed_out(&mut self) -> StopReason {
        StopReason::TimedOut { limit: self.timeout, last_error: self.last_error.take() }
    }
}
