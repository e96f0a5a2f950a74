//! Counters of one simulation, and their summary.

use hdrhistogram::Histogram;

use crate::scenario::END;
use crate::time::{MILLISECOND, Nanos};
use crate::world::{is_measured, seconds};

/// Length of a window. Latency is also measured per window in which calls started.
pub(crate) const WINDOW: Nanos = 500 * MILLISECOND;

/// Numbers of slower calls per thousand for which the latency is reported.
const SLOWER: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Counters of a running simulation.
///
/// A call is counted in the window in which it started. Latency is in microseconds.
pub(crate) struct Statistics {
    latency: Histogram<u32>,
    windows: Vec<Window>,
    started: u64,
    calls: u64,
    rejected: u64,
    failed: u64,
    responses: Vec<u64>,
}

struct Window {
    latency: Histogram<u32>,
    responses: Vec<u32>,
    /// Calls that succeeded within it, whenever they started.
    completed: u32,
}

/// Summary of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Calls that were started.
    pub(crate) started: u64,
    /// Calls that ended, successful or not.
    pub(crate) calls: u64,
    /// Attempts without a response from a worker.
    pub(crate) rejected: u64,
    /// Calls that failed.
    pub(crate) failed: u64,
    /// Percentiles of the latency of successful calls, in milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    /// Pairs of the number of slower calls per thousand and the latency in milliseconds.
    pub(crate) slower_than: Vec<(f64, f64)>,
    /// Part of all responses that each coordinator sent; the parts sum to 1.
    pub(crate) shares: Vec<f64>,
    /// The 99th percentile of each window from the start, in milliseconds.
    pub(crate) p99_by_window: Vec<f64>,
    /// The share of each coordinator, by window.
    pub(crate) shares_by_window: Vec<Vec<f64>>,
    /// Calls per second that succeeded, by window.
    pub(crate) throughput_by_window: Vec<f64>,
}

impl Statistics {
    pub(crate) fn new(coordinators: usize) -> Self {
        let windows = usize::try_from(END / WINDOW).expect("a few windows");
        Self {
            latency: histogram(),
            windows: (0..windows)
                .map(|_| Window { latency: histogram(), responses: vec![0; coordinators], completed: 0 })
                .collect(),
            started: 0,
            calls: 0,
            rejected: 0,
            failed: 0,
            responses: vec![0; coordinators],
        }
    }

    pub(crate) fn record_started(&mut self, started: Nanos) {
        self.started += u64::from(is_measured(started));
    }

    pub(crate) fn record_success(&mut self, started: Nanos, now: Nanos, coordinator: usize) {
        let took = (now - started) / 1_000;
        let index = usize::try_from(started / WINDOW).expect("a few windows");
        let window = &mut self.windows[index];
        window.latency.saturating_record(took);
        window.responses[coordinator] += 1;
        let ended = usize::try_from(now / WINDOW).expect("a few windows");
        if let Some(window) = self.windows.get_mut(ended) {
            window.completed += 1;
        }
        if is_measured(started) {
            self.calls += 1;
            self.responses[coordinator] += 1;
            self.latency.saturating_record(took);
        }
    }

    pub(crate) fn record_rejected(&mut self, started: Nanos) {
        self.rejected += u64::from(is_measured(started));
    }

    pub(crate) fn record_failure(&mut self, started: Nanos) {
        self.calls += u64::from(is_measured(started));
        self.failed += u64::from(is_measured(started));
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            started: self.started,
            calls: self.calls,
            rejected: self.rejected,
            failed: self.failed,
            p50: milliseconds(&self.latency, 50.0),
            p99: milliseconds(&self.latency, 99.0),
            p999: milliseconds(&self.latency, 99.9),
            slower_than: SLOWER
                .map(|slower| (slower, milliseconds(&self.latency, 100.0 - slower / 10.0)))
                .to_vec(),
            shares: shares(self.responses.iter().copied()),
            p99_by_window: self.windows.iter().map(|window| milliseconds(&window.latency, 99.0)).collect(),
            shares_by_window: self
                .windows
                .iter()
                .map(|window| shares(window.responses.iter().map(|answered| u64::from(*answered))))
                .collect(),
            throughput_by_window: self
                .windows
                .iter()
                .map(|window| f64::from(window.completed) / seconds(WINDOW))
                .collect(),
        }
    }
}

impl Summary {
    /// Returns the 99th percentiles of the windows that start in this span.
    pub(crate) fn p99_between(&self, from: Nanos, to: Nanos) -> impl Iterator<Item = (Nanos, f64)> {
        (0..)
            .map(|index: Nanos| index * WINDOW)
            .zip(self.p99_by_window.iter().copied())
            .filter(move |(at, _)| (from..to).contains(at))
    }
}

/// Returns a histogram of up to 100 seconds, with two significant digits.
fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, 100_000_000, 2).expect("these bounds are valid")
}

#[expect(clippy::cast_precision_loss, reason = "some seconds")]
fn milliseconds(latency: &Histogram<u32>, percentile: f64) -> f64 {
    latency.value_at_percentile(percentile) as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts far below the limits of a double")]
fn shares(counts: impl Iterator<Item = u64> + Clone) -> Vec<f64> {
    let total = counts.clone().sum::<u64>().max(1);
    counts.map(|count| count as f64 / total as f64).collect()
}
