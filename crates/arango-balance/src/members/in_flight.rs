//! A request in flight at a member.

use crate::health::state_machine::HalfOpenRequest;
use crate::members::member::Member;

/// A request in flight at a member until this is dropped.
///
/// Its outcome is [recorded](Member::record) before that. A half-open member stays half-open if its request ends
/// without a recorded outcome. An attempt that is no longer waited for is recorded by [`Member::record_abandoned`].
#[derive(Debug)]
#[must_use]
pub struct InFlight<K> {
    member: Member<K>,
    /// If it is the single request of a half-open member.
    half_open: Option<HalfOpenRequest>,
}

impl<K> InFlight<K> {
    pub(crate) fn new(member: Member<K>, half_open: Option<HalfOpenRequest>) -> Self {
        Self { member, half_open }
    }

    /// Returns the member.
    pub fn member(&self) -> &Member<K> {
        &self.member
    }

    /// Whether it is the single request of a half-open member.
    #[cfg(all(loom, test))]
    pub(crate) fn is_half_open(&self) -> bool {
        self.half_open.is_some()
    }
}

impl<K> Drop for InFlight<K> {
    fn drop(&mut self) {
        self.member.end_request(self.half_open);
    }
}
