//! What is the matter with a coordinator, or with the agency, until a test says that it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::tls::Handshake;

/// Something that every request of a coordinator meets, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Requests wait so long before a thread takes them.
    QueueTime(Duration),
    /// No request finds a place in the queue.
    QueueFull,
    /// The process is there, and not ready.
    Starting,
    /// The process is ready, and the rest of the cluster is not.
    Maintenance,
    /// The process is about to end.
    ShuttingDown,
    /// No coordinator reaches the agency, and its supervision stands still.
    AgencyDown,
    /// TLS handshakes come to nothing.
    Handshake(Handshake),
}

/// The conditions that are in force.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    last: u64,
    in_force: Vec<InForce>,
}

#[derive(Debug)]
struct InForce {
    id: u64,
    /// `None`: all of them.
    coordinator: Option<usize>,
    condition: Condition,
    hits: Arc<AtomicUsize>,
}

impl Conditions {
    /// Puts a condition in force; answers its id, and the counter of those whom it hits.
    pub(crate) fn begin(
        &mut self,
        coordinator: Option<usize>,
        condition: Condition,
    ) -> (u64, Arc<AtomicUsize>) {
        self.last += 1;
        let hits = Arc::new(AtomicUsize::new(0));
        self.in_force.push(InForce { id: self.last, coordinator, condition, hits: Arc::clone(&hits) });
        (self.last, hits)
    }

    pub(crate) fn end(&mut self, id: u64) {
        self.in_force.retain(|one| one.id != id);
    }

    /// Whether a request of a coordinator meets a condition; if so it counts as hit.
    pub(crate) fn hit(&self, coordinator: usize, condition: Condition) -> bool {
        self.hit_by(coordinator, |one| one == condition)
    }

    /// Whether requests of a coordinator wait longer than `limit` seconds; if so one of them counts as hit.
    pub(crate) fn hit_by_queue_time(&self, coordinator: usize, limit: f64) -> bool {
        self.hit_by(
            coordinator,
            |one| matches!(one, Condition::QueueTime(time) if time.as_secs_f64() > limit),
        )
    }

    fn hit_by(&self, coordinator: usize, is_it: impl Fn(Condition) -> bool) -> bool {
        let mut of_it = self.of(coordinator).filter(|one| is_it(one.condition));
        let Some(first) = of_it.next() else { return false };
        first.hits.fetch_add(1, Ordering::AcqRel);
        true
    }

    pub(crate) fn agency_is_down(&self) -> bool {
        self.in_force.iter().any(|one| one.condition == Condition::AgencyDown)
    }

    /// How long requests of a coordinator wait.
    pub(crate) fn queue_time(&self, coordinator: usize) -> Duration {
        let times = self.of(coordinator).filter_map(|one| match one.condition {
            Condition::QueueTime(time) => Some(time),
            _ => None,
        });
        times.max().unwrap_or_default()
    }

    /// What is wrong with a handshake of a coordinator; if something is, the handshake counts as hit.
    pub(crate) fn handshake(&self, coordinator: usize) -> Option<Handshake> {
        self.of(coordinator).find_map(|one| match one.condition {
            Condition::Handshake(wrong) => {
                one.hits.fetch_add(1, Ordering::AcqRel);
                Some(wrong)
            }
            _ => None,
        })
    }

    fn of(&self, coordinator: usize) -> impl Iterator<Item = &InForce> {
        self.in_force.iter().filter(move |one| one.coordinator.is_none_or(|one| one == coordinator))
    }
}
