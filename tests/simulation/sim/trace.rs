//! The events of a run, one line each, with their time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The events of one run. Clones write into the same trace.
///
/// Two runs of one seed must write the same lines, so nothing here may depend on a wall clock, an address in memory, or
/// the order of a hash map.
#[derive(Clone)]
pub(crate) struct Trace {
    began: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    /// Starts an empty trace now.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The instant `after` the start.
    pub(crate) fn instant_at(&self, after: Duration) -> Instant {
        self.began + after
    }

    /// Writes one line.
    pub(crate) fn log(&self, what: fmt::Arguments<'_>) {
        let line = format!("{:>11} {what}", Milliseconds(self.now()));
        self.lock().push(line);
    }

    /// Returns all lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Formats a time for the trace: `12.345s`.
pub(crate) struct Milliseconds(pub(crate) Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.3}s", self.0.as_secs_f64()))
    }
}
