//! What happened, line by line, with the time at which it did.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Everything that happened in one world. Clones write into the same trace.
///
/// Two runs of one seed write the same lines: nothing here may depend on a wall clock, an address in memory, or the order
/// of a hash map.
#[derive(Clone)]
pub(crate) struct Trace {
    began: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    /// Begins now.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    /// Time since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The moment `after` the beginning.
    pub(crate) fn moment(&self, after: Duration) -> Instant {
        self.began + after
    }

    /// Writes one line.
    pub(crate) fn note(&self, what: fmt::Arguments<'_>) {
        let line = format!("{:>11} {what}", Milliseconds(self.now()));
        self.lock().push(line);
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time as a trace shows it: `12.345s`.
pub(crate) struct Milliseconds(pub(crate) Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.3}s", self.0.as_secs_f64()))
    }
}
