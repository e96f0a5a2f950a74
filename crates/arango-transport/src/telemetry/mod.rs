//! Tracing spans and metrics.

#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "metrics_noop.rs"]
pub(crate) mod metrics;
pub(crate) mod state_changes;
pub(crate) mod trace;
