//! The members from which a policy picks.

use tokio::time::Instant;

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
    members: &'a [Member<K>],
    subset: Subset,
    is_retry: bool,
}

/// A subset of the members, by list index, sorted.
#[derive(Debug)]
enum Subset {
    /// The usual case, without allocation.
    All,
    /// All but these few.
    Except(Vec<usize>),
    Only(Vec<usize>),
}

impl<'a, K> Candidates<'a, K> {
    /// Returns all of `members`.
    pub(crate) fn all(members: &'a [Member<K>]) -> Self {
        Self { members, subset: Subset::All, is_retry: false }
    }

    /// Returns all of `members` but those at the sorted indices `out`; `is_retry` if others were tried before.
    pub(crate) fn except(members: &'a [Member<K>], out: Vec<usize>, is_retry: bool) -> Self {
        Self { members, subset: Subset::Except(out), is_retry }
    }

    /// Returns those of `members` at the sorted indices `chosen`; `is_retry` if others were tried before.
    pub(crate) fn only(members: &'a [Member<K>], chosen: Vec<usize>, is_retry: bool) -> Self {
        Self { members, subset: Subset::Only(chosen), is_retry }
    }

    /// Whether the request was sent to other members before.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Returns the number of candidates.
    pub fn len(&self) -> usize {
        match &self.subset {
            Subset::All => self.members.len(),
            Subset::Except(out) => self.members.len() - out.len(),
            Subset::Only(these) => these.len(),
        }
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
        &self.members[self.list_index(index)]
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
    /// Policies are composed of others with it: see [`Preferred`](crate::Preferred).
    pub fn pick_among<Req>(
        &self,
        filter: impl Fn(&Member<K>) -> bool,
        policy: &(impl Policy<K, Req> + ?Sized),
        request: &Req,
        now: Instant,
    ) -> Option<usize> {
        let matching: Vec<usize> = (0..self.len()).filter(|&index| filter(self.get(index))).collect();
        if matching.is_empty() {
            return None;
        }
        let members = matching.iter().map(|&index| self.list_index(index)).collect();
        let index = policy.pick(&Self::only(self.members, members, self.is_retry), request, now)?;
        matching.get(index).copied()
    }

    /// Returns the index of the candidate with this slot.
    pub(crate) fn with_slot(&self, slot: usize) -> Option<usize> {
        let list_index = slots::list_index(self.members, slot)?;
        match &self.subset {
            Subset::All => Some(list_index),
            Subset::Except(out) => out.binary_search(&list_index).err().map(|before| list_index - before),
            Subset::Only(these) => these.binary_search(&list_index).ok(),
        }
    }

    /// Returns the list index of the candidate at `index`.
    fn list_index(&self, index: usize) -> usize {
        match &self.subset {
            Subset::All => index,
            Subset::Except(out) => index + excluded_before(out, index),
            Subset::Only(these) => these[index],
        }
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
            Candidates::except(&list, vec![0, 3, 6, 9], false),
            Candidates::only(&list, vec![1, 2, 4, 5, 7, 8], false),
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
            (Candidates::except(&list, vec![1, 2], false), [Some(0), Some(1), None]),
            (Candidates::only(&list, vec![1, 3, 5], false), [None, Some(1), None]),
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
            let candidates = Candidates::except(&list, out.clone(), false);
            let found: Vec<usize> = (0..candidates.len()).map(|index| *candidates.get(index).key()).collect();
            assert_eq!(found, these);
            let by_slot: Vec<_> = these.iter().map(|&slot| candidates.with_slot(slot)).collect();
            assert_eq!(by_slot, (0..these.len()).map(Some).collect::<Vec<_>>());
            assert!(out.iter().all(|&slot| candidates.with_slot(slot).is_none()));
        }
    }
}
