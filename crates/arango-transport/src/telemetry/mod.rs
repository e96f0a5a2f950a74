//! Tracing spans and metrics.

use arango_protocol::Outcome;

#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "metrics_noop.rs"]
pub(crate) mod metrics;
pub(crate) mod state_changes;
pub(crate) mod trace;

/// Returns the value of `arango.outcome` in spans and in metrics.
fn outcome_label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotExecuted => "not_executed",
        Outcome::Unknown => "unknown",
        Outcome::Executed => "executed",
    }
}
