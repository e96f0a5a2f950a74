//! Counters of one pool.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;

use super::Pool;
use crate::types::queue_time;

/// The queue time is read from one of this many responses, because parsing costs more than counting.
const SAMPLE_INTERVAL: u64 = 16;
/// No response has reported a queue time yet.
const NOT_REPORTED: u64 = u64::MAX;

/// The counters of one pool.
#[derive(Debug)]
pub(super) struct PoolStats {
    ejections: AtomicU64,
    timeouts: AtomicU64,
    /// The last reported queue time, in microseconds.
    queued: AtomicU64,
}

impl Default for PoolStats {
    fn default() -> Self {
        Self {
            ejections: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            queued: AtomicU64::new(NOT_REPORTED),
        }
    }
}

impl PoolStats {
    /// Records that no connection became available in time.
    #[cold]
    pub(super) fn record_timeout(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the queue time of some responses. `before` is the number of earlier responses.
    #[inline]
    pub(super) fn record_response(&self, before: u64, headers: &HeaderMap) {
        if before.is_multiple_of(SAMPLE_INTERVAL) {
            self.record_queue_time(headers);
        }
    }

    #[cold]
    fn record_queue_time(&self, headers: &HeaderMap) {
        let queued = queue_time::parse(headers);
        if let Some(micros) = queued.and_then(|queued| u64::try_from(queued.as_micros()).ok()) {
            self.queued.store(micros, Ordering::Relaxed);
        }
    }
}

impl Pool {
    /// Records that the coordinator was ejected, and closes its idle connections.
    pub(crate) fn record_ejection(&self) {
        self.0.stats.ejections.fetch_add(1, Ordering::Relaxed);
        self.close_idle();
    }

    /// Returns how often the coordinator was ejected.
    pub(crate) fn ejections(&self) -> u64 {
        self.0.stats.ejections.load(Ordering::Relaxed)
    }

    /// Returns how many requests got no connection in time.
    pub(crate) fn timeouts(&self) -> u64 {
        self.0.stats.timeouts.load(Ordering::Relaxed)
    }

    /// Returns the last reported time in the coordinator's queue.
    pub(crate) fn queue_time(&self) -> Option<Duration> {
        let micros = self.0.stats.queued.load(Ordering::Relaxed);
        (micros != NOT_REPORTED).then(|| Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::types::queue_time::QUEUE_TIME;

    #[test]
    fn the_queue_time_is_read_from_one_of_sixteen_responses_and_invalid_values_are_ignored() {
        let stats = PoolStats::default();
        let recorded = |before, seconds| {
            let mut headers = HeaderMap::new();
            headers.insert(QUEUE_TIME, HeaderValue::from_static(seconds));
            stats.record_response(before, &headers);
            stats.queued.load(Ordering::Relaxed)
        };
        assert_eq!(recorded(1, "0.5"), NOT_REPORTED);
        assert_eq!(recorded(0, "0.250000"), 250_000);
        for invalid in ["soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(recorded(16, invalid), 250_000, "{invalid}");
        }
        assert_eq!(recorded(32, "0.000000"), 0);
    }
}
