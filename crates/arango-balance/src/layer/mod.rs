//! The tower services: one picks a member, the other calls the service of the member.

pub(crate) mod balance;
pub(crate) mod per_member;
