//! Latencies of recent calls by name: the median and the 95th percentile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a latency is kept.
const WINDOW: Duration = Duration::from_secs(30);
/// The minimum number of calls for a percentile.
const MIN_SAMPLES: usize = 20;
/// The maximum number of latencies kept per name. The oldest are replaced.
const MAX_SAMPLES: usize = 512;

/// The latencies of the last 30 seconds, by name of the call.
#[derive(Default)]
pub(crate) struct LatencyWindow(Mutex<Vec<Samples>>);

/// The latest latencies of the calls of one name.
struct Samples {
    name: &'static str,
    /// Each with the time of its response. The latest replaces the oldest once there are [`MAX_SAMPLES`].
    taken: Vec<(Instant, Duration)>,
    /// The index of the oldest, if there are so many.
    oldest: usize,
}

/// The typical latencies of the calls of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypicalLatency {
    /// The 50th percentile.
    pub(crate) median: Duration,
    /// The 95th percentile.
    pub(crate) p95: Duration,
}

impl LatencyWindow {
    /// Records the latency of a call that succeeded.
    pub(crate) fn record(&self, name: &'static str, took: Duration, now: Instant) {
        let mut calls = self.calls();
        let index = match find(&calls, name) {
            Ok(index) => index,
            Err(index) => {
                calls.insert(index, Samples { name, taken: Vec::new(), oldest: 0 });
                index
            }
        };
        calls[index].record(now, took);
    }

    /// Returns the typical latencies of calls of this name; `None` if there were too few recently.
    pub(crate) fn typical(&self, name: &'static str, now: Instant) -> Option<TypicalLatency> {
        let mut taken = {
            let calls = self.calls();
            calls[find(&calls, name).ok()?].recent(now)
        };
        if taken.len() < MIN_SAMPLES {
            return None;
        }
        taken.sort_unstable();
        let at = |percent: usize| taken[(taken.len() * percent).div_ceil(100) - 1];
        Some(TypicalLatency { median: at(50), p95: at(95) })
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Samples>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the index of the samples of this name, or that at which they belong: names are in order.
fn find(calls: &[Samples], name: &str) -> Result<usize, usize> {
    calls.binary_search_by(|samples| samples.name.cmp(name))
}

impl Samples {
    fn record(&mut self, now: Instant, took: Duration) {
        if self.taken.len() < MAX_SAMPLES {
            self.taken.push((now, took));
        } else {
            self.taken[self.oldest] = (now, took);
            self.oldest = (self.oldest + 1) % MAX_SAMPLES;
        }
    }

    /// Returns the latencies that have not expired.
    fn recent(&self, now: Instant) -> Vec<Duration> {
        let mut recent = Vec::with_capacity(self.taken.len());
        for (since, took) in &self.taken {
            if now.saturating_duration_since(*since) <= WINDOW {
                recent.push(*took);
            }
        }
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn percentiles_cover_the_last_thirty_seconds_of_one_name() {
        let (latencies, began) = (LatencyWindow::default(), Instant::now());
        for took in 1..=100 {
            latencies.record("read", millis(took), began);
            latencies.record("other", millis(10_000), began);
        }
        let later = began + WINDOW;
        assert_eq!(
            latencies.typical("read", later),
            Some(TypicalLatency { median: millis(50), p95: millis(95) })
        );
        assert_eq!(latencies.typical("unknown", later), None);
        assert_eq!(latencies.typical("read", later + millis(1)), None, "all latencies have expired");
    }

    #[test]
    fn too_few_calls_give_no_percentile_and_only_the_latest_are_kept() {
        let (latencies, now) = (LatencyWindow::default(), Instant::now());
        for _ in 1..MIN_SAMPLES {
            latencies.record("read", millis(1), now);
        }
        assert_eq!(latencies.typical("read", now), None);
        for _ in 0..2 * MAX_SAMPLES {
            latencies.record("read", millis(7), now);
        }
        assert_eq!(
            latencies.typical("read", now),
            Some(TypicalLatency { median: millis(7), p95: millis(7) })
        );
    }

    #[test]
    fn each_latency_replaces_the_oldest_once_there_are_too_many() {
        let (latencies, now) = (LatencyWindow::default(), Instant::now());
        for took in [1, 7] {
            for _ in 0..MAX_SAMPLES {
                latencies.record("read", millis(took), now);
            }
            let took = millis(took);
            assert_eq!(latencies.typical("read", now), Some(TypicalLatency { median: took, p95: took }));
        }
    }

    #[test]
    fn twenty_calls_are_enough() {
        let (latencies, now) = (LatencyWindow::default(), Instant::now());
        for took in 1..=20 {
            latencies.record("read", millis(took), now);
        }
        assert_eq!(
            latencies.typical("read", now),
            Some(TypicalLatency { median: millis(10), p95: millis(19) })
        );
    }
}
