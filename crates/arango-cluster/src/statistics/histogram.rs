//! How values are spread.

use serde::Deserialize;

/// How many values fell between fixed cuts.
///
/// | values | cuts | elements of [`counts`](Self::counts) |
/// |---|---|---|
/// | times of requests | 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5, 15, 30 s | 10 |
/// | times of connections | 0.1, 1, 60 s | 4 |
/// | sizes | 250, 1000, 2000, 5000, 10000 B | 6 |
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Histogram {
    /// All values together.
    pub sum: f64,
    /// How many values there were.
    pub count: u64,
    /// How many were below the first cut, between it and the second, and so on; the last were above
    /// the last cut.
    pub counts: Vec<u64>,
}
