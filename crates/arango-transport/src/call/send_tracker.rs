//! Tracks how often a request was handed to a connection, and whether it may be sent again.
//!
//! Without middleware an attempt is sent once. Middleware may repeat it, hedge it, or move it to a task that
//! outlives the call. An error must never claim that such a request was not sent.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Counts the sends of one call.
#[derive(Debug, Default)]
pub(crate) struct SendTracker {
    attempts: AtomicU32,
    /// Sends that a connection accepted and did not return.
    sent: AtomicU32,
    /// The number of the last attempt that has ended. It and earlier attempts may not be sent any more.
    ended: AtomicU32,
}

impl SendTracker {
    /// Returns the number of the next attempt, starting at 1.
    pub(crate) fn next_attempt(&self) -> u32 {
        self.attempts.fetch_add(1, SeqCst).wrapping_add(1)
    }

    /// Requests permission to send; `false` if the attempt has ended and nothing may be sent.
    ///
    /// The send is counted before the end is checked, and the end is stored before the count is read.
    /// Therefore at least one side sees the other.
    pub(crate) fn send(&self, attempt: u32) -> bool {
        self.sent.fetch_add(1, SeqCst);
        if self.ended.load(SeqCst) < attempt {
            return true;
        }
        self.sent.fetch_sub(1, SeqCst);
        false
    }

    /// Records that a connection returned the request unsent.
    pub(crate) fn unsend(&self) {
        self.sent.fetch_sub(1, SeqCst);
    }

    /// Ends an attempt: it may not be sent any more.
    pub(crate) fn end(&self, attempt: u32) {
        self.ended.fetch_max(attempt, SeqCst);
    }

    /// Ends all attempts of the call.
    pub(crate) fn end_all(&self) {
        self.ended.store(u32::MAX, SeqCst);
    }

    /// Returns how often the request was sent.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_has_ended_is_not_sent() {
        let sends = SendTracker::default();
        let (first, second) = (sends.next_attempt(), sends.next_attempt());
        assert!(sends.send(first));
        sends.unsend();
        sends.end(first);
        assert!(!sends.send(first));
        assert_eq!(sends.sent(), 0);
        assert!(sends.send(second));
        sends.end_all();
        assert!(!sends.send(sends.next_attempt()));
        assert_eq!(sends.sent(), 1);
    }
}
