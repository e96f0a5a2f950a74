//! The client's clock, which continues from one runtime to the next.

use std::time::Duration;

use tokio::time::{Instant, advance};

/// Offset of the first phase from the real clock, so that no phase depends on the speed of the machine.
const START_OFFSET: Duration = Duration::from_secs(3_600);

/// The client's clock. It continues from one runtime to the next, although each runtime has a separate clock.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<Instant>,
    /// Time since the first phase, in whole milliseconds.
    pub(crate) elapsed: Duration,
}

impl Clock {
    /// Sets the clock of the current runtime to `gap` after the end of the last one.
    pub(crate) async fn start_phase(&mut self, gap: Duration) {
        let now = Instant::now();
        let target = self.last.map_or(now + START_OFFSET, |last| last + gap);
        let ahead = target.saturating_duration_since(now);
        // In whole milliseconds, the resolution of timers.
        let whole = ahead.as_nanos().div_ceil(1_000_000);
        advance(Duration::from_millis(u64::try_from(whole).unwrap_or(u64::MAX))).await;
        self.elapsed += gap;
    }

    pub(crate) fn end_phase(&mut self, length: Duration) {
        self.last = Some(Instant::now());
        self.elapsed += length;
    }
}
