//! The parts of a cluster that compute: imbalance, plans that lower it, jobs that carry them out.

pub(crate) mod agency_jobs;
pub(crate) mod imbalance;
pub(crate) mod optimiser;

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts of a simulated cluster are far below 2^52")]
pub(crate) fn double(count: usize) -> f64 {
    count as f64
}
