//! Picks a member of a set for one request.

use std::sync::Arc;

use tokio::time::Instant;

use crate::members::in_flight::InFlight;
use crate::members::member::Member;
use crate::members::set::Members;
use crate::pick::candidates::Candidates;
use crate::pick::filter::excluded;
use crate::pick::policy::Policy;
use crate::pick::route::Route;

impl<K> Members<K> {
    /// Picks a member for `request` by `policy`.
    ///
    /// The request is counted until the guard is dropped.
    ///
    /// `None` if no member can be picked. [`Balance`](crate::Balance) calls it for each request. Callers without a
    /// tower service can use it directly: it needs no future and no task, and with [`Timing::at`](crate::Timing::at) and
    /// [`Member::record_probe_at`] no clock is read either.
    ///
    /// ```
    /// use arango_balance::{Members, RoundRobin, Route, Signal};
    /// use tokio::time::Instant;
    ///
    /// let (members, policy) = (Members::new(["red", "green"]), RoundRobin::default());
    /// let started = Instant::now();
    /// let in_flight = members.pick(&policy, &"ping", &Route::any(), started).expect("the set is not empty");
    /// // … send the request to `in_flight.member()` and wait for the response …
    /// in_flight.member().record(Signal::Success, started);
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
            // A member that was retired in between is no longer in the set: pick again.
            if let Some(in_flight) = member.start_request() {
                return Some(in_flight);
            }
        }
    }

    /// Picks a member for a request with `route` by `choose`; `None` if there is none.
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
        // Most picks: no probe and no exclusion needs to be considered.
        if self.0.flags.degraded.len() == 0 && route.is_any() {
            return choose_from(&Candidates::except(&list, &[], false), choose);
        }
        self.pick_considering(&list, route, now, choose)
    }

    /// Picks a member of the list while some are degraded, or for a route with constraints.
    // Not inlined, so that the usual pick stays small.
    #[inline(never)]
    fn pick_considering(
        &self,
        list: &Arc<Vec<Member<K>>>,
        route: &Route<'_, K>,
        now: Instant,
        choose: impl FnOnce(&Candidates<'_, K>) -> Option<usize>,
    ) -> Option<Member<K>>
    where
        K: PartialEq + Clone + Send + Sync + 'static,
    {
        // One member is down: then this goes for every request, and nothing else needs to be considered.
        if route.is_any()
            && let Some(down) = self.0.only_ejected(list)
        {
            self.0.ensure_probes(list, &[down], now);
            return choose_from(&Candidates::except(list, &[down], false), choose);
        }
        let degraded = self.0.degraded(list);
        self.0.ensure_probes(list, &degraded, now);
        if let Some(pinned) = route.pinned {
            let is_pinned = |member: &&Member<K>| member.key() == pinned;
            let unverified = || self.0.unverified.load().iter().find(is_pinned).cloned();
            let listed = list.iter().find(is_pinned).cloned();
            return listed.or_else(|| route.allow_unverified.then(unverified).flatten());
        }
        if let Some(preferred) = route.preferred.filter(|preferred| !route.tried.contains(preferred)) {
            let is_preferred = |member: &&Member<K>| member.key() == preferred && member.is_preferable();
            if let Some(preferred) = list.iter().find(is_preferred) {
                return Some(preferred.clone());
            }
        }
        let is_retry = !route.tried.is_empty();
        let out;
        let candidates = if degraded.is_empty() && !is_retry {
            Candidates::except(list, &[], false)
        } else {
            out = excluded(list, degraded, route.tried, now, &*self.0.random);
            Candidates::except(list, &out, is_retry)
        };
        choose_from(&candidates, choose)
    }
}

/// Returns the candidate that `choose` picks, if there are any.
#[inline]
fn choose_from<K>(
    candidates: &Candidates<'_, K>,
    choose: impl FnOnce(&Candidates<'_, K>) -> Option<usize>,
) -> Option<Member<K>> {
    if candidates.is_empty() {
        return None;
    }
    choose(candidates).filter(|index| *index < candidates.len()).map(|index| candidates.get(index).clone())
}
