//! The public transport: building, sending, reconfiguring, observing and closing.

pub(crate) mod builder;
pub(crate) mod coordinator_state;
pub(crate) mod discovery;
pub(crate) mod lifecycle;
pub(crate) mod probe;
pub(crate) mod reconfigure;
pub(crate) mod state;
pub(crate) mod transport;
