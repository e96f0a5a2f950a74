//! Slow start: the rising share of a member that was added or has recovered.

use std::time::Duration;

use tokio::time::Instant;

/// A period in which a member's share rises linearly from zero to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SlowStart {
    started: Instant,
    duration: Duration,
}

impl SlowStart {
    /// Starts the period; `None` if `duration` is zero.
    pub(crate) fn new(started: Instant, duration: Duration) -> Option<Self> {
        (!duration.is_zero()).then_some(Self { started, duration })
    }

    /// Returns the part of its share that the member gets, from 0 to 1.
    pub(crate) fn share(self, now: Instant) -> f64 {
        now.saturating_duration_since(self.started).div_duration_f64(self.duration).min(1.0)
    }

    pub(crate) fn is_over(self, now: Instant) -> bool {
        now.saturating_duration_since(self.started) >= self.duration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_rises_linearly() {
        let now = Instant::now();
        let slow_start = SlowStart::new(now, Duration::from_secs(10)).unwrap();
        for (seconds, share) in [(0, 0.0), (1, 0.1), (5, 0.5), (10, 1.0), (99, 1.0)] {
            let then = now + Duration::from_secs(seconds);
            assert!((slow_start.share(then) - share).abs() < 1e-9);
            assert_eq!(slow_start.is_over(then), seconds >= 10);
        }
        assert_eq!(SlowStart::new(now, Duration::ZERO), None);
    }
}
