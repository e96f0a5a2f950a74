//! The retry budget of a client.
//!
//! In an overloaded cluster calls fail and are retried, which increases the overload. Therefore the number of
//! retries is limited to a fraction of the calls.
//!
//! tower has a retry budget too, but it reads the system clock, which tests cannot pause.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::error::attempt::{Attempt, Phase};

/// The number of seconds that are counted.
const WINDOW: u64 = 10;
/// At least one for each second. A power of two, by which division is cheap.
const SLOTS: usize = 16;
/// Retries per second that are always allowed.
const RESERVE: u64 = 3;
/// The number of calls that pay for one retry.
const CALLS_PER_RETRY: u64 = 5;

/// The retry budget of a client. Clones share it.
#[derive(Clone)]
pub(crate) struct RetryBudget(Arc<Shared>);

struct Shared {
    began: Instant,
    /// All calls so far.
    calls: AtomicU64,
    /// The retries that calls have paid for.
    paid: Window,
    /// Retries. Locked, so that two concurrent withdrawals cannot both take the last one.
    retries: Mutex<Window>,
}

/// Counters for each of the latest seconds.
#[derive(Default)]
struct Window([AtomicU64; SLOTS]);

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            began: Instant::now(),
            calls: AtomicU64::new(0),
            paid: Window::default(),
            retries: Mutex::default(),
        }))
    }

    /// Counts a call.
    pub(crate) fn deposit(&self, now: Instant) {
        let before = self.0.calls.fetch_add(1, Ordering::Relaxed);
        // The time matters only for a call that completes the price of a retry.
        if (before + 1).is_multiple_of(CALLS_PER_RETRY) {
            self.0.paid.count(self.second(now));
        }
    }

    /// Pays for a retry after `attempt`; `false` if the budget is exhausted.
    ///
    /// An attempt that never reached a server costs nothing.
    pub(crate) fn withdraw(&self, attempt: &Attempt, now: Instant) -> bool {
        attempt.phase < Phase::Sent || self.withdraw_one(now)
    }

    /// Pays for an attempt that reaches a server; `false` if the budget is exhausted.
    pub(crate) fn withdraw_one(&self, now: Instant) -> bool {
        let second = self.second(now);
        let retries = self.0.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let affordable = retries.sum(second) < self.allowed(second);
        if affordable {
            retries.count(second);
        }
        affordable
    }

    /// Returns how many further attempts the budget allows now.
    pub(crate) fn remaining(&self, now: Instant) -> u64 {
        let second = self.second(now);
        let retries = self.0.retries.lock().unwrap_or_else(PoisonError::into_inner).sum(second);
        self.allowed(second).saturating_sub(retries)
    }

    fn allowed(&self, second: u64) -> u64 {
        RESERVE * WINDOW + self.0.paid.sum(second)
    }

    fn second(&self, now: Instant) -> u64 {
        // Starts at 1, because 0 marks an unused slot.
        now.saturating_duration_since(self.0.began).as_secs() + 1
    }
}

impl Window {
    /// Adds one to the count of this second.
    fn count(&self, second: u64) {
        // Second and count share one atomic value, so that they always belong together.
        let slot = &self.0[usize::try_from(second % SLOTS as u64).expect("an index is small")];
        let mut seen = slot.load(Ordering::Relaxed);
        loop {
            let counted = if seen >> 32 == second { seen + 1 } else { (second << 32) | 1 };
            match slot.compare_exchange_weak(seen, counted, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    /// Returns the sum of this second and the preceding ones within the window.
    fn sum(&self, second: u64) -> u64 {
        let slots = self.0.iter().map(|slot| slot.load(Ordering::Relaxed));
        slots.filter(|seen| (seen >> 32) + WINDOW > second).map(|seen| seen & u64::from(u32::MAX)).sum()
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetryBudget")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arango_protocol::{ErrorKind, Outcome};

    use super::*;

    fn sent() -> Attempt {
        Attempt::new(ErrorKind::ConnectionLost, Outcome::Unknown, Phase::Sent)
    }

    /// Counts how many withdrawals succeed.
    fn remaining(budget: &RetryBudget, now: Instant) -> usize {
        (0..10_000).take_while(|_| budget.withdraw(&sent(), now)).count()
    }

    #[test]
    fn retries_are_a_fifth_of_the_calls_plus_three_a_second_over_ten_seconds() {
        let (budget, now) = (RetryBudget::new(), Instant::now());
        for _ in 0..1000 {
            budget.deposit(now);
        }
        assert_eq!(budget.remaining(now), 230);
        assert_eq!(remaining(&budget, now), 230);
        assert_eq!(budget.remaining(now), 0);
        assert_eq!(remaining(&budget, now + Duration::from_secs(9)), 0);
        assert_eq!(remaining(&budget, now + Duration::from_secs(11)), 30, "calls and retries have expired");
    }

    #[test]
    fn attempts_that_were_never_sent_are_free() {
        let (budget, now) = (RetryBudget::new(), Instant::now());
        remaining(&budget, now);
        let unsent = Attempt::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
        assert!(budget.withdraw(&unsent, now));
        assert!(!budget.withdraw(&sent(), now));
    }

    #[test]
    fn a_call_counts_for_ten_seconds_regardless_of_the_clients_age() {
        let (budget, now) = (RetryBudget::new(), Instant::now());
        for age in [0, 95, 100_000] {
            let then = now + Duration::from_secs(age);
            for second in 0..10 {
                for _ in 0..10 {
                    budget.deposit(then + Duration::from_secs(second));
                }
            }
            assert_eq!(budget.remaining(then + Duration::from_secs(9)), 30 + 20, "all ten seconds count");
            assert_eq!(
                budget.remaining(then + Duration::from_secs(10)),
                30 + 18,
                "the first second has expired"
            );
            assert_eq!(budget.remaining(then + Duration::from_secs(19)), 30, "all seconds have expired");
        }
    }
}
