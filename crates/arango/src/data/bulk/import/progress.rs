//! How far an import is.

use std::time::Duration;

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// Items that were read, valid or not. Blank lines do not count.
    pub items: u64,
    /// Items that were stored, or kept as the overwrite mode says.
    pub stored: u64,
    /// Items that failed, those of unknown outcome included.
    pub failed: u64,
    /// Items that are in requests whose response has not arrived.
    ///
    /// If the import is dropped, they may be executed.
    pub in_flight: u64,
    /// Bytes of JSON in the requests that were sent.
    pub bytes: u64,
    /// How many requests may run at the same time.
    ///
    /// It is halved when a coordinator is overloaded, and rises afterwards.
    pub window: usize,
    /// Time since the import has started.
    pub elapsed: Duration,
}

impl ImportProgress {
    /// Returns the number of stored items for each second so far.
    pub fn items_per_second(&self) -> f64 {
        per_second(self.stored, self.elapsed)
    }

    /// Returns the number of sent bytes for each second so far.
    pub fn bytes_per_second(&self) -> f64 {
        per_second(self.bytes, self.elapsed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn per_second(count: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() { 0.0 } else { count as f64 / elapsed.as_secs_f64() }
}
