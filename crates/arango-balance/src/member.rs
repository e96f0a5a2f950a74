//! One member: its key, its counts and its health.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::change::Reason;
use crate::glance::SetFlags;
use crate::health::Health;
use crate::in_flight::InFlight;
use crate::load::Gauge;
use crate::medical_record::{HealthGuard, LazyHealth};
use crate::members::Set;
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering};
use crate::{Load, MemberState, MemberStatus, ProbeResult, Signal};

/// One member of a set. Clones are handles on the same member.
pub struct Member<K>(Arc<Entry<K>>);

/// Set in the count of requests under way once there may be no more.
const GONE: usize = 1 << (usize::BITS - 1);

struct Entry<K> {
    key: K,
    slot: usize,
    requests: AtomicU64,
    /// Requests under way, and [`GONE`].
    in_flight: AtomicUsize,
    // Whether `health` would learn nothing from a good verdict: spares the lock where all is well.
    is_clean: AtomicBool,
    // Whether `health` says that it is to be looked at before it is asked.
    is_degraded: AtomicBool,
    health: LazyHealth,
    gauge: Gauge,
    flags: Arc<SetFlags>,
    /// Several answer under this key, now one and now another.
    is_shared: AtomicBool,
    probe: Mutex<Option<AbortHandle>>,
    set: Weak<Set<K>>,
}

impl<K> Member<K> {
    /// A member; without a health it is one of which nothing is known.
    pub(crate) fn new(
        key: K,
        slot: usize,
        set: Weak<Set<K>>,
        glance: &Arc<SetFlags>,
        health: Option<Health>,
        now: Instant,
    ) -> Self {
        let [clean, apart] =
            health.as_ref().map_or([true, false], |health| [health.is_clean(), health.is_degraded()]);
        if apart {
            glance.degraded.add(slot);
        }
        Self(Arc::new(Entry {
            key,
            slot,
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            is_clean: AtomicBool::new(clean),
            is_degraded: AtomicBool::new(apart),
            health: health.map_or_else(LazyHealth::empty, LazyHealth::some),
            gauge: Gauge::new(now),
            flags: Arc::clone(glance),
            is_shared: AtomicBool::new(false),
            probe: Mutex::new(None),
            set,
        }))
    }

    /// What the caller knows it by.
    pub fn key(&self) -> &K {
        &self.0.key
    }

    /// How many requests were routed to it, further attempts included.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// How many of them have not ended yet.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed) & !GONE
    }

    /// How much it has to do.
    pub fn load(&self, now: Instant) -> Load {
        self.0.gauge.read(self.in_flight(), now)
    }

    /// Whether a policy wants to know how much it has to do. If none does, nothing needs to be told of that.
    pub fn is_load_measured(&self) -> bool {
        self.0.flags.is_load_measured()
    }

    /// Tells how long requests wait in its queue, as it said just now.
    pub fn record_queue_time(&self, time: Duration) {
        if self.is_load_measured() {
            self.record_queue_time_at(time, Instant::now());
        }
    }

    /// The same, where time is handed in.
    pub fn record_queue_time_at(&self, time: Duration, now: Instant) {
        if self.is_load_measured() {
            self.0.gauge.record_queue_time(time, now);
        }
    }

    /// How it stands in the rotation.
    pub fn state(&self) -> MemberState {
        if self.is_clean() { MemberState::Healthy } else { self.health().state() }
    }

    /// The part that it takes of the share that a policy would give it, from 0 to 1: less than 1 while it has too
    /// much to do, and for a while after it has come or come back.
    ///
    /// No policy needs to look at it: a member of the weight `w` is not among the candidates of more than a part `w`
    /// of the requests, where there are others of the whole weight.
    pub fn weight(&self, now: Instant) -> f64 {
        if self.is_degraded() { self.health().weight(now) } else { 1.0 }
    }

    /// How it stands in the rotation, since when, and for how long at least.
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

    /// Reports what an attempt told about it, as soon as that is known.
    ///
    /// `began` is when the attempt began: one that began before the member was last ejected, or last came
    /// back, tells nothing of it as it is now. Where a policy [wants it](crate::Policy::wants_load), the time since
    /// then is how long a [good](Verdict::Good) answer took. The report may take it out of the rotation or have it spared;
    /// the next request within a tokio runtime then starts the task that brings it back.
    pub fn record(&self, verdict: Signal, began: Instant)
    where
        K: Clone,
    {
        // The clock is not read for nothing.
        if self.is_load_measured() || verdict != Signal::Success || !self.is_clean() {
            self.record_at(verdict, began, Instant::now());
        }
    }

    /// The same, where time is handed in: see [`Members::pick`](crate::Members::pick).
    pub fn record_at(&self, verdict: Signal, began: Instant, now: Instant)
    where
        K: Clone,
    {
        self.record_signal(verdict, began, now, Some(now.saturating_duration_since(began)));
    }

    /// Reports what an attempt told about it, but not how long it took: for one that takes long by nature.
    pub fn record_untimed(&self, verdict: Signal, began: Instant)
    where
        K: Clone,
    {
        if verdict != Signal::Success || !self.is_clean() {
            self.record_signal(verdict, began, Instant::now(), None);
        }
    }

    /// Spares it, for whoever sends it away and so knows that it is about to go, before it says so itself: as after
    /// [`Verdict::Leaving`], but that it is found well shows nothing. Does nothing if it is ejected, or on trial.
    pub fn drain(&self, now: Instant)
    where
        K: Clone,
    {
        if let Some(set) = self.0.set.upgrade() {
            set.drain(self, now);
        }
    }

    fn record_signal(&self, verdict: Signal, began: Instant, now: Instant, took: Option<Duration>)
    where
        K: Clone,
    {
        if self.is_load_measured() {
            self.0.gauge.record(verdict, took, now);
        }
        if verdict == Signal::Success && self.is_clean() {
            return;
        }
        if let Some(set) = self.0.set.upgrade() {
            set.record(self, verdict, began, now);
        }
    }

    /// Tells that it was sent an attempt, and nobody waits for the answer any more: it takes at least this long.
    ///
    /// Those that are given up are the slow ones; without them it would seem fast.
    pub fn record_abandoned(&self, began: Instant) {
        if self.is_load_measured() {
            let now = Instant::now();
            self.0.gauge.record_abandoned(now.saturating_duration_since(began), now);
        }
    }

    /// Takes note of what was found when it was [due](Status::until), at `due`.
    ///
    /// For whoever asks members how they are by means of its own, because it hands in time or has no tokio runtime;
    /// otherwise the set does it, by the [probe](crate::MembersBuilder::probe) that it was given. Does nothing if that
    /// term is no longer in force: what requests have told meanwhile is newer than what the probe has found.
    pub fn record_probe_at(&self, due: Instant, found: ProbeResult, now: Instant)
    where
        K: Clone,
    {
        if let Some(set) = self.0.set.upgrade() {
            set.record_probe(self, due, Reason::Probe(found), found.into(), now);
        }
    }

    /// Counts a request until the guard is dropped; `None` if the member is gone.
    pub(crate) fn start_request(self) -> Option<InFlight<K>> {
        // Whoever finds it gone finds it removed from the list, too.
        if self.0.in_flight.fetch_add(1, Ordering::Acquire) & GONE != 0 {
            self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let on_trial = !self.is_clean() && self.health().start_half_open();
        Some(InFlight::new(self, on_trial))
    }

    /// Whether it is of any use to prefer it: it takes requests, and they all come to the same one.
    pub(crate) fn is_preferable(&self) -> bool {
        !self.is_shared() && (self.is_clean() || self.health().is_open())
    }

    /// Counts one less.
    pub(crate) fn end_request(&self, on_trial: bool) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        if on_trial {
            // Without a verdict it must not keep others out for ever.
            self.health().release_half_open();
        }
    }

    /// Lets nothing more begin, if nothing is under way or `in_any_case`; whether that is so now.
    pub(crate) fn retire(&self, in_any_case: bool) -> bool {
        if in_any_case {
            self.0.in_flight.fetch_or(GONE, Ordering::Release);
            return true;
        }
        self.0.in_flight.compare_exchange(0, GONE, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Whether several answer under its key, now one and now another: then what one of them does is not held
    /// against all, and it is never ejected.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared.load(Ordering::Relaxed)
    }

    pub(crate) fn set_shared(&self, shared: bool) {
        self.0.is_shared.store(shared, Ordering::Relaxed);
    }

    /// Comes into the rotation: nothing is known of it there.
    pub(crate) fn reset(&self, health: Health, now: Instant) {
        self.end_probe();
        self.with_health(now, |before| *before = health);
    }

    /// Its place in tables that go by member: no other that anybody still holds a handle on has the same.
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

    pub(crate) fn health(&self) -> HealthGuard<'_> {
        self.0.health.open(self.0.gauge.since())
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.0.health.read(Health::last_failed).flatten()
    }

    /// Changes the health and keeps what is derived from it true.
    ///
    /// All within the lock: of two changes at once the later one's is what stays.
    pub(crate) fn with_health<T>(&self, now: Instant, change: impl FnOnce(&mut Health) -> T) -> T {
        let mut health = self.health();
        let before = (health.state(), health.is_degraded());
        let result = change(&mut health);
        if health.state() != before.0 {
            health.set_state_since(now);
        }
        let apart = health.is_degraded();
        match (before.1, apart) {
            (false, true) => self.0.flags.degraded.add(self.0.slot),
            (true, false) => self.0.flags.degraded.remove(self.0.slot),
            _ => {}
        }
        self.0.is_clean.store(health.is_clean(), Ordering::Relaxed);
        self.0.is_degraded.store(apart, Ordering::Relaxed);
        result
    }

    /// Ends the task that would bring it back; the next request starts another if one is needed.
    pub(crate) fn end_probe(&self) {
        if let Some(probe) = self.probe().take() {
            probe.abort();
        }
    }

    pub(crate) fn probe(&self) -> MutexGuard<'_, Option<AbortHandle>> {
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
    /// Whether both are the same member, not merely of the same key.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<K> Eq for Member<K> {}

impl<K: fmt::Debug> fmt::Debug for Member<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("key", &self.0.key)
            .field("standing", &self.state())
            .field("requests", &self.requests())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// A member that may have left the set.
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
