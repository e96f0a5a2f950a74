//! The first that can be asked.

use tokio::time::Instant;

use crate::{Candidates, Policy};

/// Takes the first candidate: the order in which members were given is the order in which they are liked.
///
/// The second is asked while the first is out, or where it was tried; when that is back it is asked again, first for a
/// part of the requests, and for all of them once it has warmed up.
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
    use crate::Members;

    #[test]
    fn it_is_the_first_of_those_that_are_there() {
        let list = Members::new(0..4).snapshot();
        for (there, expected) in [(&[0, 1, 2, 3][..], 0), (&[1, 3], 1), (&[3], 3), (&[0, 3], 0)] {
            let candidates = Candidates::only(&list, there.to_vec(), false);
            let index = Fallback.pick(&candidates, &(), Instant::now()).unwrap();
            assert_eq!(*candidates.get(index).key(), expected);
        }
    }
}
