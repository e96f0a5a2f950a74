//! The members a policy may choose from.

use tokio::time::Instant;

use crate::{Member, Policy, slots};

/// The members that one attempt may go to, in the order of the set.
///
/// Those that the request rules out, that were tried already, that are out of the rotation or that are
/// spared this time are not among them: a policy need look neither at standings nor at weights. How much each
/// has to do tells [`Member::load`].
#[derive(Debug)]
pub struct Candidates<'a, K> {
    members: &'a [Member<K>],
    subset: Subset,
    is_retry: bool,
}

/// Which of the members, by their places in the set, in order.
#[derive(Debug)]
enum Subset {
    /// The usual case, which costs nothing.
    All,
    /// All but these, which are few.
    Except(Vec<usize>),
    Only(Vec<usize>),
}

impl<'a, K> Candidates<'a, K> {
    /// All of `members`.
    pub(crate) fn all(members: &'a [Member<K>]) -> Self {
        Self { members, subset: Subset::All, is_retry: false }
    }

    /// All of `members` but those whose indices are given, in order; `further` if others were asked before.
    pub(crate) fn except(members: &'a [Member<K>], out: Vec<usize>, further: bool) -> Self {
        Self { members, subset: Subset::Except(out), is_retry: further }
    }

    /// Those of `members` whose indices are given, in order; `further` if others were asked before.
    pub(crate) fn only(members: &'a [Member<K>], chosen: Vec<usize>, further: bool) -> Self {
        Self { members, subset: Subset::Only(chosen), is_retry: further }
    }

    /// Whether the request was sent to other members before.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.subset {
            Subset::All => self.members.len(),
            Subset::Except(out) => self.members.len() - out.len(),
            Subset::Only(these) => these.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not less than [`len`](Self::len).
    pub fn get(&self, index: usize) -> &'a Member<K> {
        &self.members[self.list_index(index)]
    }

    /// The index whose turn it is when `turn` is counted up without end; `None` if there are none.
    ///
    /// Every candidate has the same number of turns, so the share of a member that is masked
    /// spreads over all others and does not fall to its neighbour.
    pub fn nth_in_turn(&self, turn: usize) -> Option<usize> {
        turn.checked_rem(self.len())
    }

    /// Lets `policy` pick one of those for which `wanted` holds; `None` if there are none, or it picks none of them.
    ///
    /// So policies are made of others: see [`Preferred`](crate::Preferred).
    pub fn pick_among<Req>(
        &self,
        wanted: impl Fn(&Member<K>) -> bool,
        policy: &(impl Policy<K, Req> + ?Sized),
        request: &Req,
        now: Instant,
    ) -> Option<usize> {
        let theirs: Vec<usize> = (0..self.len()).filter(|&index| wanted(self.get(index))).collect();
        if theirs.is_empty() {
            return None;
        }
        let members = theirs.iter().map(|&index| self.list_index(index)).collect();
        let index = policy.pick(&Self::only(self.members, members, self.is_retry), request, now)?;
        theirs.get(index).copied()
    }

    /// The index of the candidate with this slot.
    pub(crate) fn with_slot(&self, slot: usize) -> Option<usize> {
        let place = slots::list_index(self.members, slot)?;
        match &self.subset {
            Subset::All => Some(place),
            Subset::Except(out) => out.binary_search(&place).err().map(|before| place - before),
            Subset::Only(these) => these.binary_search(&place).ok(),
        }
    }

    /// Where in the set the candidate at `index` is.
    fn list_index(&self, index: usize) -> usize {
        match &self.subset {
            Subset::All => index,
            Subset::Except(out) => index + excluded_before(out, index),
            Subset::Only(these) => these[index],
        }
    }
}

/// How many of those that are `out` come before the one at `index` of the others.
fn excluded_before(out: &[usize], index: usize) -> usize {
    let (mut from, mut to) = (0, out.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        // As many of the others come before it as places that are not out.
        if out[middle] - middle <= index { from = middle + 1 } else { to = middle }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Members;

    /// Takes the one of this key.
    struct Wanted(usize);

    impl Policy<usize, ()> for Wanted {
        fn pick(&self, candidates: &Candidates<'_, usize>, (): &(), _: Instant) -> Option<usize> {
            (0..candidates.len()).find(|&index| *candidates.get(index).key() == self.0)
        }
    }

    #[test]
    fn a_policy_within_another_sees_only_its_part_and_its_pick_means_the_same_to_both() {
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
            assert_eq!([pick(1), pick(5)], [None, None], "they are not of its part");
        }
    }

    #[test]
    fn a_candidate_is_found_by_its_slot_wherever_it_is() {
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
    fn who_is_left_out_is_found_by_no_index_and_everybody_else_by_one() {
        let members = Members::new(0..8);
        let list = members.snapshot();
        for left_out in 0..1_u16 << list.len() {
            let is_out = |place: &usize| left_out & (1 << place) != 0;
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
