//! Which part of a member's answers are failures, over the last while?
//!
//! Only failures are noted, and each reads how many requests the member was sent so far. So answers that
//! are good cost nothing, and what is not known is how many there were when the window began, unless a
//! failure was noted just then. It is taken to lie on the line between the readings before and after:
//!
//! ```text
//!   requests                                   ● now
//!      │                            ●─────●────
//!      │              ┬        ────
//!      │              │   ─────   ↑ the first failure within the window
//!      │         ─────x───
//!      │    ●────     ↑ the beginning of the window
//!      └────↑─────────────────────────────────── time
//!           the last reading before the window
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Into how many slices a window is cut; failures of one slice grow old together.
const SLICES: u32 = 10;

/// The failures of one member over the last while.
#[derive(Debug)]
pub(crate) struct FailureWindow {
    /// The last reading that is older than `slices`.
    last_expired: Reading,
    /// From old to young, at most one more than [`SLICES`].
    slices: VecDeque<Slice>,
}

/// How many requests the member had been sent at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    requests: u64,
}

/// Failures that were noted soon after one another.
#[derive(Debug)]
struct Slice {
    /// At the first of them.
    first: Reading,
    /// At the last of them.
    last: Reading,
    failures: u32,
}

/// What was answered within a window that ends with a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowCounts {
    pub(crate) failures: u64,
    /// Failures included.
    pub(crate) responses: u64,
}

impl WindowCounts {
    /// The part of the answers that were failures.
    #[expect(clippy::cast_precision_loss, reason = "a part, to be compared with one that somebody chose")]
    pub(crate) fn ratio(self) -> f64 {
        self.failures as f64 / self.responses as f64
    }
}

impl FailureWindow {
    /// Nothing has failed since the member was sent `requests`.
    pub(crate) fn since(at: Instant, requests: u64) -> Self {
        Self { last_expired: Reading { at, requests }, slices: VecDeque::new() }
    }

    /// Takes note of a failure of a member that was sent `requests` so far, and counts the window that ends now.
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
        // What failed in the window may have been sent before it.
        WindowCounts { failures, responses: sent.max(failures) }
    }

    /// How many requests the member had been sent when the window began.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate, between two numbers that are not negative"
    )]
    fn requests_at_start(&self, now: Instant, window: Duration) -> u64 {
        let before = self.last_expired;
        let first = self.slices.front().map_or(before, |slice| slice.first);
        let to_window = now.saturating_duration_since(before.at).saturating_sub(window);
        let to_first = first.at.saturating_duration_since(before.at);
        if to_window.is_zero() || to_first.is_zero() {
            // The slice that lies across the beginning counts as before it, with all its requests.
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

    /// A member, and the clock beside it.
    struct Run {
        rate: FailureWindow,
        now: Instant,
        requests: u64,
    }

    impl Run {
        fn new() -> Self {
            let now = Instant::now();
            Self { rate: FailureWindow::since(now, 0), now, requests: 0 }
        }

        /// Answers that are good, evenly over some time.
        fn good(&mut self, requests: u64, seconds: u64) {
            self.requests += requests;
            self.now += Duration::from_secs(seconds);
        }

        /// Failures, evenly over some time; what the last one sees.
        fn failed(&mut self, failures: u32, time: Duration) -> WindowCounts {
            let mut counts = None;
            for _ in 0..failures {
                self.requests += 1;
                counts = Some(self.rate.record(self.now, self.requests, WINDOW));
                self.now += time / failures;
            }
            counts.unwrap()
        }
    }

    #[test]
    fn answers_before_the_first_failure_count() {
        let mut run = Run::new();
        run.good(9, 1);
        let counts = run.failed(11, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 11, responses: 20 });
    }

    #[test]
    fn a_burst_of_failures_does_not_hide_what_was_good_just_before() {
        let mut run = Run::new();
        run.good(360_000, 3600);
        let counts = run.failed(20, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 20, responses: 1020 }, "a hundred each second");
    }

    #[test]
    fn good_answers_between_two_failures_count_without_having_been_noted() {
        let mut run = Run::new();
        run.failed(1, Duration::ZERO);
        run.good(98, 5);
        assert_eq!(run.failed(1, Duration::ZERO), WindowCounts { failures: 2, responses: 100 });
    }

    #[test]
    fn what_is_older_than_the_window_counts_no_more() {
        let mut run = Run::new();
        run.failed(500, Duration::from_secs(1));
        run.good(1_500, 15);
        // A hundred each second for ten seconds, whatever was before.
        let counts = run.failed(1, Duration::ZERO);
        assert_eq!(counts, WindowCounts { failures: 1, responses: 1_001 });
    }

    #[test]
    fn failures_that_never_stop_are_all_that_there_is() {
        let mut run = Run::new();
        run.good(1_000, 10);
        for _ in 0..50 {
            let counts = run.failed(100, Duration::from_secs(1));
            assert!(counts.responses <= 1_001, "{counts:?}");
        }
        // A slice that is partly older than the window is left out, its requests as well as its failures.
        let counts = run.failed(100, Duration::from_secs(1));
        assert!(counts.failures >= 900 && counts.failures == counts.responses, "{counts:?}");
        assert!(run.rate.slices.len() <= 11, "{}", run.rate.slices.len());
    }

    #[test]
    fn answers_to_what_was_sent_before_the_window_are_answers() {
        let now = Instant::now();
        let mut rate = FailureWindow::since(now, 30);
        for failures in 1..=30 {
            assert_eq!(rate.record(now, 30, WINDOW), WindowCounts { failures, responses: failures });
        }
    }

    #[test]
    fn failures_a_tenth_of_the_window_apart_are_in_slices_of_their_own() {
        let now = Instant::now();
        let mut rate = FailureWindow::since(now, 0);
        for failures in 0..3 {
            rate.record(now + WINDOW / SLICES * failures, u64::from(failures) + 1, WINDOW);
        }
        let slices: Vec<u32> = rate.slices.iter().map(|slice| slice.failures).collect();
        assert_eq!(slices, [1, 1, 1]);
    }

    #[test]
    fn a_failure_exactly_as_old_as_the_window_still_counts() {
        let now = Instant::now();
        for (age, failures) in [(WINDOW, 2), (WINDOW + Duration::from_millis(1), 1)] {
            let mut rate = FailureWindow::since(now, 0);
            rate.record(now, 1, WINDOW);
            assert_eq!(rate.record(now + age, 2, WINDOW).failures, failures, "{age:?}");
        }
    }
}
