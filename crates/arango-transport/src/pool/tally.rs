//! What is counted of a coordinator beside its requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;

use super::Pool;
use crate::queue_time;

/// One of so many answers is asked for how long it has waited: to read it costs more than to count.
const SAMPLED: u64 = 16;
/// No answer has told yet.
const UNTOLD: u64 = u64::MAX;

/// The counts of one coordinator.
#[derive(Debug)]
pub(super) struct Tally {
    ejections: AtomicU64,
    timeouts: AtomicU64,
    /// In microseconds.
    queued: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { ejections: AtomicU64::new(0), timeouts: AtomicU64::new(0), queued: AtomicU64::new(UNTOLD) }
    }
}

impl Tally {
    /// Notes that no connection became free in time.
    #[cold]
    pub(super) fn timed_out(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes what an answer tells, of some answers; `before` is how many came before it.
    #[inline]
    pub(super) fn heard(&self, before: u64, answer: &HeaderMap) {
        if before.is_multiple_of(SAMPLED) {
            self.note_queue_time(answer);
        }
    }

    #[cold]
    fn note_queue_time(&self, answer: &HeaderMap) {
        let told = queue_time::told(answer);
        if let Some(micros) = told.and_then(|told| u64::try_from(told.as_micros()).ok()) {
            self.queued.store(micros, Ordering::Relaxed);
        }
    }
}

impl Pool {
    /// Notes that the coordinator has left the rotation: what is idle is not going to be used.
    pub(crate) fn eject(&self) {
        self.0.tally.ejections.fetch_add(1, Ordering::Relaxed);
        self.close_idle();
    }

    /// How often the coordinator has left the rotation.
    pub(crate) fn ejections(&self) -> u64 {
        self.0.tally.ejections.load(Ordering::Relaxed)
    }

    /// How many requests had no connection in time.
    pub(crate) fn timeouts(&self) -> u64 {
        self.0.tally.timeouts.load(Ordering::Relaxed)
    }

    /// How long a request has waited in the queue of the coordinator, as it told last.
    pub(crate) fn queue_time(&self) -> Option<Duration> {
        let micros = self.0.tally.queued.load(Ordering::Relaxed);
        (micros != UNTOLD).then(|| Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::queue_time::QUEUE_TIME;

    #[test]
    fn one_of_sixteen_answers_tells_how_long_it_has_waited_and_nonsense_tells_nothing() {
        let tally = Tally::default();
        let tells = |before, seconds| {
            let mut answer = HeaderMap::new();
            answer.insert(QUEUE_TIME, HeaderValue::from_static(seconds));
            tally.heard(before, &answer);
            tally.queued.load(Ordering::Relaxed)
        };
        assert_eq!(tells(1, "0.5"), UNTOLD);
        assert_eq!(tells(0, "0.250000"), 250_000);
        for nonsense in ["soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(tells(16, nonsense), 250_000, "{nonsense}");
        }
        assert_eq!(tells(32, "0.000000"), 0);
    }
}
