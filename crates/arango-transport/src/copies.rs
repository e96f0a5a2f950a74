//! The copies of one request: how many were handed to connections, and whether more may be.
//!
//! Without layers of the user's an attempt is one copy. A layer may repeat it, hedge it, or hand it to
//! a task that outlives the call; none of that may make us say that nothing was sent.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Counts the copies of one call.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    attempts: AtomicU32,
    /// Copies that a connection took and did not give back.
    sent: AtomicU32,
    /// Copies of this attempt and of those before it are no longer sent.
    over: AtomicU32,
}

impl Copies {
    /// The number of the next attempt, from one.
    pub(crate) fn next_attempt(&self) -> u32 {
        self.attempts.fetch_add(1, SeqCst).wrapping_add(1)
    }

    /// Asks to hand a copy to a connection; `false` if the attempt is over, and nothing may be sent.
    ///
    /// Counted before it is looked whether the attempt is over, as an end is noted before it is looked
    /// what was counted: so one of the two sees the other, and never neither.
    pub(crate) fn send(&self, attempt: u32) -> bool {
        self.sent.fetch_add(1, SeqCst);
        if self.over.load(SeqCst) < attempt {
            return true;
        }
        self.sent.fetch_sub(1, SeqCst);
        false
    }

    /// A connection gave a copy back untouched.
    pub(crate) fn give_back(&self) {
        self.sent.fetch_sub(1, SeqCst);
    }

    /// Ends an attempt: none of its copies is sent any more.
    pub(crate) fn end(&self, attempt: u32) {
        self.over.fetch_max(attempt, SeqCst);
    }

    /// Ends the call.
    pub(crate) fn end_all(&self) {
        self.over.store(u32::MAX, SeqCst);
    }

    /// How many copies were sent so far.
    pub(crate) fn sent(&self) -> u32 {
        self.sent.load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_an_attempt_that_is_over_is_not_sent() {
        let copies = Copies::default();
        let (first, second) = (copies.next_attempt(), copies.next_attempt());
        assert!(copies.send(first));
        copies.give_back();
        copies.end(first);
        assert!(!copies.send(first));
        assert_eq!(copies.sent(), 0);
        assert!(copies.send(second));
        copies.end_all();
        assert!(!copies.send(copies.next_attempt()));
        assert_eq!(copies.sent(), 1);
    }
}
