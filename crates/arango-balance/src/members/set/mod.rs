//! The set of members, and how signals and probe results change them.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;
use crate::health::reports::{EjectionLimit, ProbeReport, SignalReport};
use crate::health::signal::Signal;
use crate::health::state::MemberState;
use crate::health::state_machine::Health;
use crate::members::builder::MembersBuilder;
use crate::members::events::{Publisher, Reason, StateChange, StateChanges};
use crate::members::few::Few;
use crate::members::member::Member;
use crate::members::membership::RemovedMember;
use crate::members::observers::Observers;
use crate::members::probe_task::Probe;
use crate::members::set_flags::SetFlags;
use crate::members::slots::{self, Slots};
use crate::random_source::RandomSource;

/// A set of members. Clones are handles on the same set.
pub struct Members<K>(pub(crate) Arc<Set<K>>);

/// State shared by the handles of a set.
pub(crate) struct Set<K> {
    pub(crate) list: ArcSwap<Vec<Member<K>>>,
    /// Length of `list`.
    pub(crate) len: AtomicUsize,
    /// Members that get only requests pinned to them that allow unverified members.
    pub(crate) unverified: ArcSwap<Vec<Member<K>>>,
    /// Removed members that are not retired yet. Its lock is held while the lists are changed.
    pub(crate) removed: Mutex<Vec<RemovedMember<K>>>,
    pub(crate) slots: Slots,
    pub(crate) policy: HealthPolicy,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) probe: Option<Probe<K>>,
    pub(crate) observers: Observers<K>,
    /// Whether probes were ended for good.
    pub(crate) probes_ended: AtomicBool,
    pub(crate) flags: Arc<SetFlags>,
    pub(crate) publisher: Publisher<K>,
}

impl<K> Members<K> {
    /// Creates a set of `keys` with the default [`HealthPolicy`] and no probe.
    pub fn new(keys: impl IntoIterator<Item = K>) -> Self {
        Self::builder().build(keys)
    }

    /// Returns a builder of a set.
    pub fn builder() -> MembersBuilder<K> {
        MembersBuilder::new()
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.0.len.load(Ordering::Relaxed)
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the current members, in the order in which they were added.
    pub fn snapshot(&self) -> Arc<Vec<Member<K>>> {
        self.0.list.load_full()
    }

    /// Subscribes to state changes from now on.
    pub fn subscribe(&self) -> StateChanges<K> {
        self.0.publisher.subscribe()
    }

    /// Ends all probe tasks and starts no more.
    ///
    /// For an owner that shuts down. Ejected members stay ejected.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn stop_probes(&self) {
        self.0.probes_ended.store(true, Ordering::Relaxed);
        for member in self.0.list.load().iter().chain(self.0.unverified.load().iter()) {
            member.end_probe();
        }
    }

    /// Requests a refresh of discovery soon.
    ///
    /// Call it when members may have been added or removed. Not needed after an ejection or when a member starts
    /// draining: these request a refresh themselves.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn refresh_discovery(&self) {
        self.0.observers.refresh_discovery();
    }

    /// Sets the callback that refreshes discovery; of several only the first is kept.
    pub(crate) fn set_discovery(&self, refresh: impl Fn() + Send + Sync + 'static) {
        // A second discovery task would look for the same members.
        self.0.observers.discovery.set(Box::new(refresh)).ok();
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

    /// Returns the number of members whose health must be read for each request.
    #[cfg(test)]
    pub(crate) fn degraded_count(&self) -> usize {
        self.0.flags.degraded.len()
    }

    /// Starts measuring the load of each member.
    ///
    /// A [`BalanceLayer`](crate::BalanceLayer) calls it if its policy [uses load](crate::Policy::wants_load). This is
    /// for policies that are replaced later.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn measure_load(&self) {
        self.0.flags.measure_load();
    }
}

impl<K> Set<K> {
    /// Returns the sorted list indices of members whose health must be read before they get a request.
    pub(crate) fn degraded(&self, list: &[Member<K>]) -> Few<usize> {
        if self.flags.degraded.len() == 0 {
            return Few::default();
        }
        let slots = self.flags.degraded.slots();
        let mut degraded: Few<usize> =
            slots.iter().filter_map(|&slot| slots::list_index(list, slot)).collect();
        degraded.sort_unstable();
        degraded
    }

    /// Returns the list index of the only degraded member, if it is ejected and there are others.
    pub(crate) fn only_ejected(&self, list: &[Member<K>]) -> Option<usize> {
        let index = slots::list_index(list, self.flags.degraded.only()?)?;
        (list.len() > 1 && list[index].is_ejected()).then_some(index)
    }

    /// Records the outcome of an attempt.
    pub(crate) fn record(self: &Arc<Self>, member: &Member<K>, signal: Signal, started: Instant, now: Instant)
    where
        K: Clone,
    {
        let is_response_failure = matches!(signal, Signal::Failure | Signal::GatewayError);
        let one_at_a_time = is_response_failure.then(|| self.flags.lock_response_ejections());
        let allowed = self.ejection_limit(member);
        let report = SignalReport {
            signal,
            started,
            now,
            random: self.random.next_f64(),
            requests: member.requests(),
        };
        let change = |health: &mut Health| health.record(&report, &self.policy, allowed);
        let after = self.change_health(member, Reason::Signal(signal), now, change);
        // Before observers are called, which may use the set.
        drop(one_at_a_time);
        let Some(after) = after else { return };
        self.state_changed(member, after);
    }

    /// Starts draining a member at the caller's request.
    pub(crate) fn drain(&self, member: &Member<K>, now: Instant)
    where
        K: Clone,
    {
        let random = self.random.next_f64();
        let drain = |health: &mut Health| health.drain_requested(now, random, &self.policy);
        let Some(after) = self.change_health(member, Reason::DrainRequested, now, drain) else { return };
        self.state_changed(member, after);
    }

    /// Called after a signal or a request to drain has changed a member's state.
    fn state_changed(&self, member: &Member<K>, after: MemberState) {
        // A sleeping probe task waits for a time that is no longer valid.
        member.end_probe();
        if matches!(after, MemberState::Ejected | MemberState::Draining) {
            self.observers.ejected(member);
        }
    }

    /// Records the result of a probe, or without one that the time of the state is over.
    pub(crate) fn record_probe(
        &self,
        member: &Member<K>,
        due: Instant,
        result: Option<ProbeResult>,
        now: Instant,
    ) where
        K: Clone,
    {
        let reason = result.map_or(Reason::Expired, Reason::Probe);
        let allowed = self.ejection_limit(member);
        let report =
            ProbeReport { due, result, now, random: self.random.next_f64(), requests: member.requests() };
        let after =
            self.change_health(member, reason, now, |health| health.probed(&report, &self.policy, allowed));
        tracing::trace!(?result, slot = member.slot(), "probed a member");
        if after == Some(MemberState::Ejected) {
            // For a draining member the observer was called when it started draining.
            if result == Some(ProbeResult::Unrecognized) {
                self.observers.ejected(member);
            }
            self.observers.refresh_discovery();
        }
    }

    /// Changes a member's health; publishes and returns the new state if it is another one. Does nothing if the member is
    /// unverified: its failures are no failures of regular requests, and every request would consider its state.
    pub(crate) fn change_health(
        &self,
        member: &Member<K>,
        reason: Reason,
        now: Instant,
        change: impl FnOnce(&mut Health),
    ) -> Option<MemberState>
    where
        K: Clone,
    {
        if member.is_unverified() {
            return None;
        }
        member.with_observed_health(now, change, |before, after| {
            if before == after {
                return None;
            }
            tracing::trace!(?reason, ?before, ?after, slot = member.slot(), "a member's state changed");
            let has_subscribers = self.publisher.has_subscribers();
            if has_subscribers || self.observers.changed.is_some() {
                let change = StateChange { member: member.key().clone(), before, after, reason, at: now };
                self.observers.changed.iter().for_each(|observer| observer(&change));
                if has_subscribers {
                    self.publisher.publish(change);
                }
            }
            Some(after)
        })
    }

    /// Returns which ejections of `member` are allowed, given the state of the others.
    fn ejection_limit(&self, member: &Member<K>) -> EjectionLimit {
        let list = self.list.load();
        if member.is_shared() {
            return EjectionLimit { for_connectivity: false, for_responses: false };
        }
        let out_for_responses = list
            .iter()
            .filter(|other| *other != member && !other.is_clean() && other.health().is_out_for_responses())
            .count();
        EjectionLimit {
            for_connectivity: list.len() > 1,
            for_responses: list.len() > 1 && out_for_responses < list.len().div_ceil(2),
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
