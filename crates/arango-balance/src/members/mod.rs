//! The set of members: who belongs to it, what is counted, who is notified of changes.

pub(crate) mod builder;
pub(crate) mod degraded_set;
pub(crate) mod events;
pub(crate) mod few;
pub(crate) mod in_flight;
pub(crate) mod member;
pub(crate) mod membership;
pub(crate) mod observers;
pub(crate) mod probe_handle;
pub(crate) mod probe_task;
pub(crate) mod set;
pub(crate) mod set_flags;
pub(crate) mod slots;
pub(crate) mod timing;
