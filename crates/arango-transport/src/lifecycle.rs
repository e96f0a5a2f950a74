//! Whether a client is open, and how many of its calls are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// Set in the count once no more calls may begin.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// The life of a client. Clones are of the same client.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Calls under way, and [`CLOSED`].
    calls: AtomicUsize,
    /// Calls under way end as soon as they can.
    ended: AtomicBool,
    last_call: Notify,
    end: Notify,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Counts a call until the guard is dropped; `None` if the client is closed.
    pub(crate) fn begin(&self) -> Option<Running<'_>> {
        let running = Running(&self.0);
        // Counted first, so that one who closes either sees the call or is seen by it.
        let before = self.0.calls.fetch_add(1, Ordering::SeqCst);
        (before & CLOSED == 0).then_some(running)
    }

    /// How many calls are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.0.calls.load(Ordering::Relaxed) & !CLOSED
    }

    /// Lets no more calls begin.
    pub(crate) fn close(&self) {
        self.0.calls.fetch_or(CLOSED, Ordering::SeqCst);
    }

    /// Ends the calls that are under way: their next pause or attempt does not begin.
    pub(crate) fn end(&self) {
        self.0.ended.store(true, Ordering::SeqCst);
        self.0.end.notify_waiters();
    }

    /// Whether calls under way are to end.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::SeqCst)
    }

    /// Waits until no call is under way.
    pub(crate) async fn idle(&self) {
        loop {
            // It hears of what happens from here on, so nothing is missed after the look at the count.
            let last_call = self.0.last_call.notified();
            if self.0.calls.load(Ordering::SeqCst) & !CLOSED == 0 {
                return;
            }
            last_call.await;
        }
    }

    /// Pauses; `false` as soon as the client has ended.
    pub(crate) async fn outlasts(&self, pause: Duration) -> bool {
        let end = self.0.end.notified();
        if self.has_ended() {
            return false;
        }
        pause.is_zero() || timeout(pause, end).await.is_err()
    }
}

/// A call that is under way; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let before = self.0.calls.fetch_sub(1, Ordering::SeqCst);
        if before == CLOSED + 1 {
            self.0.last_call.notify_waiters();
        }
    }
}
