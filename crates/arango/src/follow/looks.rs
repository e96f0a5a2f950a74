//! Looking again and again, within one limit.

use std::sync::Arc;
use std::time::Duration;

use arango_transport::{Error, Outcome, Transport};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Pace, Stopped};
use crate::follow::wish::Wish;

/// The looks of one piece of work: when the next one is due, and when there is no time for another.
pub(super) struct Looks {
    transport: Transport,
    pace: Pace,
    wish: Arc<Wish>,
    ends: Instant,
    limit: Duration,
    made: u32,
    /// Why the latest look showed nothing.
    last: Option<Error>,
}

impl Looks {
    pub(super) fn new(transport: &Transport, pace: Pace, wish: &Arc<Wish>) -> Self {
        let (transport, wish) = (transport.clone(), Arc::clone(wish));
        Self {
            transport,
            pace,
            wish,
            ends: Instant::now() + pace.limit,
            limit: pace.limit,
            made: 0,
            last: None,
        }
    }

    /// Others at the same pace, that end when these do.
    pub(super) fn beside(&self) -> Self {
        Self { transport: self.transport.clone(), wish: Arc::clone(&self.wish), made: 0, last: None, ..*self }
    }

    /// Others that end when these do and pass over a wish to cancel: for what cannot be cancelled, or should not stop
    /// half-way.
    pub(super) fn undisturbed(&self) -> Self {
        Self { wish: Arc::default(), ..self.beside() }
    }

    /// Others that end after `limit`, and not after these.
    pub(super) fn no_longer_than(&self, limit: Duration) -> Self {
        let ends = Instant::now().checked_add(limit).map_or(self.ends, |ends| ends.min(self.ends));
        Self { ends, limit: limit.min(self.limit), ..self.beside() }
    }

    /// Whether somebody wants it cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.wish.is_there()
    }

    /// Waits until somebody wants it cancelled.
    pub(super) async fn cancelled(&self) {
        self.wish.comes().await;
    }

    /// Fails if somebody wants it cancelled: for the moments at which nothing is half done.
    pub(super) fn not_cancelled(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped::Cancelled) } else { Ok(()) }
    }

    /// Makes one look. `None` if it showed nothing because of something that passes.
    pub(super) async fn ask<T>(
        &mut self,
        look: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, Stopped> {
        if Handle::try_current().is_err() {
            // There is no clock here; the look says so.
            return look.await.map(Some).map_err(Stopped::Call);
        }
        match timeout_at(self.ends, look).await {
            Ok(Ok(seen)) => {
                self.last = None;
                Ok(Some(seen))
            }
            Ok(Err(error)) if error.is_transient() => {
                self.last = Some(error);
                Ok(None)
            }
            Ok(Err(error)) => Err(Stopped::Call(error)),
            Err(_) => Err(self.out_of_time()),
        }
    }

    /// Waits until what failed may be tried again, if it was not executed, or may be executed twice, and the failure passes.
    pub(super) async fn pass_over(&mut self, error: Error, may_be_repeated: bool) -> Result<(), Stopped> {
        let has_no_effect = may_be_repeated || error.outcome() == Outcome::NotExecuted;
        if !has_no_effect || !error.is_transient() {
            return Err(Stopped::Call(error));
        }
        self.last = Some(error);
        self.pause().await?;
        self.not_cancelled()
    }

    /// Waits until the next look is due. A wish to cancel cuts it short, once.
    pub(super) async fn pause(&mut self) -> Result<(), Stopped> {
        let pause = self.pace.pause(self.made, self.transport.jitter().next_f64());
        self.made = self.made.saturating_add(1);
        let due = Instant::now() + pause;
        if due >= self.ends {
            // The last look would come too late.
            sleep_until(self.ends).await;
            return Err(self.out_of_time());
        }
        let was_there = self.wish.is_there();
        if was_there {
            sleep_until(due).await;
        } else {
            timeout_at(due, self.wish.comes()).await.ok();
        }
        Ok(())
    }

    /// Begins with short pauses again: something has just happened.
    pub(super) fn begin_anew(&mut self) {
        self.made = 0;
    }

    /// Looks until what is seen is what is waited for.
    pub(super) async fn until<F, S, T>(
        &mut self,
        mut look: impl FnMut() -> F,
        mut wanted: impl FnMut(S) -> Option<T>,
    ) -> Result<T, Stopped>
    where
        F: Future<Output = Result<S, Error>>,
    {
        loop {
            if let Some(seen) = self.ask(look()).await?.and_then(&mut wanted) {
                return Ok(seen);
            }
            self.pause().await?;
            self.not_cancelled()?;
        }
    }

    fn out_of_time(&mut self) -> Stopped {
        Stopped::OutOfTime { limit: self.limit, last: self.last.take() }
    }
}
