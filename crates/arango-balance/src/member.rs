//! One member: its key, its counts and its health.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::health::Health;
use crate::members::Set;
use crate::{Standing, Verdict};

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
    clean: AtomicBool,
    health: Mutex<Health>,
    /// Several answer under this key, now one and now another.
    shared: AtomicBool,
    probe: Mutex<Option<AbortHandle>>,
    set: Weak<Set<K>>,
}

impl<K> Member<K> {
    pub(crate) fn new(key: K, slot: usize, set: Weak<Set<K>>, now: Instant) -> Self {
        Self(Arc::new(Entry {
            key,
            slot,
            requests: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            clean: AtomicBool::new(true),
            health: Mutex::new(Health::new(now)),
            shared: AtomicBool::new(false),
            probe: Mutex::default(),
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

    /// How it stands in the rotation.
    pub fn standing(&self) -> Standing {
        if self.is_clean() { Standing::Well } else { self.health().standing() }
    }

    /// Reports what an attempt told about it.
    ///
    /// `began` is when the attempt began: one that began before the member was last ejected, or last came
    /// back, tells nothing of it as it is now. The report may take it out of the rotation or have it spared;
    /// the next request within a tokio runtime then starts the task that brings it back.
    pub fn report(&self, verdict: Verdict, began: Instant) {
        if verdict == Verdict::Good && self.is_clean() {
            return;
        }
        if let Some(set) = self.0.set.upgrade() {
            set.record(self, verdict, began, Instant::now());
        }
    }

    /// Counts a request until the guard is dropped; `None` if the member is gone.
    pub(crate) fn begin(&self) -> Option<InFlight<K>> {
        // Whoever finds it gone finds it removed from the list, too.
        if self.0.in_flight.fetch_add(1, Ordering::Acquire) & GONE != 0 {
            self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let on_trial = !self.is_clean() && self.health().begin();
        Some(InFlight { member: self.clone(), on_trial })
    }

    /// Lets nothing more begin, if nothing is under way or `in_any_case`; whether that is so now.
    pub(crate) fn let_go(&self, in_any_case: bool) -> bool {
        if in_any_case {
            self.0.in_flight.fetch_or(GONE, Ordering::Release);
            return true;
        }
        self.0.in_flight.compare_exchange(0, GONE, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Whether several answer under its key, now one and now another: then what one of them does is not held
    /// against all, and it is never ejected.
    pub fn is_shared(&self) -> bool {
        self.0.shared.load(Ordering::Relaxed)
    }

    pub(crate) fn share(&self, shared: bool) {
        self.0.shared.store(shared, Ordering::Relaxed);
    }

    /// Comes into the rotation: nothing is known of it there.
    pub(crate) fn begin_anew(&self, now: Instant) {
        self.end_probe();
        self.with_health(|health| *health = Health::new(now));
    }

    /// Its place in tables that go by member: no other that anybody still holds a handle on has the same.
    pub fn slot(&self) -> usize {
        self.0.slot
    }

    pub(crate) fn downgrade(&self) -> WeakMember<K> {
        WeakMember(Arc::downgrade(&self.0))
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.clean.load(Ordering::Relaxed)
    }

    pub(crate) fn health(&self) -> MutexGuard<'_, Health> {
        self.0.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the health and keeps what is derived from it true.
    pub(crate) fn with_health<T>(&self, change: impl FnOnce(&mut Health) -> T) -> T {
        let mut health = self.health();
        let result = change(&mut health);
        self.0.clean.store(health.is_clean(), Ordering::Relaxed);
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
        if let Some(probe) = self.probe.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            probe.abort();
        }
        if let Some(set) = self.set.upgrade() {
            set.slots.give_back(self.slot);
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
            .field("standing", &self.standing())
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

/// A request that is under way; it ends when this is dropped, in whatever way.
#[derive(Debug)]
pub(crate) struct InFlight<K> {
    member: Member<K>,
    /// Whether it is the one request of a trial.
    on_trial: bool,
}

impl<K> Drop for InFlight<K> {
    fn drop(&mut self) {
        self.member.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.on_trial {
            // Without a verdict it must not keep others out for ever.
            self.member.health().release_trial();
        }
    }
}
