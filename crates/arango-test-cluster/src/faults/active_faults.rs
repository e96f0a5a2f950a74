//! The active faults of one coordinator, and their effect on each request.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::faults::effect::Effect;
use crate::faults::fault::Fault;

/// Ends a fault when it is dropped.
#[must_use = "the fault ends when its guard is dropped"]
pub struct FaultGuard {
    faults: ActiveFaults,
    id: u64,
    hits: Arc<AtomicUsize>,
}

impl FaultGuard {
    /// Returns how many requests the fault has affected so far.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::Acquire)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.faults.remove(self.id);
    }
}

impl fmt::Debug for FaultGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultGuard").field("id", &self.id).field("hits", &self.hits()).finish_non_exhaustive()
    }
}

/// The active faults of one coordinator.
#[derive(Debug, Clone, Default)]
pub(crate) struct ActiveFaults {
    inner: Arc<Mutex<FaultTable>>,
}

#[derive(Debug, Default)]
struct FaultTable {
    last_id: u64,
    faults: Vec<ActiveFault>,
}

#[derive(Debug)]
struct ActiveFault {
    id: u64,
    fault: Fault,
    remaining: Option<usize>,
    hits: Arc<AtomicUsize>,
}

/// What goes wrong while a request is executed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExecutionFaults {
    /// Whether the coordinator repeats the write.
    pub(crate) repeats_write: bool,
    /// After which times the request is executed once more.
    pub(crate) late_copies: Vec<Duration>,
    /// How long a commit takes.
    pub(crate) commit_time: Duration,
    /// Whether a commit fails.
    pub(crate) fails_commit: bool,
    /// The DB-Servers, by index, that lose what is written.
    pub(crate) lost_on: Vec<usize>,
}

/// The combined effect of the active faults on one request.
#[derive(Debug, Default)]
pub(crate) struct AppliedFaults {
    pub(crate) latency: Duration,
    pub(crate) execution: ExecutionFaults,
    pub(crate) effect: Option<Effect>,
}

impl ActiveFaults {
    pub(crate) fn inject(&self, fault: Fault) -> FaultGuard {
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = inner.last_id;
        let hits = Arc::new(AtomicUsize::new(0));
        let left = fault.times;
        inner.faults.push(ActiveFault { id, fault, remaining: left, hits: Arc::clone(&hits) });
        drop(inner);
        FaultGuard { faults: self.clone(), id, hits }
    }

    /// Combines the faults that match this request and counts one use of each.
    pub(crate) fn apply(&self, method: &http::Method, path: &str) -> AppliedFaults {
        let mut applied = AppliedFaults::default();
        let mut inner = self.lock();
        for active in &mut inner.faults {
            if active.remaining == Some(0) || !active.fault.on.matches(method, path) {
                continue;
            }
            match &active.fault.effect {
                Effect::Latency(delay) => applied.latency += *delay,
                Effect::RepeatedWrite => applied.execution.repeats_write = true,
                Effect::LateCopy(delay) => applied.execution.late_copies.push(*delay),
                Effect::SlowCommit(time) => applied.execution.commit_time += *time,
                Effect::FailedCommit => applied.execution.fails_commit = true,
                Effect::LostWrite(server) => applied.execution.lost_on.push(*server),
                _ if applied.effect.is_some() => continue,
                effect => applied.effect = Some(effect.clone()),
            }
            if let Some(left) = &mut active.remaining {
                *left -= 1;
            }
            active.hits.fetch_add(1, Ordering::AcqRel);
        }
        applied
    }

    fn remove(&self, id: u64) {
        self.lock().faults.retain(|active| active.id != id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FaultTable> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::faults::effect::{Close, Phase, ResponseFault};

    #[test]
    fn a_fault_applies_at_most_the_given_number_of_times() {
        let faults = ActiveFaults::default();
        let guard = faults.inject(Fault::hang().times(2));

        let applied = (0..5).filter(|_| faults.apply(&Method::GET, "/").effect.is_some()).count();

        assert_eq!((applied, guard.hits()), (2, 2));
    }

    #[test]
    fn a_fault_ends_with_its_guard() {
        let faults = ActiveFaults::default();
        drop(faults.inject(Fault::hang()));

        assert!(faults.apply(&Method::GET, "/").effect.is_none());
    }

    #[test]
    fn latencies_add_up_and_the_first_other_effect_wins() {
        let faults = ActiveFaults::default();
        let _slow = faults.inject(Fault::latency(Duration::from_millis(2)));
        let first = faults.inject(Fault::close(Phase::AfterRead));
        let second = faults.inject(Fault::garbage());
        let _slower = faults.inject(Fault::latency(Duration::from_millis(3)));

        let applied = faults.apply(&Method::GET, "/");

        assert_eq!(applied.latency, Duration::from_millis(5));
        assert!(matches!(
            applied.effect,
            Some(Effect::ResponseFault(ResponseFault::Close { phase: Phase::AfterRead, how: Close::Fin }))
        ));
        assert_eq!((first.hits(), second.hits()), (1, 0));
    }
}
