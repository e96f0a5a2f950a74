//! The share of a member that has just come.

use std::time::Duration;

use tokio::time::Instant;

/// A time in which a member's share rises from nothing to all of it, in a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SlowStart {
    started: Instant,
    duration: Duration,
}

impl SlowStart {
    /// Begins; `None` if it lasts for no time.
    pub(crate) fn new(began: Instant, lasts: Duration) -> Option<Self> {
        (!lasts.is_zero()).then_some(Self { started: began, duration: lasts })
    }

    /// The part of its share that the member takes.
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
    fn the_share_rises_in_a_straight_line() {
        let now = Instant::now();
        let warm_up = SlowStart::new(now, Duration::from_secs(10)).unwrap();
        for (seconds, share) in [(0, 0.0), (1, 0.1), (5, 0.5), (10, 1.0), (99, 1.0)] {
            let then = now + Duration::from_secs(seconds);
            assert!((warm_up.share(then) - share).abs() < 1e-9);
            assert_eq!(warm_up.is_over(then), seconds >= 10);
        }
        assert_eq!(SlowStart::new(now, Duration::ZERO), None);
    }
}
