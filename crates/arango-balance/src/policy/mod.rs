//! The load balancing policies.

pub(crate) mod fallback;
pub(crate) mod least_loaded;
pub(crate) mod periodic;
pub(crate) mod preferred;
pub(crate) mod random;
pub(crate) mod round_robin;
pub(crate) mod single;
