//! Discovery: finds members that were not configured, from the lists that members return.

pub(crate) mod policy;
pub(crate) mod state_machine;
pub(crate) mod task;
