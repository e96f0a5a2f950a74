//! Whether a slow read is asked of a second coordinator, and when.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_balance::MemberState;
use arango_protocol::RequestClass;
use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use crate::Coordinator;
use crate::latencies::Latencies;
use crate::limits::LONGEST;
use crate::next::Decider;
use crate::queue_time;
use crate::record::CallRecord;

/// A request of a stream transaction, which lives on one coordinator.
const TRANSACTION: HeaderName = HeaderName::from_static("x-arango-trx-id");
/// While requests wait for longer, coordinators have enough to do. In seconds.
const BUSY: f64 = 0.1;
/// What the latest answer counts for in what is usual.
const LATEST: f64 = 0.2;
/// The least that is waited for, unless another is set.
const LEAST: Duration = Duration::from_millis(50);

/// Whether a call that takes unusually long is asked of a second coordinator too.
///
/// Only calls of the class [`Safe`](RequestClass::Safe) are, and none that is meant for one coordinator. The first
/// *success* ends the call; a failure waits for the other. The second attempt is paid for as one that is sent again
/// is, and none is made while coordinators let requests wait for more than 100 ms, nor where only one is well.
///
/// Neither of the two can be taken back: a coordinator finishes what it has read. So this trades load for the
/// slowest of a hundred answers, and is off unless it is set.
///
/// ```
/// use arango_transport::{Hedging, Transport};
///
/// let transport =
///     Transport::builder("http://one:8529,http://two:8529").hedging(Hedging::of_the_slowest()).build()?;
/// # drop(transport);
/// # Ok::<(), arango_transport::InvalidSettings>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hedging {
    /// `None`: never.
    least: Option<Duration>,
}

impl Hedging {
    /// Asks one coordinator at a time. The default.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Asks a second coordinator when a call has taken longer than 95 of 100 of the same operation did in the last
    /// 30 seconds, and 50 ms at least. With fewer than 20 to compare it with, no second one is asked.
    #[must_use]
    pub fn of_the_slowest() -> Self {
        Self { least: Some(LEAST) }
    }

    /// Sets the least time for which the first is waited for. More than a year is a year. Default: 50 ms.
    ///
    /// Without a word that calls are hedged at all it changes nothing.
    #[must_use]
    pub fn no_sooner_than(mut self, least: Duration) -> Self {
        self.least = self.least.map(|_| least.min(LONGEST));
        self
    }
}

/// Decides about second attempts. Clones share what they have seen.
#[derive(Clone)]
pub(crate) struct Hedges {
    hedging: Hedging,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    latencies: Latencies,
    /// How long requests wait in the queues of coordinators, smoothed, in seconds.
    queued: Mutex<f64>,
}

impl Hedges {
    pub(crate) fn new(hedging: Hedging) -> Self {
        Self { hedging, seen: Arc::default() }
    }

    /// For how long the first attempt of a call is waited for at least; `None` if it is to be the only one.
    #[inline]
    pub(crate) fn least(&self, record: &CallRecord) -> Option<Duration> {
        let least = record.call.own_hedging().unwrap_or(self.hedging).least?;
        Self::is_free(record).then_some(least)
    }

    /// Whether it is without effect, and another coordinator may answer as well.
    fn is_free(record: &CallRecord) -> bool {
        let call = &record.call;
        call.class == RequestClass::Safe
            && call.pin.is_none()
            && record.template.header(&TRANSACTION).is_none()
    }

    /// When a call that began then has taken unusually long; `None` if nobody knows, or there is no time left for
    /// another attempt.
    pub(crate) fn slow_since(&self, record: &CallRecord, began: Instant, now: Instant) -> Option<Instant> {
        let usual = self.seen.latencies.usual(record.call.name, now)?;
        let slow = (began + usual.most).max(now);
        (slow + 2 * usual.half < record.deadline).then_some(slow)
    }

    /// Whether another coordinator may be asked now, beside the one whose answer is awaited. That is paid for here.
    pub(crate) fn may_ask(&self, decider: &Decider, first: &Coordinator, now: Instant) -> bool {
        let another = decider
            .members
            .snapshot()
            .iter()
            .any(|member| member.key() != first && member.state() == MemberState::Healthy);
        another && *self.queued() < BUSY && decider.budget.draw(now)
    }

    /// Takes note of an answer.
    pub(crate) fn note(&self, record: &CallRecord, headers: &HeaderMap, began: Instant, now: Instant) {
        self.seen.latencies.note(record.call.name, now.saturating_duration_since(began), now);
        if let Some(told) = queue_time::told(headers) {
            let mut queued = self.queued();
            *queued += LATEST * (told.as_secs_f64() - *queued);
        }
    }

    fn queued(&self) -> MutexGuard<'_, f64> {
        self.seen.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hedges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hedging.fmt(f)
    }
}
