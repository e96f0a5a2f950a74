//! The client's clock, which goes on from one runtime to the next.

use std::time::Duration;

use tokio::time::{Instant, advance};

/// The first phase begins this far ahead of the real clock, so that no phase depends on how fast the machine is.
const AHEAD: Duration = Duration::from_secs(3_600);

/// The client's clock: it goes on from one runtime to the next, though each runtime has its own.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<Instant>,
    /// Time since the first phase, in whole milliseconds.
    pub(crate) elapsed: Duration,
}

impl Clock {
    /// Sets the clock of the current runtime to `gap` after the end of the last one.
    pub(crate) async fn enter(&mut self, gap: Duration) {
        let now = Instant::now();
        let target = self.last.map_or(now + AHEAD, |last| last + gap);
        let ahead = target.saturating_duration_since(now);
        // In whole milliseconds, as timers go.
        let whole = ahead.as_nanos().div_ceil(1_000_000);
        advance(Duration::from_millis(u64::try_from(whole).unwrap_or(u64::MAX))).await;
        self.elapsed += gap;
    }

    pub(crate) fn leave(&mut self, length: Duration) {
        self.last = Some(Instant::now());
        self.elapsed += length;
    }
}
