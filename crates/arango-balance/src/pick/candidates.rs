//! The members from which a policy picks.

use std::sync::Arc;

use tokio::time::Instant;

use crate::members::few::Few;
use crate::members::member::Member;
use crate::members::slots;
use crate::pick::policy::Policy;

/// The members that one attempt may go to.
///
/// They are in the order of the set. Excluded are members that the route rules out, that were tried already, that are
/// ejected or draining, and overloaded or slow-starting members for part of the requests. So a policy need consider
/// neither state nor weight. [`Member::load`] returns the load of each.
#[derive(Debug)]
pub struct Candidates<'a, K> {
    list: &'a Arc<Vec<Member<K>>>,
    /// Only those at these sorted list indices; `None` means all.
    part: Option<&'a [usize]>,
    /// But not those at these sorted positions in the part.
    out: &'a [usize],
    is_retry: bool,
}

impl<'a, K> Candidates<'a, K> {
    /// Returns all members of the list.
    #[cfg(test)]
    pub(crate) fn all(list: &'a Arc<Vec<Member<K>>>) -> Self {
        Self::except(list, &[], false)
    }

    /// Returns all members of the list but those at the sorted indices `out`; `is_retry` if others were tried before.
    pub(crate) fn except(list: &'a Arc<Vec<Member<K>>>, out: &'a [usize], is_retry: bool) -> Self {
        Self { list, part: None, out, is_retry }
    }

    /// Returns the members of the list at the sorted indices `part`; `is_retry` if others were tried before.
    pub(crate) fn only(list: &'a Arc<Vec<Member<K>>>, part: &'a [usize], is_retry: bool) -> Self {
        Self { list, part: Some(part), out: &[], is_retry }
    }

    /// Whether the request was sent to other members before.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Returns the number of candidates.
    pub fn len(&self) -> usize {
        self.part.map_or(self.list.len(), <[usize]>::len) - self.out.len()
    }

    /// Whether there are no candidates.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the member at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not less than [`len`](Self::len).
    pub fn get(&self, index: usize) -> &'a Member<K> {
        &self.list[self.list_index(index)]
    }

    /// Returns the candidate index for the counter value `turn`.
    ///
    /// `None` if there are no candidates.
    ///
    /// Every candidate gets the same number of turns. So the share of an excluded member is spread over all others,
    /// rather than going to its neighbour.
    pub fn nth_in_turn(&self, turn: usize) -> Option<usize> {
        turn.checked_rem(self.len())
    }

    /// Lets `policy` pick one of the candidates that match `filter`.
    ///
    /// `None` if none matches or it picks none.
    ///
    /// Policies are composed of others with it. It checks each candidate.
    pub fn pick_among<Req>(
        &self,
        filter: impl Fn(&Member<K>) -> bool,
        policy: &(impl Policy<K, Req> + ?Sized),
        request: &Req,
        now: Instant,
    ) -> Option<usize> {
        let matching: Vec<usize> = (0..self.len())
            .map(|index| self.list_index(index))
            .filter(|&list_index| filter(&self.list[list_index]))
            .collect();
        self.pick_from(&matching, policy, request, now)
    }

    /// Lets `policy` pick one of the candidates at these sorted list indices; `None` if there is none.
    pub(crate) fn pick_from<Req>(
        &self,
        part: &[usize],
        policy: &(impl Policy<K, Req> + ?Sized),
        request: &Req,
        now: Instant,
    ) -> Option<usize> {
        // Usually few members are out of many, and the part need not be searched for them.
        let (out, common): (Few<usize>, Vec<usize>);
        let candidates = if self.part.is_none() {
            out = self.out.iter().filter_map(|out| part.binary_search(out).ok()).collect();
            Candidates { list: self.list, part: Some(part), out: &out, is_retry: self.is_retry }
        } else {
            let is_candidate = |list_index: &usize| self.index_of(*list_index).is_some();
            common = part.iter().copied().filter(is_candidate).collect();
            Candidates::only(self.list, &common, self.is_retry)
        };
        if candidates.is_empty() {
            return None;
        }
        let picked = policy.pick(&candidates, request, now).filter(|index| *index < candidates.len())?;
        self.index_of(candidates.list_index(picked))
    }

    /// Returns the index of the candidate with this slot.
    pub(crate) fn with_slot(&self, slot: usize) -> Option<usize> {
        self.index_of(slots::list_index(self.list, slot)?)
    }

    /// Returns the list of which the candidates are members.
    pub(crate) fn list(&self) -> &'a Arc<Vec<Member<K>>> {
        self.list
    }

    /// Returns the index of the candidate with this list index.
    fn index_of(&self, list_index: usize) -> Option<usize> {
        let position = match self.part {
            Some(part) => part.binary_search(&list_index).ok()?,
            None => list_index,
        };
        self.out.binary_search(&position).err().map(|before| position - before)
    }

    /// Returns the list index of the candidate at `index`.
    fn list_index(&self, index: usize) -> usize {
        let position = index + excluded_before(self.out, index);
        self.part.map_or(position, |part| part[position])
    }
}

/// Returns how many of the sorted indices `out` come before the candidate at `index`.
fn excluded_before(out: &[usize], index: usize) -> usize {
    let (mut from, mut to) = (0, out.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        // As many candidates come before it as list indices that are not in `out`.
        if out[middle] - middle <= index { from = middle + 1 } else { to = middle }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;

    /// Picks the member with this key.
    struct Wanted(usize);

    impl Policy<usize, ()> for Wanted {
        fn pick(&self, candidates: &Candidates<'_, usize>, (): &(), _: Instant) -> Option<usize> {
            (0..candidates.len()).find(|&index| *candidates.get(index).key() == self.0)
        }
    }

    #[test]
    fn a_composed_policy_sees_only_its_part_and_its_pick_is_mapped_back() {
        let list = Members::new(0..10).snapshot();
        for candidates in [
            Candidates::all(&list),
            Candidates::except(&list, &[0, 3, 6, 9], false),
            Candidates::only(&list, &[1, 2, 4, 5, 7, 8], false),
        ] {
            let pick = |key: usize| {
                let even = |member: &Member<usize>| member.key().is_multiple_of(2);
                let index = candidates.pick_among(even, &Wanted(key), &(), Instant::now())?;
                Some(*candidates.get(index).key())
            };
            assert_eq!([pick(2), pick(4), pick(8)], [Some(2), Some(4), Some(8)]);
            assert_eq!([pick(1), pick(5)], [None, None], "they do not match");
        }
    }

    #[test]
    fn a_candidate_is_found_by_its_slot_in_every_subset() {
        let list = Members::new(0..6).snapshot();
        for (candidates, expected) in [
            (Candidates::all(&list), [Some(0), Some(3), None]),
            (Candidates::except(&list, &[1, 2], false), [Some(0), Some(1), None]),
            (Candidates::only(&list, &[1, 3, 5], false), [None, Some(1), None]),
        ] {
            assert_eq!([0, 3, 9].map(|slot| candidates.with_slot(slot)), expected);
        }
    }

    #[test]
    fn excluded_members_have_no_index_and_all_others_have_one() {
        let members = Members::new(0..8);
        let list = members.snapshot();
        for excluded in 0..1_u16 << list.len() {
            let is_out = |list_index: &usize| excluded & (1 << list_index) != 0;
            let (out, these): (Vec<usize>, Vec<usize>) = (0..list.len()).partition(is_out);
            let candidates = Candidates::except(&list, &out, false);
            let found: Vec<usize> = (0..candidates.len()).map(|index| *candidates.get(index).key()).collect();
            assert_eq!(found, these);
            let by_slot: Vec<_> = these.iter().map(|&slot| candidates.with_slot(slot)).collect();
            assert_eq!(by_slot, (0..these.len()).map(Some).collect::<Vec<_>>());
            assert!(out.iter().all(|&slot| candidates.with_slot(slot).is_none()));
        }
    }
}
