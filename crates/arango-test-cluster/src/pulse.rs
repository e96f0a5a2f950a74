//! The life of a coordinator's process, as everything that depends on it notices.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// What every request of a coordinator must notice at once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pulse {
    /// Grows with each death and each birth of the process.
    pub(crate) generation: u64,
    pub(crate) paused: bool,
}

/// Keeps the pulse, and wakes those who wait for a change in the order in which they came: with one seed everything
/// happens in one order.
#[derive(Debug, Default)]
pub(crate) struct Heart {
    pulse: Mutex<Pulse>,
    beat: Notify,
}

impl Heart {
    pub(crate) fn pulse(&self) -> Pulse {
        *self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Pulse)) {
        change(&mut self.pulse.lock().unwrap_or_else(PoisonError::into_inner));
        self.beat.notify_waiters();
    }

    /// Waits until the pulse is `as_wanted`.
    pub(crate) async fn until(&self, as_wanted: impl Fn(Pulse) -> bool) {
        loop {
            // It hears of what happens from here on, so that no change is missed after the look.
            let beat = self.beat.notified();
            if as_wanted(self.pulse()) {
                return;
            }
            beat.await;
        }
    }
}
