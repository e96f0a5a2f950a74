//! Decides whether and when a slow call is hedged.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_balance::{MemberState, Members};
use arango_protocol::RequestClass;
use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::counts::CallTotals;
use crate::call::latency_window::LatencyWindow;
use crate::config::hedging::Hedging;
use crate::layers::retry::budget::RetryBudget;
use crate::types::coordinator::Coordinator;
use crate::types::queue_time;

/// The header of requests in a stream transaction, which lives on one coordinator.
const TRANSACTION: HeaderName = HeaderName::from_static("x-arango-trx-id");
/// No hedging while requests wait longer than this in coordinators' queues, in seconds.
const MAX_QUEUE_SECONDS: f64 = 0.1;
/// The weight of the latest response in the smoothed queue time.
const SMOOTHING: f64 = 0.2;

/// Decides about hedged attempts. Clones share their statistics.
#[derive(Clone)]
pub(crate) struct HedgeTracker(Arc<Shared>);

struct Shared {
    hedging: Hedging,
    members: Members<Coordinator>,
    /// A hedged attempt costs as much as a retry.
    budget: RetryBudget,
    counts: CallTotals,
    latencies: LatencyWindow,
    /// The smoothed queue time of the coordinators, in seconds.
    queued: Mutex<f64>,
}

impl HedgeTracker {
    pub(crate) fn new(
        hedging: Hedging,
        members: Members<Coordinator>,
        budget: RetryBudget,
        counts: CallTotals,
    ) -> Self {
        let (latencies, queued) = (LatencyWindow::default(), Mutex::default());
        Self(Arc::new(Shared { hedging, members, budget, counts, latencies, queued }))
    }

    /// Counts a hedged attempt.
    pub(crate) fn count(&self) {
        self.0.counts.hedge();
    }

    /// Returns the minimum delay before a hedged attempt; `None` if the call is not hedged.
    #[inline]
    pub(crate) fn delay(&self, context: &CallContext) -> Option<Duration> {
        let min_delay = context.call.hedging().unwrap_or(self.0.hedging).min_delay?;
        Self::is_hedgeable(context).then_some(min_delay)
    }

    /// Returns whether the call has no side effects and may go to any coordinator.
    fn is_hedgeable(context: &CallContext) -> bool {
        let call = &context.call;
        call.properties.class == RequestClass::Safe
            && call.properties.is_hedgeable
            && !context.is_resumed
            && call.pin.is_none()
            && context.request.header(&TRANSACTION).is_none()
    }

    /// Returns when the call becomes slow.
    ///
    /// `None` if there are too few latencies, or if the deadline leaves no time for another attempt.
    pub(crate) fn slow_at(&self, context: &CallContext, began: Instant, now: Instant) -> Option<Instant> {
        let typical = self.0.latencies.typical(context.call.name, now)?;
        let slow_at = (began + typical.p95).max(now);
        (slow_at + 2 * typical.median < context.deadline).then_some(slow_at)
    }

    /// Returns whether another coordinator may be used beside `first`, and charges the retry budget.
    pub(crate) fn may_hedge(&self, first: &Coordinator, now: Instant) -> bool {
        let has_alternative = self
            .0
            .members
            .snapshot()
            .iter()
            .any(|member| member.key() != first && member.state() == MemberState::Healthy);
        has_alternative && *self.queued() < MAX_QUEUE_SECONDS && self.0.budget.withdraw_one(now)
    }

    /// Records a successful response.
    pub(crate) fn record(&self, context: &CallContext, headers: &HeaderMap, began: Instant, now: Instant) {
        self.0.latencies.record(context.call.name, now.saturating_duration_since(began), now);
        if let Some(time) = queue_time::parse(headers) {
            let mut queued = self.queued();
            *queued += SMOOTHING * (time.as_secs_f64() - *queued);
        }
    }

    fn queued(&self) -> MutexGuard<'_, f64> {
        self.0.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HedgeTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hedging.fmt(f)
    }
}
