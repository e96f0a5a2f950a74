//! When an attempt took place.

use tokio::time::Instant;

/// When an attempt took place, and whether that shows how fast its member is.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub(crate) started: Instant,
    /// `None`: read the clock if it is needed.
    pub(crate) now: Option<Instant>,
    /// `None`: when it ended.
    pub(crate) responded: Option<Instant>,
    pub(crate) is_measured: bool,
}

impl Timing {
    /// Creates the timing of an attempt that started then and has just ended.
    #[must_use]
    pub fn since(started: Instant) -> Self {
        Self { started, now: None, responded: None, is_measured: true }
    }

    /// Declares that the time of the attempt says nothing about its member.
    ///
    /// For requests that are long by nature.
    #[must_use]
    pub fn unmeasured(mut self) -> Self {
        self.is_measured = false;
        self
    }

    /// Sets when the response began to arrive, if its end depends on how fast the caller reads: that is the latency.
    #[doc(hidden)] // for the crate `arango-transport`
    #[must_use]
    pub fn responded_at(mut self, responded: Instant) -> Self {
        self.responded = Some(responded);
        self
    }

    /// Sets when the attempt ended, for callers to whom time is a parameter: see [`Members::pick`](crate::Members::pick).
    #[doc(hidden)] // for the fleet simulator
    #[must_use]
    pub fn at(mut self, now: Instant) -> Self {
        self.now = Some(now);
        self
    }
}

impl From<Instant> for Timing {
    fn from(started: Instant) -> Self {
        Self::since(started)
    }
}
