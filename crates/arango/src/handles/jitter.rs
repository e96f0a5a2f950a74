//! Pauses that differ between clients.

use std::time::Duration;

use arango_transport::balance::RandomSource;

/// Returns a pause of at least the half.
///
/// Clients that failed at the same time do not send again at the same time.
pub(crate) fn at_least_half(pause: Duration, random: &dyn RandomSource) -> Duration {
    pause / 2 + (pause / 2).mul_f64(random.next_f64())
}
