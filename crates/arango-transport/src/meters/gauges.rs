//! What only is, such as the number of connections: looked at once a second while there are calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arango_balance::MemberState;
use metrics::{Label, gauge};
use tokio::time::Instant;

use super::{place, pool};
use crate::{Coordinator, Transport};

/// How often the gauges are set while there are calls, in milliseconds.
const PERIOD: u64 = 1_000;

/// When the gauges were set last.
#[derive(Debug)]
pub(crate) struct Sampler {
    began: Instant,
    /// In milliseconds since a period before it began: the first call sets them.
    last: AtomicU64,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Sampler {
    /// Sets the gauges, if that was not done within the last second.
    pub(crate) fn tick(&self, now: Instant, transport: &Transport) {
        let now = now.saturating_duration_since(self.began);
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(PERIOD);
        let last = self.last.load(Ordering::Relaxed);
        if now.saturating_sub(last) < PERIOD {
            return;
        }
        // Of those who come at once, one does it.
        if self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            transport.sample_metrics();
        }
    }
}

impl Transport {
    /// Sets the gauges of the client: those are looked at with calls, once a second at most. While there are none, what
    /// idles or comes back shows only if somebody says so, such as whoever collects them.
    ///
    /// Clients of one process that name the same coordinators set the same gauges: the last one to look is right.
    pub fn sample_metrics(&self) {
        let state = self.state();
        gauge!("arango.client.retries_left").set(number(state.retries_left));
        for coordinator in &state.coordinators {
            let used = coordinator.open_connections.saturating_sub(coordinator.idle_connections);
            let now = Gauges {
                idle: coordinator.idle_connections,
                used,
                waiting: coordinator.waiting,
                in_flight: coordinator.in_flight,
                queued: coordinator.queue_time.unwrap_or(Duration::ZERO),
                standing: Some(coordinator.standing),
            };
            now.set(&coordinator.address);
        }
    }
}

/// Tells that a coordinator is gone: whoever looks at its gauges later sees nothing there, rather than what was last.
pub(crate) fn departed(coordinator: &Coordinator) {
    Gauges::default().set(coordinator);
}

/// What is looked at of one coordinator.
#[derive(Default)]
struct Gauges {
    idle: usize,
    used: usize,
    waiting: usize,
    in_flight: usize,
    queued: Duration,
    standing: Option<MemberState>,
}

impl Gauges {
    fn set(&self, coordinator: &Coordinator) {
        let (place, pool) = (place(coordinator), pool(coordinator));
        for (name, count) in [("idle", self.idle), ("used", self.used)] {
            let mut labels = pool.clone();
            labels.push(Label::from_static_parts("db.client.connection.state", name));
            gauge!("db.client.connection.count", labels).set(number(count as u64));
        }
        gauge!("db.client.connection.pending_requests", pool).set(number(self.waiting as u64));
        gauge!("http.client.active_requests", place.clone()).set(number(self.in_flight as u64));
        gauge!("arango.client.queue_time", place.clone()).set(self.queued.as_secs_f64());
        for (standing, name) in STANDINGS {
            let mut labels = place.clone();
            labels.push(Label::from_static_parts("arango.standing", name));
            gauge!("arango.client.standing", labels).set(f64::from(self.standing == Some(standing)));
        }
    }
}

const STANDINGS: [(MemberState, &str); 5] = [
    (MemberState::Healthy, "well"),
    (MemberState::Overloaded, "overloaded"),
    (MemberState::Draining, "leaving"),
    (MemberState::Ejected, "ejected"),
    (MemberState::HalfOpen, "trial"),
];

#[expect(clippy::cast_precision_loss, reason = "nobody has so many of anything")]
fn number(count: u64) -> f64 {
    count as f64
}
