//! Histograms of values.

use serde::Deserialize;

/// The number of values between fixed cuts.
///
/// | values | cuts | elements of [`counts`](Self::counts) |
/// |---|---|---|
/// | times of requests | 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5, 15, 30 s | 10 |
/// | times of connections | 0.1, 1, 60 s | 4 |
/// | sizes | 250, 1000, 2000, 5000, 10000 B | 6 |
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Histogram {
    /// The sum of all values.
    pub sum: f64,
    /// The number of values.
    pub count: u64,
    /// The number of values in each range between the cuts.
    ///
    /// The first element counts the values below the first cut, the next those between the first and the second, and so
    /// on; the last element counts those above the last cut.
    pub counts: Vec<u64>,
}
