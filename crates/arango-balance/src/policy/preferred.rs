//! Preferred: near members first.

use std::fmt;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use crate::members::member::Member;
use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;

/// Picks among the near members first.
///
/// The others are used only if no near one can take the request.
///
/// Each side has its own policy. A near member cannot take a request if it is not a candidate: because it is ejected,
/// draining, skipped for this request or was tried already. Neither can it with as many requests in flight as
/// [`max_in_flight`](Self::max_in_flight). If all members have that many the limit is ignored.
///
/// With a limit, each pick looks at every member of a side.
///
/// ```
/// use arango_balance::{BalanceLayer, LeastLoaded, Members, Preferred, RoundRobin};
///
/// let members = Members::new(["here-1", "here-2", "there-1"]);
/// let policy = Preferred::new(|name: &&str| name.starts_with("here"), LeastLoaded::new(), RoundRobin::default());
/// let layer: BalanceLayer<_, _, ()> = BalanceLayer::new(members, policy.max_in_flight(100));
/// ```
pub struct Preferred<N, P, Q> {
    is_near: N,
    near_policy: P,
    remote_policy: Q,
    max_in_flight: usize,
    /// The sides of the list that was last picked from.
    sides: ArcSwapOption<Sides>,
}

/// The members of one list by side, as sorted list indices.
struct Sides {
    /// The list. As long as this exists no other list has its address.
    list: Weak<dyn Send + Sync>,
    near: Vec<usize>,
    remote: Vec<usize>,
}

impl<N, P, Q> Preferred<N, P, Q> {
    /// Creates a policy that picks `within` near members, or else `beyond`.
    ///
    /// Members for which `near` returns true are near. `near` is called once for each member, and again for all when
    /// members are added or removed: the result for a member must not change.
    pub fn new(near: N, within: P, beyond: Q) -> Self {
        Self {
            is_near: near,
            near_policy: within,
            remote_policy: beyond,
            max_in_flight: usize::MAX,
            sides: ArcSwapOption::empty(),
        }
    }

    /// Limits the requests in flight at each member, near or not.
    ///
    /// Default: no limit.
    #[must_use]
    pub fn max_in_flight(mut self, in_flight: usize) -> Self {
        self.max_in_flight = in_flight;
        self
    }
}

impl<N, P, Q> Preferred<N, P, Q> {
    /// Returns the sides of a list, which are kept until another list is picked from.
    fn sides<K: Send + Sync + 'static>(&self, list: &Arc<Vec<Member<K>>>) -> Arc<Sides>
    where
        N: Fn(&K) -> bool,
    {
        let known = self.sides.load();
        if let Some(known) = &*known
            && std::ptr::addr_eq(known.list.as_ptr(), Arc::as_ptr(list))
        {
            return Arc::clone(known);
        }
        let (near, remote) = (0..list.len()).partition(|&index| (self.is_near)(list[index].key()));
        let list: Weak<Vec<Member<K>>> = Arc::downgrade(list);
        let sides = Arc::new(Sides { list, near, remote });
        self.sides.store(Some(Arc::clone(&sides)));
        sides
    }
}

impl<K, Req, N, P, Q> Policy<K, Req> for Preferred<N, P, Q>
where
    K: Send + Sync + 'static,
    N: Fn(&K) -> bool + Send + Sync,
    P: Policy<K, Req>,
    Q: Policy<K, Req>,
{
    fn pick(&self, candidates: &Candidates<'_, K>, request: &Req, now: Instant) -> Option<usize> {
        let list = candidates.list();
        let sides = self.sides(list);
        let within = |part: &[usize]| candidates.pick_from(part, &self.near_policy, request, now);
        let beyond = |part: &[usize]| candidates.pick_from(part, &self.remote_policy, request, now);
        if self.max_in_flight < usize::MAX {
            let with_room = |part: &[usize]| -> Vec<usize> {
                part.iter().copied().filter(|&index| list[index].in_flight() < self.max_in_flight).collect()
            };
            let index = within(&with_room(&sides.near)).or_else(|| beyond(&with_room(&sides.remote)));
            if index.is_some() {
                return index;
            }
        }
        within(&sides.near).or_else(|| beyond(&sides.remote))
    }

    fn wants_load(&self) -> bool {
        self.near_policy.wants_load() || self.remote_policy.wants_load()
    }
}

impl<N, P: fmt::Debug, Q: fmt::Debug> fmt::Debug for Preferred<N, P, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preferred")
            .field("within", &self.near_policy)
            .field("beyond", &self.remote_policy)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::members::set::Members;
    use crate::pick::route::Route;
    use crate::policy::least_loaded::LeastLoaded;
    use crate::policy::round_robin::RoundRobin;

    type IsNear = fn(&usize) -> bool;

    /// A policy for six members, of which the first three are near.
    fn near_three(max_in_flight: usize) -> Preferred<IsNear, RoundRobin, RoundRobin> {
        let is_near: IsNear = |member| *member < 3;
        Preferred::new(is_near, RoundRobin::default(), RoundRobin::default()).max_in_flight(max_in_flight)
    }

    /// Returns how often each of six members is picked from those at these indices.
    fn counts(policy: &impl Policy<usize, ()>, members: &Members<usize>, there: &[usize]) -> [u32; 6] {
        let list = members.snapshot();
        let mut counts = [0; 6];
        for _ in 0..60 {
            let candidates = Candidates::only(&list, there, false);
            let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
            counts[*candidates.get(index).key()] += 1;
        }
        counts
    }

    #[test]
    fn near_members_get_all_requests_as_long_as_one_is_a_candidate() {
        let (members, policy) = (Members::new(0..6), near_three(usize::MAX));
        assert_eq!(counts(&policy, &members, &[0, 1, 2, 3, 4, 5]), [20, 20, 20, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[0, 2, 3, 4, 5]), [30, 0, 30, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[1, 5]), [0, 60, 0, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[3, 4, 5]), [0, 0, 0, 20, 20, 20]);
    }

    #[test]
    fn requests_that_near_members_cannot_take_spill_over_to_the_others() {
        let (members, policy) = (Members::new(0..6), near_three(2));
        let all = [0, 1, 2, 3, 4, 5];
        let list = members.snapshot();
        let busy = |index: usize| [list[index].clone().start_request(), list[index].clone().start_request()];
        let (_first, _second) = (busy(0), busy(1));
        assert_eq!(counts(&policy, &members, &all), [0, 0, 60, 0, 0, 0]);
        let _third = busy(2);
        assert_eq!(counts(&policy, &members, &all), [0, 0, 0, 20, 20, 20]);
        let (_fourth, _fifth, _sixth) = (busy(3), busy(4), busy(5));
        assert_eq!(counts(&policy, &members, &all), [20, 20, 20, 0, 0, 0], "all are at the limit");
        assert_eq!(
            counts(&policy, &members, &[4, 5]),
            [0, 0, 0, 0, 30, 30],
            "and no near one is a candidate"
        );
    }

    #[test]
    fn a_member_is_asked_once_whether_it_is_near_until_the_members_change() {
        let asked = AtomicUsize::new(0);
        let is_near = |member: &usize| {
            asked.fetch_add(1, Ordering::Relaxed);
            *member != 1
        };
        let policy = Preferred::new(is_near, RoundRobin::default(), RoundRobin::default());
        let members = Members::new(0..3);
        let picks = |picks: usize| -> Vec<usize> {
            let pick = || members.pick(&policy, &(), &Route::any(), Instant::now()).unwrap();
            (0..picks).map(|_| *pick().member().key()).collect()
        };
        assert_eq!(picks(4), [0, 2, 0, 2]);
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        members.remove(&0);
        assert_eq!(picks(2), [2, 2]);
        assert_eq!(asked.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn load_is_measured_if_either_policy_uses_it() {
        let near: fn(&usize) -> bool = |_| true;
        let wants = |policy: &dyn Policy<usize, ()>| policy.wants_load();
        assert!(!wants(&near_three(1)));
        assert!(wants(&Preferred::new(near, LeastLoaded::new(), RoundRobin::default())));
        assert!(wants(&Preferred::new(near, RoundRobin::default(), LeastLoaded::new())));
    }
}
