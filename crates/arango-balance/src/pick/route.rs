//! Constraints of a request on the member it goes to.

use tokio::time::Instant;

/// Constraints of a request on the member it goes to.
#[derive(Debug, Clone, Copy)]
pub struct Route<'r, K> {
    /// The only member it may go to, in any state.
    pub pinned: Option<&'r K>,
    /// Whether `pinned` may be an unverified member.
    ///
    /// That is one that [discovery](crate::DiscoveryTask) has found and not yet identified. It gets no other requests.
    pub allow_unverified: bool,
    /// The member to use while it is usable; otherwise any other.
    ///
    /// Usable: in the set, not ejected and not tried already.
    pub preferred: Option<&'r K>,
    /// Members already tried; avoided while there is an untried one.
    pub tried: &'r [K],
    /// When the request was made, if known.
    ///
    /// If it is known, the clock is not read again.
    pub now: Option<Instant>,
}

impl<K> Route<'_, K> {
    /// Returns a route without constraints.
    pub const fn any() -> Self {
        Self { pinned: None, allow_unverified: false, preferred: None, tried: &[], now: None }
    }

    /// Whether it has no constraints.
    pub(crate) fn is_any(&self) -> bool {
        self.pinned.is_none() && self.preferred.is_none() && self.tried.is_empty()
    }
}
