//! The tower layers of a request, and the function that assembles them.

pub(crate) mod attempt;
pub(crate) mod auth;
pub(crate) mod classify;
pub(crate) mod deadline;
pub(crate) mod finalize;
pub(crate) mod hedge;
pub(crate) mod hedge_tracker;
pub(crate) mod middleware;
pub(crate) mod response_check;
pub(crate) mod retry;
pub(crate) mod retry_budget;
pub(crate) mod retry_decision;
pub(crate) mod stack;
