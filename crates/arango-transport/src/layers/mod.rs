//! The tower layers of a request. `client/stack.rs` assembles them.

pub(crate) mod at_coordinator;
pub(crate) mod attempt;
pub(crate) mod auth;
pub(crate) mod balanced;
pub(crate) mod compress;
pub(crate) mod finalize;
pub(crate) mod hedge;
pub(crate) mod middleware;
pub(crate) mod replaceable_policy;
pub(crate) mod response_check;
pub(crate) mod retry;
pub(crate) mod trace;
