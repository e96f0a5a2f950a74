//! Propagation of new databases and collections between coordinators.

use std::time::Duration;

use tokio::time::Instant;

/// Which coordinators know a database or a collection. By default all do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Propagation(Option<Pending>);

#[derive(Debug, Clone, Copy)]
struct Pending {
    /// The coordinator that created it, which knows it at once.
    origin: usize,
    /// When all coordinators know it. `None` if the delay exceeds the clock's range.
    complete_at: Option<Instant>,
}

impl Propagation {
    /// Begins at `now` at one coordinator and reaches the others after `delay`.
    pub(crate) fn start(coordinator: usize, now: Instant, delay: Duration) -> Self {
        Self(Some(Pending { origin: coordinator, complete_at: now.checked_add(delay) }))
    }

    /// Returns whether it has reached a coordinator at `now`.
    pub(crate) fn has_reached(self, coordinator: usize, now: Instant) -> bool {
        self.0.is_none_or(|fresh| {
            fresh.origin == coordinator || fresh.complete_at.is_some_and(|everywhere| everywhere <= now)
        })
    }
}
