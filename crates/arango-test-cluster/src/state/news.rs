//! What one coordinator was told and the others do not know yet.

use std::time::Duration;

use tokio::time::Instant;

/// Says which coordinators know of a database or a collection. The default is old news: everybody knows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct News(Option<Fresh>);

#[derive(Debug, Clone, Copy)]
struct Fresh {
    /// The coordinator that was told; it knows at once.
    told: usize,
    /// When all know; `None` if that is beyond all time.
    everywhere: Option<Instant>,
}

impl News {
    /// Told to a coordinator at `now`, and to the others after `delay`.
    pub(crate) fn told(coordinator: usize, now: Instant, delay: Duration) -> Self {
        Self(Some(Fresh { told: coordinator, everywhere: now.checked_add(delay) }))
    }

    /// Whether a coordinator knows at `now`.
    pub(crate) fn have_reached(self, coordinator: usize, now: Instant) -> bool {
        self.0.is_none_or(|fresh| {
            fresh.told == coordinator || fresh.everywhere.is_some_and(|everywhere| everywhere <= now)
        })
    }
}
