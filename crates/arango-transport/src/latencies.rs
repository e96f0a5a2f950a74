//! How long calls take, by their names: what is usual, and what is slow.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long what a call took counts.
const WINDOW: Duration = Duration::from_secs(30);
/// Fewer say nothing of what is slow.
const FEWEST: usize = 20;
/// The most that are kept of one name; of more it is the latest.
const KEPT: usize = 512;

/// What the calls of the last 30 seconds took.
#[derive(Default)]
pub(crate) struct Latencies(Mutex<HashMap<&'static str, VecDeque<(Instant, Duration)>>>);

/// What is known of the calls of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usual {
    /// Half of them take no longer.
    pub(crate) half: Duration,
    /// Of a hundred, 95 take no longer.
    pub(crate) most: Duration,
}

impl Latencies {
    /// Notes what a call took that was answered.
    pub(crate) fn note(&self, name: &'static str, took: Duration, now: Instant) {
        let mut calls = self.calls();
        let taken = calls.entry(name).or_default();
        if taken.len() == KEPT {
            taken.pop_front();
        }
        taken.push_back((now, took));
    }

    /// What calls of this name take; `None` if too few were answered lately.
    pub(crate) fn usual(&self, name: &'static str, now: Instant) -> Option<Usual> {
        let mut taken: Vec<Duration> = {
            let mut calls = self.calls();
            let taken = calls.get_mut(name)?;
            while taken.front().is_some_and(|(since, _)| now.saturating_duration_since(*since) > WINDOW) {
                taken.pop_front();
            }
            taken.iter().map(|(_, took)| *took).collect()
        };
        if taken.len() < FEWEST {
            return None;
        }
        taken.sort_unstable();
        let at = |percent: usize| taken[(taken.len() * percent).div_ceil(100) - 1];
        Some(Usual { half: at(50), most: at(95) })
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<&'static str, VecDeque<(Instant, Duration)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_usual_is_that_of_the_last_thirty_seconds_and_of_no_other_name() {
        let (latencies, began) = (Latencies::default(), Instant::now());
        for took in 1..=100 {
            latencies.note("read", millis(took), began);
            latencies.note("other", millis(10_000), began);
        }
        let later = began + WINDOW;
        assert_eq!(latencies.usual("read", later), Some(Usual { half: millis(50), most: millis(95) }));
        assert_eq!(latencies.usual("unheard", later), None);
        assert_eq!(latencies.usual("read", later + millis(1)), None, "none is left");
    }

    #[test]
    fn a_few_calls_tell_nothing_and_of_many_the_latest_count() {
        let (latencies, now) = (Latencies::default(), Instant::now());
        for _ in 1..FEWEST {
            latencies.note("read", millis(1), now);
        }
        assert_eq!(latencies.usual("read", now), None);
        for _ in 0..2 * KEPT {
            latencies.note("read", millis(7), now);
        }
        assert_eq!(latencies.usual("read", now), Some(Usual { half: millis(7), most: millis(7) }));
    }

    #[test]
    fn twenty_calls_are_enough() {
        let (latencies, now) = (Latencies::default(), Instant::now());
        for took in 1..=20 {
            latencies.note("read", millis(took), now);
        }
        assert_eq!(latencies.usual("read", now), Some(Usual { half: millis(10), most: millis(19) }));
    }
}
