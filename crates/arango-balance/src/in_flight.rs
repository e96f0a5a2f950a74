//! One request at a member.

use crate::Member;

/// A request that is under way at a member; it ends when this is dropped, in whatever way.
///
/// What its end tells of the member is [reported](Member::report_at) before that: a trial that ends without a verdict
/// tells nothing. That nobody waits for it any more is told by [`Member::give_up`].
#[derive(Debug)]
#[must_use]
pub struct InFlight<K> {
    member: Member<K>,
    /// Whether it is the one request of a trial.
    is_half_open: bool,
}

impl<K> InFlight<K> {
    pub(crate) fn new(member: Member<K>, on_trial: bool) -> Self {
        Self { member, is_half_open: on_trial }
    }

    /// Where it is.
    pub fn member(&self) -> &Member<K> {
        &self.member
    }

    /// Whether it is the one request of a trial.
    #[cfg(all(loom, test))]
    pub(crate) fn is_trial(&self) -> bool {
        self.on_trial
    }
}

impl<K> Drop for InFlight<K> {
    fn drop(&mut self) {
        self.member.end_request(self.is_half_open);
    }
}
