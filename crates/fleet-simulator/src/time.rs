//! Virtual time: nanoseconds since the start of a simulation, converted to instants.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, advance};

pub(crate) type Nanos = u64;

pub(crate) const MILLISECOND: Nanos = 1_000_000;
pub(crate) const SECOND: Nanos = 1_000 * MILLISECOND;

/// The clock of one simulation.
///
/// Time is a parameter of all frequent operations. The crate reads the clock only when members are created or added. It
/// reads tokio's clock, which is paused here and advanced only by [`run_at`](Self::run_at).
#[derive(Debug)]
pub(crate) struct Clock {
    runtime: Runtime,
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without IO needs no system resources");
        let start = runtime.block_on(async { Instant::now() });
        Self { runtime, start }
    }

    pub(crate) fn instant(&self, at: Nanos) -> Instant {
        self.start + Duration::from_nanos(at)
    }

    /// Returns the first nanosecond that is not before `instant`.
    pub(crate) fn nanos(&self, instant: Instant) -> Nanos {
        let since = instant.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos()).expect("no simulation lasts for centuries")
    }

    /// Advances the clock to `at` and calls `act`, which reads the clock.
    pub(crate) fn run_at<T>(&self, at: Nanos, act: impl FnOnce() -> T) -> T {
        self.runtime.block_on(async {
            advance(self.instant(at).saturating_duration_since(Instant::now())).await;
            act()
        })
    }
}
