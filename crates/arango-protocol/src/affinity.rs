//! Which coordinators a request may go to.

/// Which coordinators a request may go to, if it is about the state of one of them.
///
/// A cursor or a transaction lives on the coordinator that created it, its owner. Which one that is, is an option of the
/// caller: an operation names no address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Affinity {
    /// Any coordinator.
    #[default]
    Any,
    /// Only the owner.
    ///
    /// A request for which the caller names no owner is refused before it is sent.
    Owner,
    /// The owner, or another coordinator, which forwards it.
    ///
    /// If the owner cannot be reached, one attempt goes through another coordinator, and the next ones to the owner again.
    OwnerThenForward,
}
