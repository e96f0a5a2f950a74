//! The idle timeout of a streamed body.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::pool::lazy_timer::LazyTimer;

/// The idle timeout of a body. All its waits share one timer.
pub(super) struct IdleTimeout {
    limit: Duration,
    timer: LazyTimer,
    /// When the present wait ends; `None` while the body is not waited for.
    ends: Option<Instant>,
}

impl IdleTimeout {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, timer: LazyTimer::default(), ends: None }
    }

    /// Records that a part of the body has arrived.
    pub(super) fn record_part(&mut self) {
        self.ends = None;
    }

    /// Returns the limit if no part has arrived for so long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let ends = *self.ends.get_or_insert_with(|| Instant::now() + self.limit);
        ready!(self.timer.poll(ends, cx));
        Poll::Ready(self.limit)
    }
}
