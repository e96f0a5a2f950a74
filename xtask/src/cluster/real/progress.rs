//! Prints what the start of a cluster waits for.

use std::time::{Duration, Instant};

/// Prints a line whenever something else is waited for.
#[derive(Debug)]
pub(crate) struct Progress {
    begin: Instant,
    limit: Duration,
    last: String,
}

impl Progress {
    /// Begins now, and ends after `limit`.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { begin: Instant::now(), limit, last: String::new() }
    }

    /// Records what is waited for.
    pub(crate) fn waiting_for(&mut self, what: &str) {
        if self.last != what {
            what.clone_into(&mut self.last);
            anstream::eprintln!("{:5.1} s  {what}", self.begin.elapsed().as_secs_f32());
        }
    }

    /// Whether the limit is over.
    pub(crate) fn is_over(&self) -> bool {
        self.begin.elapsed() >= self.limit
    }

    /// The limit for all of it.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}
