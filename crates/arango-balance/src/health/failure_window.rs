//! Failure ratio of one member over a sliding window.
//!
//! Only failures are recorded, each with the number of requests that the member was sent so far. So successful
//! responses cost nothing. The number of requests at the start of the window is not known exactly, unless a failure was
//! recorded at that moment. It is interpolated between the readings before and after:
//!
//! ```text
//!   requests                                   ● now
//!      │                            ●─────●────
//!      │              ┬        ────
//!      │              │   ─────   ↑ the first failure within the window
//!      │         ─────x───
//!      │    ●────     ↑ the start of the window
//!      └────↑─────────────────────────────────── time
//!           the last reading before the window
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Number of slices of a window. Failures of one slice expire together.
const SLICES: u32 = 10;

/// The recent failures of one member.
#[derive(Debug)]
pub(crate) struct FailureWindow {
    /// The last reading before those in `slices`.
    last_expired: Reading,
    /// From oldest to newest, at most one more than [`SLICES`].
    slices: VecDeque<Slice>,
}

/// The number of requests that the member had been sent at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    requests: u64,
}

/// Failures within one slice of the window.
#[derive(Debug)]
struct Slice {
    /// At the first failure.
    first: Reading,
    /// At the last failure.
    last: Reading,
    failures: u32,
}

/// Responses within a window that ends with a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowCounts {
    pub(crate) failures: u64,
    /// Including failures.
    pub(crate) responses: u64,
}

impl WindowCounts {
    /// Returns the part of the responses that were failures.
    #[expect(clippy::cast_precision_loss, reason = "a ratio, to be compared with a configured one")]
    pub(crate) fn ratio(self) -> f64 {
        self.failures as f64 / self.responses as f64
    }
}

impl FailureWindow {
    /// Starts without failures, for a member that was sent `requests` so far.
    pub(crate) fn since(at: Instant, requests: u64) -> Self {
        Self { last_expired: Reading { at, requests }, slices: VecDeque::new() }
    }

    /// Records a failure of a member that was sent `requests` so far; counts the window that ends now.
    pub(crate) fn record(&mut self, now: Instant, requests: u64, window: Duration) -> WindowCounts {
        let age = |reading: &Reading| now.saturating_duration_since(reading.at);
        let reading = Reading { at: now, requests };
        match self.slices.back_mut() {
            Some(slice) if age(&slice.first) < window / SLICES => {
                slice.last = reading;
                slice.failures = slice.failures.saturating_add(1);
            }
            _ => self.slices.push_back(Slice { first: reading, last: reading, failures: 1 }),
        }
        while let Some(slice) = self.slices.front().filter(|slice| age(&slice.first) > window) {
            self.last_expired = slice.last;
            self.slices.pop_front();
        }
        let failures = self.slices.iter().map(|slice| u64::from(slice.failures)).sum();
        let sent = requests.saturating_sub(self.requests_at_start(now, window));
        // Requests that failed within the window may have been sent before it.
        WindowCounts { failures, responses: sent.max(failures) }
    }

    /// Returns the number of requests that the member had been sent when the window started.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate between two non-negative numbers"
    )]
    fn requests_at_start(&self, now: Instant, window: Duration) -> u64 {
        let before = self.last_expired;
        let first = self.slices.front().map_or(before, |slice| slice.first);
        let to_window = now.saturating_duration_since(before.at).saturating_sub(window);
        let to_first = first.at.saturating_duration_since(before.at);
        if to_window.is_zero() || to_first.is_zero() {
            // The slice that overlaps the start counts as before the window, with all its requests.
            return before.requests;
        }
        let sent = first.requests.saturating_sub(before.requests) as f64;
        before.requests + (sent * to_window.div_duration_f64(to_first)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    /// A failure window and its clock.
    struct Run {
        window: FailureWindow,
        now: Instant,
        requests: u64,
    }

    impl Run {
        fn new() -> Self {
            let now = Instant::now();
            Self { window: FailureWindow::since(now, 0), now, requests: 0 }
        }

        /// Sends requests that succeed, evenly over some time.
        fn succeed(&mut self, requests: u64, seconds: u64) {
            self.requests += requests;
            self.now += Duration::from_secs(seconds);
        }

        /// Sends requests that fail, evenly over some time; returns the counts at the last one.
        fn fail(&mut self, failures: u32, time: Duration) -> WindowCounts {
            let mut counts = None;
            for _ in 0..failures {
                self.requests += 1;
                counts = Some(self.window.record(self.now, self.requests, WINDOW));
                self.now += time / failures;
            }
            counts.unwrap()
        }
    }

    #[test]
    fn responses_before_the_first_failure_count() {
        let mut run = Run::new();
        run.succeed(9, 1);
        let counts = run.fail(11, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 11, responses: 20 });
    }

    #[test]
    fn a_burst_of_failures_does_not_hide_the_successes_just_before() {
        let mut run = Run::new();
        run.succeed(360_000, 3600);
        let counts = run.fail(20, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 20, responses: 1020 }, "100 per second");
    }

    #[test]
    fn successes_between_two_failures_count_without_being_recorded() {
        let mut run = Run::new();
        run.fail(1, Duration::ZERO);
        run.succeed(98, 5);
        assert_eq!(run.fail(1, Duration::ZERO), WindowCounts { failures: 2, responses: 100 });
    }

    #[test]
    fn responses_older_than_the_window_do_not_count() {
        let mut run = Run::new();
        run.fail(500, Duration::from_secs(1));
        run.succeed(1_500, 15);
        // 100 per second for 10 s, regardless of what was before.
        let counts = run.fail(1, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 1, responses: 1_001 });
    }

    #[test]
    fn continuous_failures_are_all_responses_in_the_window() {
        let mut run = Run::new();
        run.succeed(1_000, 10);
        for _ in 0..50 {
            let counts = run.fail(100, Duration::from_secs(1));
            assert!(counts.responses <= 1_001, "{counts:?}");
        }
        // A slice that is partly older than the window is left out, with its requests and its failures.
        let counts = run.fail(100, Duration::from_secs(1));
        assert!(counts.failures >= 900 && counts.failures == counts.responses, "{counts:?}");
        assert!(run.window.slices.len() <= 11, "{}", run.window.slices.len());
    }

    #[test]
    fn responses_to_requests_sent_before_the_window_count() {
        let now = Instant::now();
        let mut window = FailureWindow::since(now, 30);
        for failures in 1..=30 {
            assert_eq!(window.record(now, 30, WINDOW), WindowCounts { failures, responses: failures });
        }
    }

    #[test]
    fn failures_a_tenth_of_the_window_apart_are_in_different_slices() {
        let now = Instant::now();
        let mut window = FailureWindow::since(now, 0);
        for failures in 0..3 {
            window.record(now + WINDOW / SLICES * failures, u64::from(failures) + 1, WINDOW);
        }
        let slices: Vec<u32> = window.slices.iter().map(|slice| slice.failures).collect();
        assert_eq!(slices, [1, 1, 1]);
    }

    #[test]
    fn a_failure_exactly_as_old_as_the_window_counts() {
        let now = Instant::now();
        for (age, failures) in [(WINDOW, 2), (WINDOW + Duration::from_millis(1), 1)] {
            let mut window = FailureWindow::since(now, 0);
            window.record(now, 1, WINDOW);
            assert_eq!(window.record(now + age, 2, WINDOW).failures, failures, "{age:?}");
        }
    }
}
