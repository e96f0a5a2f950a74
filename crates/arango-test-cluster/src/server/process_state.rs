//! The state of the process that listens: a coordinator, or a proxy that behaves like one.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The part of the process state that affects requests in progress.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessState {
    /// Increases with each start and each end of the process.
    pub(crate) generation: u64,
    pub(crate) paused: bool,
}

/// Holds the state and wakes its waiters on a change.
///
/// Waiters wake in the order in which they came, so that a run with one seed has one order of events.
#[derive(Debug, Default)]
pub(crate) struct ProcessStateWatch {
    state: Mutex<ProcessState>,
    changed: Notify,
}

impl ProcessStateWatch {
    pub(crate) fn current(&self) -> ProcessState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn modify(&self, change: impl FnOnce(&mut ProcessState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
    }

    /// Waits while the process is paused.
    pub(crate) async fn until_resumed(&self) {
        self.wait_for(|state| !state.paused).await;
    }

    /// Waits until the state fulfils `condition`.
    pub(crate) async fn wait_for(&self, condition: impl Fn(ProcessState) -> bool) {
        loop {
            // Registered before the check, so that no change in between is missed.
            let notified = self.changed.notified();
            if condition(self.current()) {
                return;
            }
            notified.await;
        }
    }
}
