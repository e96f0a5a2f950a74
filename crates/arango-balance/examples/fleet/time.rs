//! Virtual time, in nanoseconds since the beginning of a world, and as the balancer has it.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, advance};

pub(crate) type Nanos = u64;

pub(crate) const MILLISECOND: Nanos = 1_000_000;
pub(crate) const SECOND: Nanos = 1_000 * MILLISECOND;

/// The clock of one world.
///
/// What happens often is handed the time. Only where members come or are made does the balancer read a clock: tokio's,
/// which stands still here but for what [`at`](Self::at) moves it.
#[derive(Debug)]
pub(crate) struct Clock {
    runtime: Runtime,
    began: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without IO needs nothing of the system");
        let began = runtime.block_on(async { Instant::now() });
        Self { runtime, began }
    }

    pub(crate) fn instant(&self, at: Nanos) -> Instant {
        self.began + Duration::from_nanos(at)
    }

    /// The first nanosecond that is not before `instant`.
    pub(crate) fn nanos(&self, instant: Instant) -> Nanos {
        let since = instant.saturating_duration_since(self.began);
        u64::try_from(since.as_nanos()).expect("no world lasts for centuries")
    }

    /// Does what reads the clock, as it stands `at` that time.
    pub(crate) fn at<T>(&self, at: Nanos, act: impl FnOnce() -> T) -> T {
        self.runtime.block_on(async {
            advance(self.instant(at).saturating_duration_since(Instant::now())).await;
            act()
        })
    }
}
