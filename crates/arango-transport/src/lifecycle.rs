//! Whether a client is open, and how many of its calls are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Set in the count once no more calls may begin.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// How far the end of a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    /// No call begins; those under way go on.
    Closing,
    /// Those under way end now.
    Ended,
}

/// The life of a client. Clones are of the same client.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Calls under way, and [`CLOSED`].
    calls: AtomicUsize,
    stage: watch::Sender<Stage>,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { calls: AtomicUsize::new(0), stage: watch::Sender::new(Stage::Open) }))
    }

    /// Counts a call until the guard is dropped; `None` if the client is closed.
    pub(crate) fn begin(&self) -> Option<Running<'_>> {
        let running = Running(&self.0);
        // Counted first, so that one who closes either sees the call or is seen by it.
        let before = self.0.calls.fetch_add(1, Ordering::SeqCst);
        (before & CLOSED == 0).then_some(running)
    }

    /// Lets no more calls begin.
    pub(crate) fn close(&self) {
        self.0.calls.fetch_or(CLOSED, Ordering::SeqCst);
        self.0.stage.send_if_modified(|stage| {
            let first = *stage == Stage::Open;
            *stage = (*stage).max(Stage::Closing);
            first
        });
    }

    /// Ends the calls that are under way: their next pause or attempt does not begin.
    pub(crate) fn end(&self) {
        self.0.stage.send_replace(Stage::Ended);
    }

    /// Whether calls under way may go on.
    pub(crate) fn has_ended(&self) -> bool {
        *self.0.stage.borrow() == Stage::Ended
    }

    /// Waits until no call is under way.
    pub(crate) async fn idle(&self) {
        let mut stage = self.0.stage.subscribe();
        while self.0.calls.load(Ordering::SeqCst) & !CLOSED != 0 {
            if stage.changed().await.is_err() {
                return;
            }
        }
    }

    /// Pauses; `false` as soon as the client has ended.
    pub(crate) async fn outlasts(&self, pause: Duration) -> bool {
        if self.has_ended() {
            return false;
        }
        if pause.is_zero() {
            return true;
        }
        let mut stage = self.0.stage.subscribe();
        timeout(pause, stage.wait_for(|stage| *stage == Stage::Ended)).await.is_err()
    }
}

/// A call that is under way; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let before = self.0.calls.fetch_sub(1, Ordering::SeqCst);
        if before & CLOSED != 0 && before & !CLOSED == 1 {
            // Whoever waits for the last call looks again.
            self.0.stage.send_modify(|_| {});
        }
    }
}
