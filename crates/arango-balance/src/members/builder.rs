//! What a set is made with.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::{Members, Set};
use crate::change::Publisher;
use crate::glance::SetFlags;
use crate::hooks::Observers;
use crate::probe::{Probe, ProbeResult};
use crate::slots::Slots;
use crate::{HealthPolicy, Member, RandomSource, ThreadRandom};

/// Settings of a set of [`Members`].
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

    /// Sets when members are ejected and may come back.
    #[must_use]
    pub fn health(mut self, policy: HealthPolicy) -> Self {
        self.policy = policy.clamped();
        self
    }

    /// Sets where chance comes from.
    #[must_use]
    pub fn random_source(mut self, jitter: Arc<dyn RandomSource>) -> Self {
        self.random = jitter;
        self
    }

    /// Sets how a member whose term is over is asked whether it is well.
    ///
    /// Without a probe an ejected member comes back for a trial as soon as its term is over, and one that
    /// was overloaded or about to go takes its share again. With one, a member that is about to go is asked all the time:
    /// see [`HealthPolicy::leaving`].
    #[must_use]
    pub fn probe<F, Fut>(mut self, probe: F) -> Self
    where
        F: Fn(Member<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ProbeResult> + Send + 'static,
    {
        self.probe = Some(Probe::new(probe));
        self
    }

    /// Sets who is told each time a member is ejected, or begins to leave; the owner may then close what it
    /// keeps open to it.
    ///
    /// Told within [`Member::report`], with no lock held: it should be quick, and may ask the set. It is told
    /// again when a trial fails, but not when a probe finds that a member which is out, or was about to go, is gone. What it
    /// holds lives as long as the set, so it should hold the set weakly, if at all.
    #[must_use]
    pub fn on_ejection(mut self, tell: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.ejected = Some(Box::new(tell));
        self
    }

    /// Sets who is told when a member is removed: it will be given no more requests, and some may be under way.
    ///
    /// Told with no lock held. What it holds lives as long as the set.
    #[must_use]
    pub fn on_removal(mut self, tell: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.removed = Some(Box::new(tell));
        self
    }

    /// Sets who is told when a member that was removed is gone for good; what is kept for it, such as its service in
    /// [`PerMember`](crate::PerMember), may go too.
    ///
    /// Told with no lock held, when the set next looks: with the next member that comes or goes, or when it is
    /// asked who is [leaving](Members::leaving). What it holds lives as long as the set.
    #[must_use]
    pub fn on_retirement(mut self, tell: impl Fn(&Member<K>) + Send + Sync + 'static) -> Self {
        self.observers.retired = Some(Box::new(tell));
        self
    }

    /// Ends the settings. Members are in the order of `keys`; of equal ones each counts.
    pub fn build(self, keys: impl IntoIterator<Item = K>) -> Members<K> {
        Members(Arc::new_cyclic(|set| {
            let now = Instant::now();
            let slots = Slots::default();
            let glance = Arc::new(SetFlags::new());
            let list: Vec<_> = keys
                .into_iter()
                .map(|key| Member::new(key, slots.allocate(), set.clone(), &glance, None, now))
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
                flags: glance,
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
