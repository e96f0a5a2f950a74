//! Health state of one member, derived from signals and probe results.

pub(crate) mod draining;
pub(crate) mod failure_window;
pub(crate) mod lazy_health;
pub(crate) mod policy;
pub(crate) mod probe_result;
pub(crate) mod reports;
pub(crate) mod signal;
pub(crate) mod slow_start;
pub(crate) mod state;
pub(crate) mod state_machine;
