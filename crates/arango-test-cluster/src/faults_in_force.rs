//! The faults of one coordinator that are in force, and whom they strike.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{Effect, Fault};

/// Ends a fault when it is dropped.
#[must_use = "the fault ends when its guard is dropped"]
pub struct FaultGuard {
    faults: Faults,
    id: u64,
    hits: Arc<AtomicUsize>,
}

impl FaultGuard {
    /// How many requests the fault has struck so far.
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

/// The faults of one coordinator that are in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    inner: Arc<Mutex<InForce>>,
}

#[derive(Debug, Default)]
struct InForce {
    last_id: u64,
    faults: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: u64,
    fault: Fault,
    left: Option<usize>,
    hits: Arc<AtomicUsize>,
}

/// What the faults in force make of one request.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    pub(crate) fn inject(&self, fault: Fault) -> FaultGuard {
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = inner.last_id;
        let hits = Arc::new(AtomicUsize::new(0));
        let left = fault.times;
        inner.faults.push(Active { id, fault, left, hits: Arc::clone(&hits) });
        drop(inner);
        FaultGuard { faults: self.clone(), id, hits }
    }

    /// Uses up one turn of each fault that strikes this request.
    pub(crate) fn strike(&self, method: &http::Method, path: &str) -> Struck {
        let mut struck = Struck::default();
        let mut inner = self.lock();
        for active in &mut inner.faults {
            if active.left == Some(0) || !active.fault.on.matches(method, path) {
                continue;
            }
            match &active.fault.effect {
                Effect::Latency(delay) => struck.latency += *delay,
                _ if struck.effect.is_some() => continue,
                effect => struck.effect = Some(effect.clone()),
            }
            if let Some(left) = &mut active.left {
                *left -= 1;
            }
            active.hits.fetch_add(1, Ordering::AcqRel);
        }
        struck
    }

    fn remove(&self, id: u64) {
        self.lock().faults.retain(|active| active.id != id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, InForce> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::fault::{Close, Phase, Spoiling};

    #[test]
    fn a_fault_strikes_no_more_often_than_it_was_told() {
        let faults = Faults::default();
        let guard = faults.inject(Fault::hang().times(2));

        let struck = (0..5).filter(|_| faults.strike(&Method::GET, "/").effect.is_some()).count();

        assert_eq!((struck, guard.hits()), (2, 2));
    }

    #[test]
    fn a_fault_ends_with_its_guard() {
        let faults = Faults::default();
        drop(faults.inject(Fault::hang()));

        assert!(faults.strike(&Method::GET, "/").effect.is_none());
    }

    #[test]
    fn latencies_add_up_and_the_first_other_effect_wins() {
        let faults = Faults::default();
        let _slow = faults.inject(Fault::latency(Duration::from_millis(2)));
        let first = faults.inject(Fault::close(Phase::AfterRead));
        let second = faults.inject(Fault::garbage());
        let _slower = faults.inject(Fault::latency(Duration::from_millis(3)));

        let struck = faults.strike(&Method::GET, "/");

        assert_eq!(struck.latency, Duration::from_millis(5));
        assert!(matches!(
            struck.effect,
            Some(Effect::Spoil(Spoiling::Cut { phase: Phase::AfterRead, how: Close::Fin }))
        ));
        assert_eq!((first.hits(), second.hits()), (1, 0));
    }
}
