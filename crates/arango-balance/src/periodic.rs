//! One for a while, then the next.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::{Candidates, Policy};

/// Stays with one member for a number of requests, for a time, or until either is over, and goes on to the next.
///
/// Over time each has the same share. Further attempts go to the others in turn.
///
/// ```
/// use std::time::Duration;
/// use arango_balance::Periodic;
///
/// let policy = Periodic::after_requests(1_000).or_after(Duration::from_secs(60));
/// ```
#[derive(Debug)]
pub struct Periodic {
    requests: usize,
    time: Duration,
    first: usize,
    picks: AtomicUsize,
    retries: AtomicUsize,
    started: OnceLock<Instant>,
}

impl Periodic {
    /// Changes after so many requests; 0 is taken to be 1.
    pub fn after_requests(requests: usize) -> Self {
        Self {
            requests: requests.max(1),
            time: Duration::MAX,
            first: 0,
            picks: AtomicUsize::new(0),
            retries: AtomicUsize::new(0),
            started: OnceLock::new(),
        }
    }

    /// Changes after this time, which begins with the first request; less than a millisecond is taken to be one.
    pub fn after_time(time: Duration) -> Self {
        Self::after_requests(usize::MAX).or_after(time)
    }

    /// Changes also after this time.
    #[must_use]
    pub fn or_after(mut self, time: Duration) -> Self {
        self.time = time.max(Duration::from_millis(1));
        self
    }

    /// Begins with another than the first member: so many clients that start at the same time do not all begin with the
    /// same one. More than there are begin anew.
    #[must_use]
    pub fn starting_at(mut self, member: usize) -> Self {
        self.first = member;
        self
    }
}

impl<K, Req> Policy<K, Req> for Periodic {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, now: Instant) -> Option<usize> {
        if candidates.is_retry() {
            return candidates.nth_in_turn(self.retries.fetch_add(1, Ordering::Relaxed));
        }
        let asked = self.picks.fetch_add(1, Ordering::Relaxed) / self.requests;
        let passed = if self.time == Duration::MAX {
            0
        } else {
            let began = *self.started.get_or_init(|| now);
            let periods = now.saturating_duration_since(began).as_nanos() / self.time.as_nanos();
            usize::try_from(periods).unwrap_or(usize::MAX)
        };
        candidates.nth_in_turn(self.first.wrapping_add(asked).wrapping_add(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Members;

    fn picks(policy: &Periodic, out: Option<usize>, picks: usize, every: Duration) -> Vec<usize> {
        let list = Members::new(0..3_usize).snapshot();
        let begin = Instant::now();
        (0..u32::try_from(picks).unwrap())
            .map(|number| {
                let there = (0..3).filter(|index| Some(*index) != out).collect();
                let candidates = Candidates::only(&list, there, false);
                let index = policy.pick(&candidates, &(), begin + every * number).unwrap();
                *candidates.get(index).key()
            })
            .collect()
    }

    const AT_ONCE: Duration = Duration::ZERO;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_changes_after_a_number_of_requests() {
        assert_eq!(picks(&Periodic::after_requests(2), None, 8, AT_ONCE), [0, 0, 1, 1, 2, 2, 0, 0]);
        assert_eq!(picks(&Periodic::after_requests(2).starting_at(4), None, 4, AT_ONCE), [1, 1, 2, 2]);
        assert_eq!(picks(&Periodic::after_requests(0), None, 3, AT_ONCE), [0, 1, 2], "zero is one");
    }

    #[test]
    fn it_changes_after_a_time() {
        assert_eq!(picks(&Periodic::after_time(3 * SECOND), None, 8, SECOND), [0, 0, 0, 1, 1, 1, 2, 2]);
        let either = Periodic::after_requests(4).or_after(3 * SECOND);
        assert_eq!(picks(&either, None, 3, SECOND), [0, 0, 0]);
        assert_eq!(picks(&either, None, 1, SECOND), [0], "the fourth request");
        assert_eq!(picks(&either, None, 1, SECOND), [1], "the fifth");
    }

    #[test]
    fn further_attempts_take_turns_of_their_own() {
        let (policy, list) = (Periodic::after_requests(2), Members::new(0..3_usize).snapshot());
        let pick = |there: &[usize], further: bool| {
            let candidates = Candidates::only(&list, there.to_vec(), further);
            *candidates.get(policy.pick(&candidates, &(), Instant::now()).unwrap()).key()
        };
        let mut picks = Vec::new();
        for _ in 0..4 {
            let first = pick(&[0, 1, 2], false);
            let others: Vec<usize> = (0..3).filter(|member| *member != first).collect();
            picks.push((first, pick(&others, true)));
        }
        assert_eq!(picks, [(0, 1), (0, 2), (1, 0), (1, 2)]);
    }

    #[test]
    fn the_share_of_a_masked_member_spreads_over_all_others() {
        let picks = picks(&Periodic::after_requests(10), Some(1), 400, AT_ONCE);
        let count = |member: usize| picks.iter().filter(|pick| **pick == member).count();
        assert_eq!([count(0), count(1), count(2)], [200, 0, 200]);
    }
}
