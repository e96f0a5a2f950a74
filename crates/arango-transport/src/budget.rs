//! How much may be sent again, over all calls of a client.
//!
//! When a cluster is overloaded each call fails and is sent again, which is what overloads it. So what
//! is sent again is paid for by what is sent.
//!
//! tower has such a budget, but reads the system's clock, which stands still in no test.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::failed_attempt::{Attempt, Phase};

/// Over how many seconds is counted.
const WINDOW: u64 = PLACES as u64;
const PLACES: usize = 10;
/// Further attempts a second that are always allowed.
const RESERVE: u64 = 3;
/// One further attempt for so many calls.
const CALLS: u64 = 5;

/// The budget of a client. Clones draw on the same one.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Shared>);

struct Shared {
    began: Instant,
    calls: Seconds,
    /// What was sent again. Locked, so that two who draw at once do not both have the last of it.
    again: Mutex<Seconds>,
}

/// Counts for each of the latest seconds.
#[derive(Default)]
struct Seconds([AtomicU64; PLACES]);

impl Budget {
    pub(crate) fn new() -> Self {
        let shared = Shared { began: Instant::now(), calls: Seconds::default(), again: Mutex::default() };
        Self(Arc::new(shared))
    }

    /// Pays in for a call.
    pub(crate) fn deposit(&self, now: Instant) {
        self.0.calls.count(self.second(now));
    }

    /// Pays for sending again what `attempt` failed to do; `false` if there is nothing left.
    ///
    /// What never reached a server cost it nothing, and costs nothing here.
    pub(crate) fn withdraw(&self, attempt: &Attempt, now: Instant) -> bool {
        attempt.phase < Phase::Sent || self.draw(now)
    }

    /// Pays for one more attempt that reaches a server; `false` if there is nothing left.
    pub(crate) fn draw(&self, now: Instant) -> bool {
        let second = self.second(now);
        let again = self.0.again.lock().unwrap_or_else(PoisonError::into_inner);
        let affordable = again.sum(second) < self.allowed(second);
        if affordable {
            again.count(second);
        }
        affordable
    }

    /// How many more attempts that reach a server may be paid for now.
    pub(crate) fn left(&self, now: Instant) -> u64 {
        let second = self.second(now);
        let again = self.0.again.lock().unwrap_or_else(PoisonError::into_inner).sum(second);
        self.allowed(second).saturating_sub(again)
    }

    fn allowed(&self, second: u64) -> u64 {
        RESERVE * WINDOW + self.0.calls.sum(second) / CALLS
    }

    fn second(&self, now: Instant) -> u64 {
        // From one on, so that a place that was never counted in is told from the first second.
        now.saturating_duration_since(self.0.began).as_secs() + 1
    }
}

impl Seconds {
    /// Counts one in this second.
    fn count(&self, second: u64) {
        // A second and its count in one word, so that one is never read with another's half.
        let place = &self.0[usize::try_from(second % WINDOW).expect("it is below ten")];
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            let counted = if seen >> 32 == second { seen + 1 } else { (second << 32) | 1 };
            match place.compare_exchange_weak(seen, counted, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    /// What was counted in this second and those before it, as far back as is counted.
    fn sum(&self, second: u64) -> u64 {
        let places = self.0.iter().map(|place| place.load(Ordering::Relaxed));
        places.filter(|seen| (seen >> 32) + WINDOW > second).map(|seen| seen & u64::from(u32::MAX)).sum()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ErrorKind, Outcome};

    fn sent() -> Attempt {
        Attempt::failed(ErrorKind::ConnectionLost, Outcome::Unknown, Phase::Sent)
    }

    /// How often it can be drawn on.
    fn left(budget: &Budget, now: Instant) -> usize {
        (0..10_000).take_while(|_| budget.withdraw(&sent(), now)).count()
    }

    #[test]
    fn a_fifth_of_the_calls_and_three_a_second_may_be_sent_again_within_ten_seconds() {
        let (budget, now) = (Budget::new(), Instant::now());
        for _ in 0..1000 {
            budget.deposit(now);
        }
        assert_eq!(budget.left(now), 230);
        assert_eq!(left(&budget, now), 230);
        assert_eq!(budget.left(now), 0);
        assert_eq!(left(&budget, now + Duration::from_secs(9)), 0);
        assert_eq!(left(&budget, now + Duration::from_secs(11)), 30, "neither counts any more");
    }

    #[test]
    fn what_was_never_sent_costs_nothing() {
        let (budget, now) = (Budget::new(), Instant::now());
        left(&budget, now);
        let unsent = Attempt::failed(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
        assert!(budget.withdraw(&unsent, now));
        assert!(!budget.withdraw(&sent(), now));
    }

    #[test]
    fn a_call_counts_in_its_second_and_the_nine_that_follow_however_old_the_client_is() {
        let (budget, now) = (Budget::new(), Instant::now());
        for age in [0, 95, 100_000] {
            let then = now + Duration::from_secs(age);
            for second in 0..10 {
                for _ in 0..10 {
                    budget.deposit(then + Duration::from_secs(second));
                }
            }
            assert_eq!(budget.left(then + Duration::from_secs(9)), 30 + 20, "all of ten seconds");
            assert_eq!(budget.left(then + Duration::from_secs(10)), 30 + 18, "the first is too old");
            assert_eq!(budget.left(then + Duration::from_secs(19)), 30, "all are too old");
        }
    }
}
