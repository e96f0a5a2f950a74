//! Selects the members that one request may go to, and lets a policy pick one of them.

pub(crate) mod candidates;
pub(crate) mod filter;
pub(crate) mod policy;
pub(crate) mod route;
mod select;
