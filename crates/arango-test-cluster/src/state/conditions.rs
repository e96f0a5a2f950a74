//! Conditions of coordinators and of the agency, which last until a test ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::tls::HandshakeFault;

/// A condition that affects every request of one coordinator, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The queue time of requests.
    QueueTime(Duration),
    /// The queue is full.
    QueueFull,
    /// The process runs and is not ready.
    Starting,
    /// The process is ready, and the rest of the cluster is not.
    Maintenance,
    /// The process is shutting down.
    ShuttingDown,
    /// No coordinator reaches the agency, and its supervision is suspended.
    AgencyDown,
    /// TLS handshakes fail.
    Handshake(HandshakeFault),
}

/// The active conditions.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    last: u64,
    active: Vec<ActiveCondition>,
}

#[derive(Debug)]
struct ActiveCondition {
    id: u64,
    /// `None`: all of them.
    coordinator: Option<usize>,
    condition: Condition,
    hits: Arc<AtomicUsize>,
}

impl Conditions {
    /// Activates a condition. Returns its id and its counter of affected requests.
    pub(crate) fn begin(
        &mut self,
        coordinator: Option<usize>,
        condition: Condition,
    ) -> (u64, Arc<AtomicUsize>) {
        self.last += 1;
        let hits = Arc::new(AtomicUsize::new(0));
        self.active.push(ActiveCondition { id: self.last, coordinator, condition, hits: Arc::clone(&hits) });
        (self.last, hits)
    }

    pub(crate) fn end(&mut self, id: u64) {
        self.active.retain(|one| one.id != id);
    }

    /// Returns whether a condition affects a request of a coordinator. If so, it is counted.
    pub(crate) fn hit(&self, coordinator: usize, condition: Condition) -> bool {
        self.hit_matching(coordinator, |one| one == condition)
    }

    /// Returns whether the queue time of a coordinator exceeds `limit` seconds. If so, a request is counted.
    pub(crate) fn hit_by_queue_time(&self, coordinator: usize, limit: f64) -> bool {
        self.hit_matching(
            coordinator,
            |one| matches!(one, Condition::QueueTime(time) if time.as_secs_f64() > limit),
        )
    }

    fn hit_matching(&self, coordinator: usize, predicate: impl Fn(Condition) -> bool) -> bool {
        let mut of_it = self.for_coordinator(coordinator).filter(|one| predicate(one.condition));
        let Some(first) = of_it.next() else { return false };
        first.hits.fetch_add(1, Ordering::AcqRel);
        true
    }

    pub(crate) fn agency_is_down(&self) -> bool {
        self.active.iter().any(|one| one.condition == Condition::AgencyDown)
    }

    /// Returns the queue time of a coordinator.
    pub(crate) fn queue_time(&self, coordinator: usize) -> Duration {
        let times = self.for_coordinator(coordinator).filter_map(|one| match one.condition {
            Condition::QueueTime(time) => Some(time),
            _ => None,
        });
        times.max().unwrap_or_default()
    }

    /// Returns the handshake fault of a coordinator. If there is one, the handshake is counted.
    pub(crate) fn handshake(&self, coordinator: usize) -> Option<HandshakeFault> {
        self.for_coordinator(coordinator).find_map(|one| match one.condition {
            Condition::Handshake(fault) => {
                one.hits.fetch_add(1, Ordering::AcqRel);
                Some(fault)
            }
            _ => None,
        })
    }

    fn for_coordinator(&self, coordinator: usize) -> impl Iterator<Item = &ActiveCondition> {
        self.active.iter().filter(move |one| one.coordinator.is_none_or(|one| one == coordinator))
    }
}
