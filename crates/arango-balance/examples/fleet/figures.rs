//! What is counted in one world, and what it comes to.

use hdrhistogram::Histogram;

use crate::scenario::END;
use crate::time::{MILLISECOND, Nanos};
use crate::world::counts;

/// The latency of calls that began within the same window is looked at by itself.
pub(crate) const WINDOW: Nanos = 500 * MILLISECOND;

/// Of a thousand calls.
const SLOWER: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// What is counted while a world runs: calls by when they began, in microseconds.
pub(crate) struct Figures {
    latency: Histogram<u32>,
    windows: Vec<Window>,
    begun: u64,
    calls: u64,
    refused: u64,
    failed: u64,
    answered: Vec<u64>,
}

struct Window {
    latency: Histogram<u32>,
    answered: Vec<u32>,
}

/// What a world comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Calls that were to end.
    pub(crate) begun: u64,
    /// Calls that ended, well or not.
    pub(crate) calls: u64,
    /// Attempts that were not answered.
    pub(crate) refused: u64,
    /// Calls that failed.
    pub(crate) failed: u64,
    /// In milliseconds, of the calls that were answered.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    /// How many of a thousand calls are slower, and than how many milliseconds.
    pub(crate) slower_than: Vec<(f64, f64)>,
    /// The part of the answers that each coordinator gave; they sum to 1.
    pub(crate) shares: Vec<f64>,
    /// By window, from the beginning of the world: the 99th percentile in milliseconds.
    pub(crate) p99_by_window: Vec<f64>,
    /// By window: the part of each coordinator.
    pub(crate) shares_by_window: Vec<Vec<f64>>,
}

impl Figures {
    pub(crate) fn new(coordinators: usize) -> Self {
        let windows = usize::try_from(END / WINDOW).expect("a few windows");
        Self {
            latency: histogram(),
            windows: (0..windows)
                .map(|_| Window { latency: histogram(), answered: vec![0; coordinators] })
                .collect(),
            begun: 0,
            calls: 0,
            refused: 0,
            failed: 0,
            answered: vec![0; coordinators],
        }
    }

    pub(crate) fn begun(&mut self, began: Nanos) {
        self.begun += u64::from(counts(began));
    }

    pub(crate) fn answered(&mut self, began: Nanos, now: Nanos, coordinator: usize) {
        let took = (now - began) / 1_000;
        let index = usize::try_from(began / WINDOW).expect("a few windows");
        let window = &mut self.windows[index];
        window.latency.saturating_record(took);
        window.answered[coordinator] += 1;
        if counts(began) {
            self.calls += 1;
            self.answered[coordinator] += 1;
            self.latency.saturating_record(took);
        }
    }

    pub(crate) fn refused(&mut self, began: Nanos) {
        self.refused += u64::from(counts(began));
    }

    pub(crate) fn failed(&mut self, began: Nanos) {
        self.calls += u64::from(counts(began));
        self.failed += u64::from(counts(began));
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            begun: self.begun,
            calls: self.calls,
            refused: self.refused,
            failed: self.failed,
            p50: milliseconds(&self.latency, 50.0),
            p99: milliseconds(&self.latency, 99.0),
            p999: milliseconds(&self.latency, 99.9),
            slower_than: SLOWER
                .map(|slower| (slower, milliseconds(&self.latency, 100.0 - slower / 10.0)))
                .to_vec(),
            shares: shares(self.answered.iter().copied()),
            p99_by_window: self.windows.iter().map(|window| milliseconds(&window.latency, 99.0)).collect(),
            shares_by_window: self
                .windows
                .iter()
                .map(|window| shares(window.answered.iter().map(|answered| u64::from(*answered))))
                .collect(),
        }
    }
}

impl Summary {
    /// The 99th percentiles of the windows that begin in this span.
    pub(crate) fn p99_between(&self, from: Nanos, to: Nanos) -> impl Iterator<Item = (Nanos, f64)> {
        (0..)
            .map(|index: Nanos| index * WINDOW)
            .zip(self.p99_by_window.iter().copied())
            .filter(move |(at, _)| (from..to).contains(at))
    }
}

/// Up to a minute and a half, with two digits that count.
fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, 100_000_000, 2).expect("these bounds are valid")
}

#[expect(clippy::cast_precision_loss, reason = "some seconds")]
fn milliseconds(latency: &Histogram<u32>, percentile: f64) -> f64 {
    latency.value_at_percentile(percentile) as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts far below the limits of a double")]
fn shares(counts: impl Iterator<Item = u64> + Clone) -> Vec<f64> {
    let all = counts.clone().sum::<u64>().max(1);
    counts.map(|count| count as f64 / all as f64).collect()
}
