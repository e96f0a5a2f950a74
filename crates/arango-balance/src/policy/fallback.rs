//! Fallback: the first member that is available.

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;

/// Picks the first candidate: members are given in the order of preference.
///
/// The second gets requests while the first is excluded, and retries of requests that the first was tried for. When the
/// first recovers it gets part of the requests during slow start, and all of them afterwards.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fallback;

impl<K, Req> Policy<K, Req> for Fallback {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        candidates.nth_in_turn(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;

    #[test]
    fn it_picks_the_first_candidate() {
        let list = Members::new(0..4).snapshot();
        for (there, expected) in [(&[0, 1, 2, 3][..], 0), (&[1, 3], 1), (&[3], 3), (&[0, 3], 0)] {
            let candidates = Candidates::only(&list, there, false);
            let index = Fallback.pick(&candidates, &(), Instant::now()).unwrap();
            assert_eq!(*candidates.get(index).key(), expected);
        }
    }
}
