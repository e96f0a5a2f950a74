//! Faults that tests inject, and the requests they apply to.

pub(crate) mod active_faults;
pub(crate) mod effect;
pub(crate) mod fault;
pub(crate) mod garbage;
pub(crate) mod request_match;
pub(crate) mod reset_reason;
pub(crate) mod response_script;
