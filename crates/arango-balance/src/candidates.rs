//! The members a policy may choose from.

use tokio::time::Instant;

use crate::{Member, Policy};

/// The members that one attempt may go to, in the order of the set.
///
/// Those that the request rules out, that were tried already, that are out of the rotation or that are
/// spared this time are not among them: a policy need look neither at standings nor at weights. How much each
/// has to do tells [`Member::load`].
#[derive(Debug)]
pub struct Candidates<'a, K> {
    members: &'a [Member<K>],
    // `None`: all of them, which is the usual case and costs nothing.
    chosen: Option<Vec<usize>>,
    further: bool,
}

impl<'a, K> Candidates<'a, K> {
    /// All of `members`.
    pub(crate) fn all(members: &'a [Member<K>]) -> Self {
        Self { members, chosen: None, further: false }
    }

    /// Those of `members` whose indices are given; `further` if others were asked before.
    pub(crate) fn some(members: &'a [Member<K>], chosen: Vec<usize>, further: bool) -> Self {
        Self { members, chosen: Some(chosen), further }
    }

    /// Whether the request was sent to other members before.
    pub fn is_further_attempt(&self) -> bool {
        self.further
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.chosen.as_ref().map_or(self.members.len(), Vec::len)
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
        &self.members[self.place(index)]
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
        let members = theirs.iter().map(|&index| self.place(index)).collect();
        let index = policy.pick(&Self::some(self.members, members, self.further), request, now)?;
        theirs.get(index).copied()
    }

    /// The index of the candidate with this slot.
    pub(crate) fn with_slot(&self, slot: usize) -> Option<usize> {
        let has_it = |index: &usize| self.get(*index).slot() == slot;
        // Where all are there, and none has ever gone, it is there that it is.
        if slot < self.len() && has_it(&slot) {
            return Some(slot);
        }
        (0..self.len()).find(has_it)
    }

    /// Where in the set the candidate at `index` is.
    fn place(&self, index: usize) -> usize {
        self.chosen.as_ref().map_or(index, |chosen| chosen[index])
    }
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
        for candidates in [Candidates::all(&list), Candidates::some(&list, vec![1, 2, 4, 5, 7, 8], false)] {
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
            (Candidates::some(&list, vec![1, 3, 5], false), [None, Some(1), None]),
        ] {
            assert_eq!([0, 3, 9].map(|slot| candidates.with_slot(slot)), expected);
        }
    }
}
