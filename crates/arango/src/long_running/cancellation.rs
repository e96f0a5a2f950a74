//! Cancellation of a long-running operation.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A flag that is set once and stays set.
#[derive(Debug, Default)]
pub(super) struct CancellationToken {
    is_set: AtomicBool,
    notify: Notify,
}

impl CancellationToken {
    pub(super) fn cancel(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }

    pub(super) async fn cancelled(&self) {
        // Registers before the check, so that a cancellation after the check is not missed.
        let came = self.notify.notified();
        if !self.is_cancelled() {
            came.await;
        }
    }
}
