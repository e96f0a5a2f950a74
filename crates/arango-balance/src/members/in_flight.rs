//! A request in flight at a member.

use crate::members::member::Member;

/// A request in flight at a member until this is dropped.
///
/// Its outcome is [recorded](Member::record) before that. A half-open member stays half-open if its request ends
/// without a recorded outcome. An attempt that is no longer waited for is recorded by [`Member::record_abandoned`].
#[derive(Debug)]
#[must_use]
pub struct InFlight<K> {
    member: Member<K>,
    /// Whether it is the single request of a half-open member.
    is_half_open: bool,
}

impl<K> InFlight<K> {
    pub(crate) fn new(member: Member<K>, is_half_open: bool) -> Self {
        Self { member, is_half_open }
    }

    /// Returns the member.
    pub fn member(&self) -> &Member<K> {
        &self.member
    }

    /// Whether it is the single request of a half-open member.
    #[cfg(all(loom, test))]
    pub(crate) fn is_half_open(&self) -> bool {
        self.is_half_open
    }
}

impl<K> Drop for InFlight<K> {
    fn drop(&mut self) {
        self.member.end_request(self.is_half_open);
    }
}
