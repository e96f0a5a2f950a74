//! Periodic: one member for a number of requests or a time, then the next.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;

/// The maximum age of a period with two limits, in milliseconds: 24 days.
const MAX_AGE: u32 = u32::MAX / 2;

/// Stays with one member for a period, then moves to the next.
///
/// A period is a number of requests, a time, or whichever ends first.
///
/// In the long run each member has the same share. Retries go to the others in turn.
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
    /// Periods that ended by either of two limits.
    ended: AtomicUsize,
    /// The period in progress, if there are two limits: in the high half when it started, in milliseconds since `started`;
    /// in the low half how many requests it has.
    current: AtomicU64,
}

impl Periodic {
    /// Moves on after this many requests; 0 counts as 1.
    pub fn after_requests(requests: usize) -> Self {
        Self {
            requests: requests.max(1),
            time: Duration::MAX,
            first: 0,
            picks: AtomicUsize::new(0),
            retries: AtomicUsize::new(0),
            started: OnceLock::new(),
            ended: AtomicUsize::new(0),
            current: AtomicU64::new(0),
        }
    }

    /// Moves on after this time, at least one millisecond.
    ///
    /// The time starts with the first request.
    pub fn after_time(time: Duration) -> Self {
        Self::after_requests(usize::MAX).or_after(time)
    }

    /// Moves on after this time, too, counted from the first request of the period.
    ///
    /// The minimum is one millisecond, and the maximum 24 days.
    #[must_use]
    pub fn or_after(mut self, time: Duration) -> Self {
        self.time = time.max(Duration::from_millis(1));
        self
    }

    /// Starts with the member at this index, modulo the number of members.
    ///
    /// Indices count from 0 in the order of the set. Default: 0.
    ///
    /// With different values, clients that start at the same time do not all start with the same member.
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
        let turn = match (self.requests < usize::MAX, self.time < Duration::MAX) {
            (true, true) => self.ended_by_either(now),
            (false, true) => {
                let periods = self.elapsed(now).as_nanos() / self.time.as_nanos();
                usize::try_from(periods).unwrap_or(usize::MAX)
            }
            (_, false) => self.picks.fetch_add(1, Ordering::Relaxed) / self.requests,
        };
        candidates.nth_in_turn(self.first.wrapping_add(turn))
    }
}

impl Periodic {
    /// Returns the time since the first request.
    fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.started.get_or_init(|| now))
    }

    /// Counts a request, and returns how many periods have ended by either limit.
    ///
    /// Relaxed: a request concurrent with the end of a period may count in either.
    #[expect(clippy::cast_possible_truncation, reason = "halves of a word; times wrap around after 49 days")]
    fn ended_by_either(&self, now: Instant) -> usize {
        let requests =
            u64::try_from(self.requests).map_or(u64::MAX, |requests| requests.min(u32::MAX.into()));
        // A time that is earlier than the start, by the clock of another thread, is a large age.
        let time = u32::try_from(self.time.as_millis()).unwrap_or(u32::MAX).min(MAX_AGE);
        let now = self.elapsed(now).as_millis() as u32;
        let mut has_ended = false;
        self.current
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |current| {
                let age = now.wrapping_sub((current >> 32) as u32);
                has_ended = current & u64::from(u32::MAX) >= requests || (time..=MAX_AGE).contains(&age);
                Some(if has_ended { u64::from(now) << 32 | 1 } else { current + 1 })
            })
            .ok();
        if has_ended {
            self.ended.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            self.ended.load(Ordering::Relaxed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;

    fn picks(policy: &Periodic, out: Option<usize>, picks: usize, every: Duration) -> Vec<usize> {
        let list = Members::new(0..3_usize).snapshot();
        let begin = Instant::now();
        (0..u32::try_from(picks).unwrap())
            .map(|number| {
                let there: Vec<usize> = (0..3).filter(|index| Some(*index) != out).collect();
                let candidates = Candidates::only(&list, &there, false);
                let index = policy.pick(&candidates, &(), begin + every * number).unwrap();
                *candidates.get(index).key()
            })
            .collect()
    }

    const AT_ONCE: Duration = Duration::ZERO;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_moves_on_after_a_number_of_requests() {
        assert_eq!(picks(&Periodic::after_requests(2), None, 8, AT_ONCE), [0, 0, 1, 1, 2, 2, 0, 0]);
        assert_eq!(picks(&Periodic::after_requests(2).starting_at(4), None, 4, AT_ONCE), [1, 1, 2, 2]);
        assert_eq!(picks(&Periodic::after_requests(0), None, 3, AT_ONCE), [0, 1, 2], "0 counts as 1");
    }

    #[test]
    fn it_moves_on_after_a_time() {
        assert_eq!(picks(&Periodic::after_time(3 * SECOND), None, 8, SECOND), [0, 0, 0, 1, 1, 1, 2, 2]);
        let either = Periodic::after_requests(4).or_after(3 * SECOND);
        assert_eq!(picks(&either, None, 3, SECOND), [0, 0, 0]);
        assert_eq!(picks(&either, None, 1, SECOND), [0], "the fourth request");
        assert_eq!(picks(&either, None, 1, SECOND), [1], "the fifth");
    }

    #[test]
    fn of_two_limits_the_one_reached_first_ends_a_period_and_all_members_have_the_same_share() {
        let either = |requests, time| Periodic::after_requests(requests).or_after(time);
        // The requests come first, although the time is a multiple of theirs.
        assert_eq!(picks(&either(2, 4 * SECOND), None, 12, SECOND), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        // The time comes first.
        assert_eq!(picks(&either(20, 2 * SECOND), None, 8, SECOND), [0, 0, 1, 1, 2, 2, 0, 0]);
        assert_eq!(picks(&either(20, 2 * SECOND).starting_at(2), None, 4, 3 * SECOND), [2, 0, 1, 2]);
        for (requests, seconds) in [(10, 20), (10, 10), (7, 11), (10, 5), (usize::MAX - 1, 3)] {
            let picks = picks(&either(requests, seconds * SECOND), None, 6_930, SECOND);
            for member in 0..3 {
                let count = picks.iter().filter(|pick| **pick == member).count();
                assert!(count.abs_diff(2_310) <= 10, "{count} of {member}: {requests} or {seconds} s");
            }
        }
    }

    #[test]
    fn retries_have_separate_turns() {
        let (policy, list) = (Periodic::after_requests(2), Members::new(0..3_usize).snapshot());
        let pick = |there: &[usize], is_retry: bool| {
            let candidates = Candidates::only(&list, there, is_retry);
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
    fn the_share_of_an_excluded_member_spreads_over_all_others() {
        let picks = picks(&Periodic::after_requests(10), Some(1), 400, AT_ONCE);
        let count = |member: usize| picks.iter().filter(|pick| **pick == member).count();
        assert_eq!([count(0), count(1), count(2)], [200, 0, 200]);
    }
}
