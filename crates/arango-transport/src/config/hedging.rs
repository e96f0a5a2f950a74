//! Hedging: sending slow calls to a second coordinator.

use std::time::Duration;

use crate::config::limits::MAX_DURATION;

/// The default minimum delay before a hedged attempt.
const DEFAULT_MIN_DELAY: Duration = Duration::from_millis(50);

/// Configures hedging: sending an unusually slow call to a second coordinator.
///
/// Only calls of the class [`Safe`](arango_protocol::RequestClass::Safe) are hedged, and only if they are not pinned
/// to one coordinator. The first *success* ends the call; after a failure the other attempt continues. A hedged
/// attempt uses the retry budget like a retry. No hedged attempt is made while the queue time of coordinators exceeds
/// 100 ms, or while only one coordinator is healthy.
///
/// An attempt cannot be cancelled on the server: a coordinator completes every request that it has read. Hedging
/// therefore reduces tail latency at the cost of more load. It is disabled by default.
///
/// ```
/// use arango_transport::{Hedging, Transport};
///
/// let transport =
///     Transport::builder("http://one:8529,http://two:8529").hedging(Hedging::at_p95()).build()?;
/// # drop(transport);
/// # Ok::<(), arango_transport::InvalidSettings>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hedging {
    /// `None` if hedging is disabled.
    pub(crate) min_delay: Option<Duration>,
}

impl Hedging {
    /// Disables hedging. The default.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default()
    }

    /// Hedges calls that exceed the 95th percentile of their operation's latency.
    ///
    /// The percentile is taken over the calls of the same operation in the last 30 seconds. The delay is at least
    /// 50 ms. With fewer than 20 such calls, no hedged attempt is made.
    #[must_use]
    pub fn at_p95() -> Self {
        Self { min_delay: Some(DEFAULT_MIN_DELAY) }
    }

    /// Sets the minimum delay before a hedged attempt. Default: 50 ms.
    ///
    /// The maximum is one year; longer delays are shortened to it. Has no effect if hedging is disabled.
    #[must_use]
    pub fn min_delay(mut self, delay: Duration) -> Self {
        self.min_delay = self.min_delay.map(|_| delay.min(MAX_DURATION));
        self
    }
}
