//! Gauges, such as the number of connections: set once a second while there are calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arango_balance::MemberState;
use metrics::{Label, gauge};
use tokio::time::Instant;

use crate::client::transport::Transport;
use crate::telemetry::metrics::{pool_labels, server_labels};
use crate::types::coordinator::Coordinator;

/// The interval for setting the gauges while there are calls, in milliseconds.
const PERIOD: u64 = 1_000;

/// Limits how often the gauges are set.
#[derive(Debug)]
pub(crate) struct Sampler {
    began: Instant,
    /// The time of the last update, in milliseconds since one period before `began`, so that the first call updates.
    last: AtomicU64,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Sampler {
    /// Sets the gauges, unless they were set within the last second.
    pub(crate) fn tick(&self, now: Instant, transport: &Transport) {
        let now = now.saturating_duration_since(self.began);
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(PERIOD);
        let last = self.last.load(Ordering::Relaxed);
        if now.saturating_sub(last) < PERIOD {
            return;
        }
        // Only one of several concurrent callers sets the gauges.
        if self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            transport.sample_metrics();
        }
    }
}

impl Transport {
    /// Sets the gauges of the client.
    ///
    /// Calls set them automatically, at most once a second. Without calls the gauges do not change, so a metrics
    /// exporter should call this before it collects them.
    ///
    /// Clients in one process with the same coordinators share these gauges; the last update wins.
    pub fn sample_metrics(&self) {
        let state = self.state();
        gauge!("arango.client.retries_left").set(number(state.retries_left));
        for coordinator in &state.coordinators {
            let used = coordinator.open_connections.saturating_sub(coordinator.idle_connections);
            let now = Gauges {
                idle: coordinator.idle_connections,
                in_use: used,
                waiting: coordinator.waiting,
                in_flight: coordinator.in_flight,
                queued: coordinator.queue_time.unwrap_or(Duration::ZERO),
                state: Some(coordinator.state),
            };
            now.set(&coordinator.address);
        }
    }
}

/// Resets the gauges of a removed coordinator to zero.
pub(crate) fn removed(coordinator: &Coordinator) {
    Gauges::default().set(coordinator);
}

/// The gauge values of one coordinator.
#[derive(Default)]
struct Gauges {
    idle: usize,
    in_use: usize,
    waiting: usize,
    in_flight: usize,
    queued: Duration,
    state: Option<MemberState>,
}

impl Gauges {
    fn set(&self, coordinator: &Coordinator) {
        let (server, pool) = (server_labels(coordinator), pool_labels(coordinator));
        for (name, count) in [("idle", self.idle), ("used", self.in_use)] {
            let mut labels = pool.clone();
            labels.push(Label::from_static_parts("db.client.connection.state", name));
            gauge!("db.client.connection.count", labels).set(number(count as u64));
        }
        gauge!("db.client.connection.pending_requests", pool).set(number(self.waiting as u64));
        gauge!("http.client.active_requests", server.clone()).set(number(self.in_flight as u64));
        gauge!("arango.client.queue_time", server.clone()).set(self.queued.as_secs_f64());
        for (state, name) in MEMBER_STATES {
            let mut labels = server.clone();
            labels.push(Label::from_static_parts("arango.state", name));
            gauge!("arango.client.state", labels).set(f64::from(self.state == Some(state)));
        }
    }
}

const MEMBER_STATES: [(MemberState, &str); 5] = [
    (MemberState::Healthy, "healthy"),
    (MemberState::Overloaded, "overloaded"),
    (MemberState::Draining, "draining"),
    (MemberState::Ejected, "ejected"),
    (MemberState::HalfOpen, "half_open"),
];

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}
