//! Builder of a set of members.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;
use crate::members::events::{Publisher, StateChange};
use crate::members::member::Member;
use crate::members::observers::Observers;
use crate::members::probe_task::Probe;
use crate::members::set::{Members, Set};
use crate::members::set_flags::SetFlags;
use crate::members::slots::Slots;
use crate::random_source::{RandomSource, ThreadRandom};

/// Builder of a set of [`Members`].
pub struct MembersBuilder<K> {
    policy: HealthPolicy,
    random: Arc<dyn RandomSource>,
    probe: Option<Probe<K>>,
    observers: Observers<K>,
}

impl<K> MembersBuilder<K> {
    pub(super) fn new() -> Self {
        Self {
            policy: HealthPolicy::default(),
            random: Arc::new(ThreadRandom),
            probe: None,
            observers: Observers::default(),
        }
    }

    /// Sets when members are ejected and when they recover. Default: [`HealthPolicy::default`].
    #[must_use]
    pub fn health(mut self, policy: HealthPolicy) -> Self {
        self.policy = policy.clamped();
        self
    }

    /// Sets the random source. Default: [`ThreadRandom`].
    #[must_use]
    pub fn random_source(mut self, random: Arc<dyn RandomSource>) -> Self {
        self.random = random;
        self
    }

    /// Sets the probe called when a member's state expires. Default: none.
    ///
    /// Without a probe an ejected member becomes half-open as soon as its ejection is over, and an overloaded or
    /// draining member gets its share again. A task does either: outside of a tokio runtime, a member recovers only when
    /// its probe is overdue by twice the [timeout of a probe](HealthPolicy::probe_timeout) and the
    /// [maximum length of an ejection](HealthPolicy::max_ejection_time). With a probe a draining member is probed all the
    /// time: see [`HealthPolicy::max_drain_time`].
    #[must_use]
    pub fn probe<F, Fut>(mut self, probe: F) -> Self
    where
        F: Fn(Member<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ProbeResult> + Send + 'static,
    {
        self.probe = Some(Probe::new(probe));
        self
    }

    /// Sets the observer called on each state change, such as for a log.
    ///
    /// The changes of a member are reported in order, so a lock of that member is held: the observer should be quick, and
    /// must not use the set. It lives as long as the set. To wait for changes instead, use
    /// [`Members::subscribe`](crate::Members::subscribe).
    #[doc(hidden)] // for the crate `arango-transport`
    #[must_use]
    pub fn on_state_change(mut self, observer: impl Fn(&StateChange<K>) + Send + Sync + 'static) -> Self {
        self.observers.changed = Some(Box::new(observer));
        self
    }

    /// Sets the observer called on each ejection and each start of draining.
    ///
    /// Its owner may then close pooled connections to the member. It is called within [`Member::record`], with no lock
    /// held: it should be quick, and may use the set. It is called again when the request of a half-open member fails,
    /// but not when a probe finds an ejected or draining member unreachable. It lives as long as the set, so it should
    /// hold the set weakly, if at all.
    #[must_use]
    pub fn on_ejection(mut self, observer: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.ejected = Some(Box::new(observer));
        self
    }

    /// Sets an observer that is called when a member is removed.
    ///
    /// The member gets no more requests; some may still be in flight. The observer is called with no lock held and
    /// lives as long as the set.
    #[must_use]
    pub fn on_removal(mut self, observer: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.removed = Some(Box::new(observer));
        self
    }

    /// Sets an observer that is called when a removed member is retired.
    ///
    /// Per-member resources, such as its service in [`PerMember`](crate::PerMember), may then be dropped. It is called
    /// with no lock held, when the set next checks: with the next member that is added or removed, or by a call of
    /// [`Members::removed`]. It lives as long as the set.
    #[must_use]
    pub fn on_retirement(mut self, observer: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.retired = Some(Box::new(observer));
        self
    }

    /// Builds the set.
    ///
    /// Members have the order of `keys`; equal keys become separate members.
    pub fn build(self, keys: impl IntoIterator<Item = K>) -> Members<K> {
        Members(Arc::new_cyclic(|set| {
            let now = Instant::now();
            let slots = Slots::default();
            let flags = Arc::new(SetFlags::new());
            let list: Vec<_> = keys
                .into_iter()
                .map(|key| Member::new(key, slots.allocate(), set.clone(), &flags, None, now))
                .collect();
            Set {
                len: AtomicUsize::new(list.len()),
                list: ArcSwap::from_pointee(list),
                unverified: ArcSwap::default(),
                removed: Mutex::default(),
                slots,
                policy: self.policy,
                random: self.random,
                probe: self.probe,
                observers: self.observers,
                probes_ended: AtomicBool::new(false),
                flags,
                publisher: Publisher::new(),
            }
        }))
    }
}

impl<K> fmt::Debug for MembersBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MembersBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
