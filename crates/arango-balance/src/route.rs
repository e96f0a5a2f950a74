//! What a request itself says about where it may go.

use tokio::time::Instant;

/// Where a request may go, as the request itself says.
#[derive(Debug, Clone, Copy)]
pub struct Route<'r, K> {
    /// The only member it may go to, well or not.
    pub pinned: Option<&'r K>,
    /// Whether that may be a member which is only [tried out](crate::Members::try_out).
    pub allow_unverified: bool,
    /// The member it goes to as long as that is in the set, not ejected and not asked already; else any other may do.
    pub preferred: Option<&'r K>,
    /// Members that were asked already; none is asked again while an untried one is left.
    pub tried: &'r [K],
    /// When it was made, if it knows: spares reading the clock once more.
    pub now: Option<Instant>,
}

impl<K> Route<'_, K> {
    /// Any member will do.
    pub const fn any() -> Self {
        Self { pinned: None, allow_unverified: false, preferred: None, tried: &[], now: None }
    }
}
