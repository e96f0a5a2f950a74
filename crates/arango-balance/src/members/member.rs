//! One member: its key, request counts and health.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::health::lazy_health::{HealthGuard, LazyHealth};
use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::health::state::{MemberState, MemberStatus};
use crate::health::state_machine::{HalfOpenRequest, Health};
use crate::load::gauge::{Gauge, Load};
use crate::members::in_flight::InFlight;
use crate::members::probe_handle::ProbeHandle;
use crate::members::set::Set;
use crate::members::set_flags::SetFlags;
use crate::members::timing::Timing;
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering};

/// One member of a set. Clones are handles on the same member.
pub struct Member<K>(Arc<Entry<K>>);

/// Flag in the number of requests in flight: the member is retired and gets no more requests.
const RETIRED: usize = 1 << (usize::BITS - 1);

struct Entry<K> {
    key: K,
    slot: usize,
    requests: AtomicU64,
    /// Number of requests in flight, and [`RETIRED`].
    in_flight: AtomicUsize,
    // Whether a success would not change `health`: then it is recorded without the lock.
    is_clean: AtomicBool,
    // Whether `health` must be read before the member gets a request.
    is_degraded: AtomicBool,
    is_ejected: AtomicBool,
    health: LazyHealth,
    gauge: Gauge,
    flags: Arc<SetFlags>,
    /// Whether several servers respond under this key.
    is_shared: AtomicBool,
    /// Whether it gets only the requests that verify it, whose failures are not those of a member.
    is_unverified: AtomicBool,
    probe: Mutex<Option<ProbeHandle>>,
    set: Weak<Set<K>>,
}

impl<K> Member<K> {
    /// Creates a member; without `health` it has no history.
    pub(crate) fn new(
        key: K,
        slot: usize,
        set: Weak<Set<K>>,
        flags: &Arc<SetFlags>,
        health: Option<Health>,
        now: Instant,
    ) -> Self {
        let [clean, degraded] =
            health.as_ref().map_or([true, false], |health| [health.is_clean(), health.is_degraded()]);
        if degraded {
            flags.degraded.add(slot);
        }
        Self(Arc::new(Entry {
            key,
            slot,
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            is_clean: AtomicBool::new(clean),
            is_degraded: AtomicBool::new(degraded),
            // No health begins with it.
            is_ejected: AtomicBool::new(false),
            health: health.map_or_else(LazyHealth::empty, LazyHealth::some),
            gauge: Gauge::new(now),
            flags: Arc::clone(flags),
            is_shared: AtomicBool::new(false),
            is_unverified: AtomicBool::new(false),
            probe: Mutex::new(None),
            set,
        }))
    }

    /// Returns the key that the caller gave it.
    pub fn key(&self) -> &K {
        &self.0.key
    }

    /// Returns how many requests were routed to it, retries included.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Returns how many of them are in flight.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed) & !RETIRED
    }

    /// Returns its load.
    pub fn load(&self, now: Instant) -> Load {
        self.0.gauge.read(self.in_flight(), now)
    }

    /// Returns whether load is measured, because a policy uses it.
    ///
    /// If not, it need not be recorded.
    pub fn is_load_measured(&self) -> bool {
        self.0.flags.is_load_measured()
    }

    /// Records how long requests wait in its queue.
    ///
    /// The member has just reported this time.
    pub fn record_queue_time(&self, time: Duration) {
        if self.is_load_measured() {
            self.record_queue_time_at(time, Instant::now());
        }
    }

    /// Like [`record_queue_time`](Self::record_queue_time), at the given time.
    #[doc(hidden)] // for the fleet simulator
    pub fn record_queue_time_at(&self, time: Duration, now: Instant) {
        if self.is_load_measured() {
            self.0.gauge.record_queue_time(time, now);
        }
    }

    /// Returns its health state.
    pub fn state(&self) -> MemberState {
        if self.is_clean() { MemberState::Healthy } else { self.health().state() }
    }

    /// Returns the part of its share that it gets.
    ///
    /// The part is from 0 to 1. It is less than 1 while the member is overloaded, and during slow start. Policies need
    /// not consider it: a member with weight `w` is a candidate for at most the part `w` of requests, if there are
    /// others with full weight.
    pub fn weight(&self, now: Instant) -> f64 {
        if self.is_degraded() { self.health().weight(now) } else { 1.0 }
    }

    /// Returns its health state, with its start and its next probe.
    pub fn status(&self) -> MemberStatus {
        let kept = self.0.health.read(|health| MemberStatus {
            state: health.state(),
            since: health.state_since(),
            next_probe: health.next_probe(),
        });
        kept.unwrap_or(MemberStatus {
            state: MemberState::Healthy,
            since: self.0.gauge.since(),
            next_probe: None,
        })
    }

    /// Records the outcome of an attempt, as soon as it is known.
    ///
    /// `timing` is when the attempt started. An attempt that started before the member was last ejected or last
    /// recovered is ignored, and the state of an unverified member never changes. If a policy
    /// [uses load](crate::Policy::wants_load), the time since then is the latency of a [success](Signal::Success). The
    /// signal may eject the member or reduce its share; the next request within a tokio runtime then starts the task that
    /// probes it.
    pub fn record(&self, signal: Signal, timing: impl Into<Timing>)
    where
        K: Clone,
    {
        let timing = timing.into();
        let is_load_measured = self.is_load_measured();
        let changes_health = signal != Signal::Success || !self.is_clean();
        if !is_load_measured && !changes_health {
            return;
        }
        // The clock is read only if it is needed.
        let now = timing.now.unwrap_or_else(Instant::now);
        if is_load_measured {
            let responded = timing.responded.unwrap_or(now);
            let latency = timing.is_measured.then(|| responded.saturating_duration_since(timing.started));
            self.0.gauge.record(signal, latency, now);
        }
        if let Some(set) = self.0.set.upgrade().filter(|_| changes_health) {
            set.record(self, signal, timing.started, now);
        }
    }

    /// Starts draining at the caller's request, before the member reports it.
    ///
    /// For callers that shut it down. Works like [`Signal::Draining`], except that an available probe does not end it.
    /// Does nothing if the member is ejected or half-open.
    pub fn drain(&self, now: Instant)
    where
        K: Clone,
    {
        if let Some(set) = self.0.set.upgrade() {
            set.drain(self, now);
        }
    }

    /// Records an attempt that the caller no longer waits for.
    ///
    /// Its latency is at least the time since `started`.
    ///
    /// Abandoned attempts are the slow ones. Without them the member would look fast.
    pub fn record_abandoned(&self, started: Instant) {
        if self.is_load_measured() {
            let now = Instant::now();
            self.0.gauge.record_abandoned(now.saturating_duration_since(started), now);
        }
    }

    /// Records the result of the probe that was [due](crate::MemberStatus::next_probe) at `due`.
    ///
    /// For callers that probe members themselves, because time is a parameter or there is no tokio runtime. Otherwise
    /// the set does it with its [probe](crate::MembersBuilder::probe). Ignored if the next probe is no longer due at
    /// `due`: then the signals of requests are newer.
    #[doc(hidden)] // for the fleet simulator
    pub fn record_probe_at(&self, due: Instant, result: ProbeResult, now: Instant)
    where
        K: Clone,
    {
        if let Some(set) = self.0.set.upgrade() {
            set.record_probe(self, due, Some(result), now);
        }
    }

    /// Counts a request until the guard is dropped; `None` if the member is retired.
    pub(crate) fn start_request(self) -> Option<InFlight<K>> {
        // Acquire: a thread that sees the flag also sees that the member was removed from the list.
        if self.0.in_flight.fetch_add(1, Ordering::Acquire) & RETIRED != 0 {
            self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let half_open = if self.is_clean() { None } else { self.health().start_half_open() };
        Some(InFlight::new(self, half_open))
    }

    /// Whether a route may prefer it: it gets requests, and a single server handles them all.
    pub(crate) fn is_preferable(&self) -> bool {
        !self.is_shared() && (self.is_clean() || self.health().accepts_request())
    }

    /// Ends a request; `half_open` if it was the single request of the half-open state.
    pub(crate) fn end_request(&self, half_open: Option<HalfOpenRequest>) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(request) = half_open {
            // Without a recorded outcome the next request must be let through.
            self.health().end_half_open(request);
        }
    }

    /// Retires the member if no request is in flight, or if `force`d; returns whether it is retired.
    pub(crate) fn retire(&self, force: bool) -> bool {
        if force {
            self.0.in_flight.fetch_or(RETIRED, Ordering::Release);
            return true;
        }
        self.0.in_flight.compare_exchange(0, RETIRED, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Whether several servers respond under its key.
    ///
    /// They do so behind a load balancer, for example. Then the failures of one are not attributed to all, and the
    /// member is never ejected.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared.load(Ordering::Relaxed)
    }

    pub(crate) fn set_shared(&self, shared: bool) {
        self.0.is_shared.store(shared, Ordering::Relaxed);
    }

    pub(crate) fn is_unverified(&self) -> bool {
        self.0.is_unverified.load(Ordering::Relaxed)
    }

    pub(crate) fn set_unverified(&self) {
        self.0.is_unverified.store(true, Ordering::Relaxed);
    }

    /// Gives an unverified member that is added to the set its first health.
    pub(crate) fn verified(&self, health: Health, now: Instant) {
        self.with_health(now, |before| *before = health);
        self.0.is_unverified.store(false, Ordering::Relaxed);
    }

    /// Returns its index in per-member tables.
    ///
    /// It is unique among members that still have a handle.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn slot(&self) -> usize {
        self.0.slot
    }

    pub(crate) fn downgrade(&self) -> WeakMember<K> {
        WeakMember(Arc::downgrade(&self.0))
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_clean.load(Ordering::Relaxed)
    }

    pub(crate) fn is_degraded(&self) -> bool {
        self.0.is_degraded.load(Ordering::Relaxed)
    }

    pub(crate) fn is_ejected(&self) -> bool {
        self.0.is_ejected.load(Ordering::Relaxed)
    }

    pub(crate) fn health(&self) -> HealthGuard<'_> {
        self.0.health.open(self.0.gauge.since())
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.0.health.read(Health::last_failed).flatten()
    }

    /// Returns when it must be probed next, if at some time.
    pub(crate) fn next_probe(&self) -> Option<Instant> {
        self.0.health.read(Health::next_probe).flatten()
    }

    /// Changes the health and updates everything derived from it.
    ///
    /// All within the lock: of two concurrent changes the later one stays.
    pub(crate) fn with_health(&self, now: Instant, change: impl FnOnce(&mut Health)) {
        self.with_observed_health(now, change, |_, _| {});
    }

    /// Like [`with_health`](Self::with_health), and calls `observe` with the states before and after, within the lock: the
    /// changes of a member are observed in order. It is called last, because it may panic.
    pub(crate) fn with_observed_health<T>(
        &self,
        now: Instant,
        change: impl FnOnce(&mut Health),
        observe: impl FnOnce(MemberState, MemberState) -> T,
    ) -> T {
        let mut health = self.health();
        let (before, was_degraded) = (health.state(), health.is_degraded());
        change(&mut health);
        let after = health.state();
        if after != before {
            health.set_state_since(now);
        }
        let degraded = health.is_degraded();
        match (was_degraded, degraded) {
            (false, true) => self.0.flags.degraded.add(self.0.slot),
            (true, false) => self.0.flags.degraded.remove(self.0.slot),
            _ => {}
        }
        self.0.is_clean.store(health.is_clean(), Ordering::Relaxed);
        self.0.is_degraded.store(degraded, Ordering::Relaxed);
        self.0.is_ejected.store(after == MemberState::Ejected, Ordering::Relaxed);
        let result = observe(before, after);
        drop(health);
        result
    }

    /// Ends the probe task; the next request starts another if one is needed.
    pub(crate) fn end_probe(&self) {
        if let Some(probe) = self.probe().take() {
            probe.abort();
        }
    }

    pub(crate) fn probe(&self) -> MutexGuard<'_, Option<ProbeHandle>> {
        self.0.probe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Drop for Entry<K> {
    fn drop(&mut self) {
        if self.health.read_exclusive(Health::is_degraded) == Some(true) {
            self.flags.degraded.remove(self.slot);
        }
        if let Some(probe) = self.probe.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            probe.abort();
        }
        if let Some(set) = self.set.upgrade() {
            set.slots.free(self.slot);
        }
    }
}

impl<K> Clone for Member<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> PartialEq for Member<K> {
    /// Whether both are the same member; two members may have the same key.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<K> Eq for Member<K> {}

impl<K: fmt::Debug> fmt::Debug for Member<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("key", &self.0.key)
            .field("state", &self.state())
            .field("requests", &self.requests())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// A member that may have been dropped.
#[derive(Debug)]
pub(crate) struct WeakMember<K>(Weak<Entry<K>>);

impl<K> WeakMember<K> {
    pub(crate) fn upgrade(&self) -> Option<Member<K>> {
        self.0.upgrade().map(Member)
    }

    /// Whether it is this member.
    pub(crate) fn is(&self, member: &Member<K>) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&member.0))
    }
}
