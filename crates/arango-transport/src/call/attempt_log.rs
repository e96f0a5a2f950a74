//! The attempts of a call, for its error and for the health of the coordinators.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arango_protocol::Outcome;
use tokio::time::Instant;

use crate::connect::connected::ConnectionInfo;
use crate::error::attempt::{Attempt, FIRST_ATTEMPTS_KEPT, Phase};
use crate::types::coordinator::Coordinator;

/// The maximum number of failed attempts kept per call.
const MAX_FAILED_ATTEMPTS: usize = 2 * FIRST_ATTEMPTS_KEPT;

/// The attempts of a call.
#[derive(Debug, Default)]
pub(crate) struct AttemptLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    current: Option<CurrentAttempt>,
    /// Whether two attempts ran at once, which only middleware can cause.
    concurrent: bool,
    /// Boxed, because few calls have failures.
    failures: Option<Box<Failures>>,
}

/// The attempts of a call that failed.
#[derive(Debug, Default)]
struct Failures {
    attempts: Vec<Attempt>,
    /// The slots of the coordinators whose health a failure of this call has counted against.
    counted: Vec<usize>,
    /// The number of failed attempts that were discarded.
    dropped: u32,
    /// The worst outcome of those.
    worst_dropped: Option<Outcome>,
}

/// The attempt in progress, or the one that succeeded.
#[derive(Debug)]
pub(crate) struct CurrentAttempt {
    pub(crate) coordinator: Coordinator,
    pub(crate) since: Instant,
    /// How often the request was sent before the attempt began.
    sent_before: u32,
    /// The connection that the attempt uses.
    connection: Option<ConnectionInfo>,
}

impl CurrentAttempt {
    /// Adds the connection to a failure that has none.
    pub(crate) fn add_connection(&self, failed: &mut Attempt) {
        if let Some(info) = self.connection
            && failed.protocol.is_none()
            && matches!(failed.phase, Phase::Sent | Phase::Body)
        {
            info.annotate_attempt(failed);
        }
    }
}

impl Entries {
    /// Returns the worst possible outcome of the attempts that have failed.
    fn worst_failure(&self) -> Outcome {
        let Some(failures) = &self.failures else { return Outcome::NotExecuted };
        let failed = failures.attempts.iter().map(|attempt| attempt.outcome);
        failed.chain(failures.worst_dropped).max().unwrap_or(Outcome::NotExecuted)
    }
}

impl AttemptLog {
    /// Begins an attempt.
    pub(crate) fn begin(&self, coordinator: &Coordinator, since: Instant, sent_before: u32) {
        let mut log = self.entries();
        log.concurrent |= log.current.is_some();
        log.current =
            Some(CurrentAttempt { coordinator: coordinator.clone(), since, sent_before, connection: None });
    }

    /// Records the connection that the current attempt uses.
    pub(crate) fn record_connection(&self, info: ConnectionInfo) {
        if let Some(current) = &mut self.entries().current {
            current.connection = Some(info);
        }
    }

    /// Adds the connection of the current attempt to its failure, if the failure has none.
    pub(crate) fn add_connection(&self, failed: &mut Attempt) {
        if let Some(current) = &self.entries().current {
            current.add_connection(failed);
        }
    }

    /// Returns whether a failure counts against the health of the coordinator with this slot.
    ///
    /// Only the first failure of a call counts per coordinator.
    pub(crate) fn counts_against(&self, slot: usize) -> bool {
        let mut log = self.entries();
        let counted = &mut log.failures.get_or_insert_default().counted;
        let first = !counted.contains(&slot);
        if first {
            counted.push(slot);
        }
        first
    }

    /// Ends the current attempt and adds a failed one. The first and the last attempts are kept when there are
    /// too many.
    pub(crate) fn push(&self, attempt: Attempt) {
        let mut log = self.entries();
        log.current = None;
        let failures = log.failures.get_or_insert_default();
        if failures.attempts.len() == MAX_FAILED_ATTEMPTS {
            // A discarded attempt still counts for the outcome of the call.
            let dropped = failures.attempts.remove(FIRST_ATTEMPTS_KEPT);
            failures.worst_dropped = failures.worst_dropped.max(Some(dropped.outcome));
            failures.dropped += 1;
        }
        failures.attempts.push(attempt);
    }

    /// Takes the current attempt, so that none is in progress.
    pub(crate) fn take_current(&self) -> Option<CurrentAttempt> {
        self.entries().current.take()
    }

    /// Replaces the current attempt.
    pub(crate) fn set_current(&self, current: Option<CurrentAttempt>) {
        self.entries().current = current;
    }

    /// Moves everything but the current attempt into a new log.
    pub(crate) fn take(&self) -> Self {
        let mut log = std::mem::take(&mut *self.entries());
        log.current = None;
        Self(Mutex::new(log))
    }

    /// Returns the coordinator and the start of the current or successful attempt.
    pub(crate) fn current(&self) -> Option<(Coordinator, Instant)> {
        self.entries().current.as_ref().map(|current| (current.coordinator.clone(), current.since))
    }

    /// Returns the coordinator of the current or successful attempt.
    pub(crate) fn coordinator(&self) -> Option<Coordinator> {
        self.entries().current.as_ref().map(|current| current.coordinator.clone())
    }

    /// Returns the failed attempts.
    pub(crate) fn failed(&self) -> Vec<Attempt> {
        self.entries().failures.as_ref().map(|failures| failures.attempts.clone()).unwrap_or_default()
    }

    /// Returns the number of failed attempts that were discarded.
    pub(crate) fn dropped(&self) -> u32 {
        self.entries().failures.as_ref().map_or(0, |failures| failures.dropped)
    }

    /// Returns the worst possible outcome of all attempts, if the request was sent `sent` times.
    pub(crate) fn worst_outcome(&self, sent: u32) -> Outcome {
        let log = self.entries();
        let is_uncertain = log.current.as_ref().is_some_and(|current| sent > current.sent_before)
            || (log.concurrent && sent > 0);
        let uncertain = if is_uncertain { Outcome::Unknown } else { Outcome::NotExecuted };
        log.worst_failure().max(uncertain)
    }

    /// Returns the worst possible outcome of the attempts that have failed, and of those that ran beside another one.
    pub(crate) fn worst_failure(&self) -> Outcome {
        let log = self.entries();
        if log.concurrent { Outcome::Unknown } else { log.worst_failure() }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
