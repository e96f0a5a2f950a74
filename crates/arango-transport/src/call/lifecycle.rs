//! Whether a client is open, and how many of its calls are running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arango_protocol::ErrorKind;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Flag in the count: no more calls may begin.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// The lifecycle of a client. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The number of running calls, and [`CLOSED`].
    running: AtomicUsize,
    /// Running calls must end as soon as they can.
    ended: AtomicBool,
    last_call: Notify,
    end: Notify,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Counts a call until the guard is dropped; `None` if the client is closed.
    pub(crate) fn begin(&self) -> Option<RunningCall<'_>> {
        let running = RunningCall(&self.0);
        // Counted before the check, so that a concurrent close sees the call, or the call sees the close.
        let before = self.0.running.fetch_add(1, Ordering::SeqCst);
        (before & CLOSED == 0).then_some(running)
    }

    /// Returns the number of running calls.
    pub(crate) fn in_progress(&self) -> usize {
        self.0.running.load(Ordering::Relaxed) & !CLOSED
    }

    /// Prevents new calls.
    pub(crate) fn close(&self) {
        self.0.running.fetch_or(CLOSED, Ordering::SeqCst);
    }

    /// Ends running calls: they start no further pause or attempt.
    pub(crate) fn end(&self) {
        self.0.ended.store(true, Ordering::SeqCst);
        self.0.end.notify_waiters();
    }

    /// Returns whether running calls must end.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::SeqCst)
    }

    /// Returns the kind of a failure: a connection that is lost after the end was closed with the client.
    pub(crate) fn failure_kind(&self, kind: ErrorKind) -> ErrorKind {
        let is_lost = matches!(kind, ErrorKind::BodyInterrupted | ErrorKind::ConnectionLost);
        if is_lost && self.has_ended() { ErrorKind::ClientClosed } else { kind }
    }

    /// Waits until no call is running.
    pub(crate) async fn idle(&self) {
        loop {
            // Registered before the count is read, so that no notification is missed.
            let last_call = self.0.last_call.notified();
            if self.0.running.load(Ordering::SeqCst) & !CLOSED == 0 {
                return;
            }
            last_call.await;
        }
    }

    /// Waits for `pause`; returns `false` as soon as the client ends.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        let end = self.0.end.notified();
        if self.has_ended() {
            return false;
        }
        pause.is_zero() || timeout(pause, end).await.is_err()
    }
}

/// A running call, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct RunningCall<'a>(&'a Shared);

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        let before = self.0.running.fetch_sub(1, Ordering::SeqCst);
        if before == CLOSED + 1 {
            self.0.last_call.notify_waiters();
        }
    }
}
