//! Those nearby, as long as they can take it.

use std::fmt;

use tokio::time::Instant;

use crate::{Candidates, Member, Policy};

/// Picks among the members nearby, and among the others only where no near one can take the request.
///
/// A policy of its own picks on either side. A near member cannot take a request if it is out of the rotation, is spared
/// this time, was tried already, or has as many requests in flight as [`full_at`](Self::full_at) says. If everybody is
/// full it is asked as if nobody were.
///
/// It looks at each candidate: with a thousand members a pick takes microseconds.
///
/// ```
/// use arango_balance::{BalanceLayer, LeastLoaded, Members, Preferred, RoundRobin};
///
/// let members = Members::new(["here-1", "here-2", "there-1"]);
/// let policy = Preferred::new(|name: &&str| name.starts_with("here"), LeastLoaded::new(), RoundRobin::default());
/// let layer: BalanceLayer<_, _, ()> = BalanceLayer::new(members, policy.full_at(100));
/// ```
pub struct Preferred<N, P, Q> {
    is_near: N,
    near_policy: P,
    remote_policy: Q,
    max_in_flight: usize,
}

impl<N, P, Q> Preferred<N, P, Q> {
    /// Takes those for which `near` holds to be nearby; picks `within` them, or else `beyond`.
    ///
    /// `near` is asked about each candidate of each request, so it should be quick.
    pub fn new(near: N, within: P, beyond: Q) -> Self {
        Self { is_near: near, near_policy: within, remote_policy: beyond, max_in_flight: usize::MAX }
    }

    /// Sets how many requests in flight are as many as a member can take, on either side. Default: no number is.
    #[must_use]
    pub fn max_in_flight(mut self, in_flight: usize) -> Self {
        self.max_in_flight = in_flight;
        self
    }
}

impl<K, Req, N, P, Q> Policy<K, Req> for Preferred<N, P, Q>
where
    N: Fn(&K) -> bool + Send + Sync,
    P: Policy<K, Req>,
    Q: Policy<K, Req>,
{
    fn pick(&self, candidates: &Candidates<'_, K>, request: &Req, now: Instant) -> Option<usize> {
        let near = |member: &Member<K>| (self.is_near)(member.key());
        let has_room = |member: &Member<K>| member.in_flight() < self.max_in_flight;
        let within = |wanted: &dyn Fn(&Member<K>) -> bool| {
            candidates.pick_among(|member| near(member) && wanted(member), &self.near_policy, request, now)
        };
        let beyond = |wanted: &dyn Fn(&Member<K>) -> bool| {
            candidates.pick_among(|member| !near(member) && wanted(member), &self.remote_policy, request, now)
        };
        within(&has_room)
            .or_else(|| beyond(&has_room))
            .or_else(|| within(&|_| true))
            .or_else(|| beyond(&|_| true))
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
            .field("full", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LeastLoaded, Members, RoundRobin};

    type Here = fn(&usize) -> bool;

    /// Of six members the first three are here.
    fn here(full: usize) -> Preferred<Here, RoundRobin, RoundRobin> {
        let here: Here = |member| *member < 3;
        Preferred::new(here, RoundRobin::default(), RoundRobin::default()).max_in_flight(full)
    }

    /// How often each of six is picked when these are there.
    fn counts(policy: &impl Policy<usize, ()>, members: &Members<usize>, there: &[usize]) -> [u32; 6] {
        let list = members.snapshot();
        let mut counts = [0; 6];
        for _ in 0..60 {
            let candidates = Candidates::only(&list, there.to_vec(), false);
            let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
            counts[*candidates.get(index).key()] += 1;
        }
        counts
    }

    #[test]
    fn those_nearby_get_everything_as_long_as_one_of_them_is_there() {
        let (members, policy) = (Members::new(0..6), here(usize::MAX));
        assert_eq!(counts(&policy, &members, &[0, 1, 2, 3, 4, 5]), [20, 20, 20, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[0, 2, 3, 4, 5]), [30, 0, 30, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[1, 5]), [0, 60, 0, 0, 0, 0]);
        assert_eq!(counts(&policy, &members, &[3, 4, 5]), [0, 0, 0, 20, 20, 20]);
    }

    #[test]
    fn what_those_nearby_cannot_take_spills_over_to_the_others() {
        let (members, policy) = (Members::new(0..6), here(2));
        let all = [0, 1, 2, 3, 4, 5];
        let list = members.snapshot();
        let busy = |index: usize| [list[index].clone().start_request(), list[index].clone().start_request()];
        let (_first, _second) = (busy(0), busy(1));
        assert_eq!(counts(&policy, &members, &all), [0, 0, 60, 0, 0, 0]);
        let _third = busy(2);
        assert_eq!(counts(&policy, &members, &all), [0, 0, 0, 20, 20, 20]);
        let (_fourth, _fifth, _sixth) = (busy(3), busy(4), busy(5));
        assert_eq!(counts(&policy, &members, &all), [20, 20, 20, 0, 0, 0], "all are full");
        assert_eq!(counts(&policy, &members, &[4, 5]), [0, 0, 0, 0, 30, 30], "and no near one is there");
    }

    #[test]
    fn what_is_measured_is_what_either_side_wants() {
        let near: fn(&usize) -> bool = |_| true;
        let wants = |policy: &dyn Policy<usize, ()>| policy.wants_load();
        assert!(!wants(&here(1)));
        assert!(wants(&Preferred::new(near, LeastLoaded::new(), RoundRobin::default())));
        assert!(wants(&Preferred::new(near, RoundRobin::default(), LeastLoaded::new())));
    }
}
