//! The wish that a piece of work be cancelled.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Comes once, and stays.
#[derive(Debug, Default)]
pub(super) struct Wish {
    there: AtomicBool,
    came: Notify,
}

impl Wish {
    pub(super) fn make(&self) {
        self.there.store(true, Ordering::SeqCst);
        self.came.notify_waiters();
    }

    pub(super) fn is_there(&self) -> bool {
        self.there.load(Ordering::SeqCst)
    }

    pub(super) async fn comes(&self) {
        // Hears of what happens from here on, so that nothing is missed after the look.
        let came = self.came.notified();
        if !self.is_there() {
            came.await;
        }
    }
}
