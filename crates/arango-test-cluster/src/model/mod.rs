//! Calculations on the shard distribution: its imbalance, and plans that lower it.

pub(crate) mod imbalance;
pub(crate) mod optimiser;

/// Converts a count to a double.
#[expect(clippy::cast_precision_loss, reason = "counts of a simulated cluster are far below 2^52")]
pub(crate) fn double(count: usize) -> f64 {
    count as f64
}
