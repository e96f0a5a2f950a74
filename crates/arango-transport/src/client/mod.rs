//! The public transport: building, sending, reconfiguring, observing and closing.

pub(crate) mod builder;
mod call_future;
mod call_limits;
mod clamped_random;
mod closing;
pub(crate) mod coordinator_state;
pub(crate) mod decoding;
pub(crate) mod discovery;
mod discovery_task;
mod draining;
#[cfg(feature = "metrics")]
pub(crate) mod gauges;
#[cfg(not(feature = "metrics"))]
#[path = "gauges_disabled.rs"]
pub(crate) mod gauges;
pub(crate) mod probe;
pub(crate) mod reconfigure;
mod retry_state;
pub(crate) mod stack;
pub(crate) mod state;
mod streamed_call;
pub(crate) mod streamed_response;
pub(crate) mod transport;
