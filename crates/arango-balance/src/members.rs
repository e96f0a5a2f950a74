//! The set of members, and who of them may be asked.

mod builder;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::time::Instant;

pub use self::builder::MembersBuilder;
use crate::change::{Publisher, Reason, StateChange, StateChanges};
use crate::eligible::excluded;
use crate::glance::SetFlags;
use crate::health::{EjectionLimit, Health, ProbeOutcome, ProbeReport, SignalReport};
use crate::hooks::Observers;
use crate::membership::RemovedMember;
use crate::probe::Probe;
use crate::slots::{self, Slots};
use crate::{Candidates, HealthPolicy, InFlight, Member, MemberState, Policy, RandomSource, Route, Signal};

/// A set of members. Clones are handles on the same set.
pub struct Members<K>(pub(crate) Arc<Set<K>>);

/// What the handles share.
pub(crate) struct Set<K> {
    pub(crate) list: ArcSwap<Vec<Member<K>>>,
    /// The length of the list.
    pub(crate) len: AtomicUsize,
    /// Those that take only requests which try them out.
    pub(crate) unverified: ArcSwap<Vec<Member<K>>>,
    /// Those that were removed; whoever changes the lists holds this.
    pub(crate) removed: Mutex<Vec<RemovedMember<K>>>,
    pub(crate) slots: Slots,
    pub(crate) policy: HealthPolicy,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) probe: Option<Probe<K>>,
    pub(crate) observers: Observers<K>,
    /// No member is probed any more.
    pub(crate) probes_ended: AtomicBool,
    pub(crate) flags: Arc<SetFlags>,
    publisher: Publisher<K>,
}

impl<K> Members<K> {
    /// A set of `keys` with the default [`HealthPolicy`] and no probe.
    pub fn new(keys: impl IntoIterator<Item = K>) -> Self {
        Self::builder().build(keys)
    }

    /// Begins a set with settings of its own.
    pub fn builder() -> MembersBuilder<K> {
        MembersBuilder::new()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members as they are now, in the order in which they came.
    pub fn snapshot(&self) -> Arc<Vec<Member<K>>> {
        self.0.list.load_full()
    }

    /// Subscribes to the changes of the members' standings from now on.
    pub fn subscribe(&self) -> StateChanges<K> {
        self.0.publisher.subscribe()
    }

    /// Ends the tasks that probe members, and starts no more: for an owner that closes down.
    ///
    /// Who is out of the rotation stays out.
    pub fn end_probes(&self) {
        self.0.probes_ended.store(true, Ordering::Relaxed);
        for member in self.0.list.load().iter().chain(self.0.unverified.load().iter()) {
            member.end_probe();
        }
    }

    /// Has whoever looks for other members do so soon: something happened that may be because some came or went.
    /// That one was ejected, or begins to leave, is heard of without.
    pub fn refresh_discovery(&self) {
        self.0.observers.refresh_discovery();
    }

    /// Sets who is told that a member was ejected, or begins to leave, beside the owner; of several the first.
    pub(crate) fn set_discovery(&self, tell: impl Fn() + Send + Sync + 'static) {
        // Whoever comes later looks for members that are looked for already.
        self.0.observers.discovery.set(Box::new(tell)).ok();
    }

    pub(crate) fn random(&self) -> f64 {
        self.0.random.next_f64()
    }

    /// Removes the first member.
    #[cfg(all(loom, test))]
    pub(crate) fn shrink(&self) {
        let mut list = Vec::clone(&self.0.list.load());
        list.remove(0);
        self.0.list.store(Arc::new(list));
    }

    /// How many members are to be looked at before they are asked.
    #[cfg(test)]
    pub(crate) fn degraded_count(&self) -> usize {
        self.0.flags.degraded.len()
    }

    /// Has it measured from now on how much each member has to do.
    ///
    /// A [`BalanceLayer`](crate::BalanceLayer) sees to it if its policy [wants it](crate::Policy::wants_load); this is for
    /// policies that are exchanged behind its back.
    pub fn measure_load(&self) {
        self.0.flags.measure_load();
    }

    /// Lets `policy` pick a member for `request`, and counts the request there until what is returned
    /// is dropped; `None` if none can be picked.
    ///
    /// This is what [`Balance`](crate::Balance) does with each request. It is open to whoever sends requests otherwise:
    /// there is no future and no task in it, and with [`Member::report_at`] and [`Member::probed_at`] no clock is read
    /// either.
    ///
    /// ```
    /// use arango_balance::{Members, RoundRobin, Route, Verdict};
    /// use tokio::time::Instant;
    ///
    /// let (members, policy) = (Members::new(["red", "green"]), RoundRobin::default());
    /// let began = Instant::now();
    /// let in_flight = members.pick(&policy, &"ping", &Route::anywhere(), began).expect("two are there");
    /// // … what is sent to `in_flight.member()` is answered …
    /// in_flight.member().report_at(Verdict::Good, began, Instant::now());
    /// drop(in_flight);
    /// ```
    pub fn pick<Req>(
        &self,
        policy: &(impl Policy<K, Req> + ?Sized),
        request: &Req,
        route: &Route<'_, K>,
        now: Instant,
    ) -> Option<InFlight<K>>
    where
        K: PartialEq + Clone + Send + Sync + 'static,
    {
        loop {
            let member = self.pick_with(route, now, |candidates| policy.pick(candidates, request, now))?;
            // One that has gone since is in the set no more.
            if let Some(in_flight) = member.start_request() {
                return Some(in_flight);
            }
        }
    }

    /// Lets `choose` pick a member for a request that wants `route`, or finds that there is none.
    pub(crate) fn pick_with(
        &self,
        route: &Route<'_, K>,
        now: Instant,
        choose: impl FnOnce(&Candidates<'_, K>) -> Option<usize>,
    ) -> Option<Member<K>>
    where
        K: PartialEq + Clone + Send + Sync + 'static,
    {
        let list = self.0.list.load();
        let apart = self.0.degraded(&list);
        self.0.ensure_probes(&list, &apart, now);
        if let Some(pinned) = route.pinned {
            let is_it = |member: &&Member<K>| member.key() == pinned;
            let aside = || self.0.unverified.load().iter().find(is_it).cloned();
            return list.iter().find(is_it).cloned().or_else(|| route.allow_unverified.then(aside).flatten());
        }
        if let Some(preferred) = route.preferred.filter(|preferred| !route.tried.contains(preferred)) {
            let is_it = |member: &&Member<K>| member.key() == preferred && member.is_preferable();
            if let Some(preferred) = list.iter().find(is_it) {
                return Some(preferred.clone());
            }
        }
        let candidates = if apart.is_empty() && route.tried.is_empty() {
            Candidates::all(&list)
        } else {
            let out = excluded(&list, &apart, route.tried, now, &*self.0.random);
            Candidates::except(&list, out, !route.tried.is_empty())
        };
        if candidates.is_empty() {
            return None;
        }
        choose(&candidates)
            .filter(|index| *index < candidates.len())
            .map(|index| candidates.get(index).clone())
    }
}

impl<K> Set<K> {
    /// Where in the list those are that are to be looked at before they are asked, in order.
    fn degraded(&self, list: &[Member<K>]) -> Vec<usize> {
        if self.flags.degraded.len() == 0 {
            return Vec::new();
        }
        let slots = self.flags.degraded.slots();
        let mut apart: Vec<usize> = slots.iter().filter_map(|&slot| slots::list_index(list, slot)).collect();
        apart.sort_unstable();
        apart
    }

    /// Takes note of a verdict about one of the members.
    pub(crate) fn record(self: &Arc<Self>, member: &Member<K>, verdict: Signal, began: Instant, now: Instant)
    where
        K: Clone,
    {
        let allowed = self.ejection_limit(member);
        let report = SignalReport {
            signal: verdict,
            started: began,
            now,
            random: self.random.next_f64(),
            requests: member.requests(),
        };
        let change = |health: &mut Health| health.record(&report, &self.policy, allowed);
        let Some(after) = self.change_health(member, Reason::Signal(verdict), now, change) else { return };
        self.state_changed(member, after);
    }

    /// Takes note of what others say: one of the members is about to go.
    pub(crate) fn drain(&self, member: &Member<K>, now: Instant)
    where
        K: Clone,
    {
        let chance = self.random.next_f64();
        let sent_away = |health: &mut Health| health.drain_requested(now, chance, &self.policy);
        let Some(after) = self.change_health(member, Reason::DrainRequested, now, sent_away) else { return };
        self.state_changed(member, after);
    }

    /// A member stands otherwise by what was told of it.
    fn state_changed(&self, member: &Member<K>, after: MemberState) {
        // A task that sleeps waits for the end of a term that is no longer in force.
        member.end_probe();
        if matches!(after, MemberState::Ejected | MemberState::Draining) {
            self.observers.ejected(member);
        }
    }

    /// Takes note of what was found when a member was due.
    pub(crate) fn record_probe(
        &self,
        member: &Member<K>,
        due: Instant,
        why: Reason,
        found: ProbeOutcome,
        now: Instant,
    ) where
        K: Clone,
    {
        let allowed = self.ejection_limit(member);
        let look = ProbeReport {
            due,
            outcome: found,
            now,
            random: self.random.next_f64(),
            requests: member.requests(),
        };
        let after =
            self.change_health(member, why, now, |health| health.probed(&look, &self.policy, allowed));
        tracing::debug!(?found, slot = member.slot(), "probed a member");
        if after == Some(MemberState::Ejected) {
            // One that was about to go was announced as such, and those who are told of ejections were told then.
            if found == ProbeOutcome::Unrecognized {
                self.observers.ejected(member);
            }
            self.observers.refresh_discovery();
        }
    }

    /// Changes a member's health, and tells of it if the member stands otherwise afterwards, and how.
    pub(crate) fn change_health(
        &self,
        member: &Member<K>,
        why: Reason,
        now: Instant,
        change: impl FnOnce(&mut Health),
    ) -> Option<MemberState>
    where
        K: Clone,
    {
        member.with_health(now, |health| {
            let before = health.state();
            change(health);
            let after = health.state();
            if before == after {
                return None;
            }
            tracing::debug!(?why, ?before, ?after, slot = member.slot(), "a member's standing changed");
            if self.publisher.has_subscribers() {
                // While the lock is held: changes are told in the order in which they happen.
                self.publisher.publish(StateChange {
                    member: member.key().clone(),
                    before,
                    after,
                    reason: why,
                    at: now,
                });
            }
            Some(after)
        })
    }

    /// What the others allow to be done to `member`.
    fn ejection_limit(&self, member: &Member<K>) -> EjectionLimit {
        let list = self.list.load();
        if member.is_shared() {
            return EjectionLimit { for_connectivity: false, for_responses: false };
        }
        let by_opinion = list
            .iter()
            .filter(|other| *other != member && !other.is_clean() && other.health().is_out_for_responses())
            .count();
        EjectionLimit {
            for_connectivity: list.len() > 1,
            for_responses: list.len() > 1 && by_opinion < list.len().div_ceil(2),
        }
    }
}

impl<K> Clone for Members<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: fmt::Debug> fmt::Debug for Members<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.list.load().iter()).finish()
    }
}

#[cfg(test)]
mod tests;
