//! Limits, budgets and counters that code above the transport shares with its calls.

use std::time::Duration;

use arango_balance::RandomSource;
use arango_protocol::CreatedResource;
use tokio::time::Instant;

use crate::call::Call;
use crate::call::options::CallOptions;
use crate::client::transport::Transport;
use crate::telemetry::metrics;

impl Transport {
    /// Pays for a request that finds out what became of a call; `false` if the retry budget is exhausted.
    #[doc(hidden)] // for the crate `arango`
    pub fn pay_for_retry(&self) -> bool {
        self.0.retry.budget.withdraw_one(Instant::now())
    }

    /// Records what a request to a path has created, of which another request has found out that it was executed.
    #[doc(hidden)] // for the crate `arango`
    pub fn record_created(&self, created: &CreatedResource, path: &str) {
        self.0.retry.facts.created.record(created, path, Instant::now());
    }

    /// Records how many rows a query has returned.
    #[doc(hidden)] // for the crate `arango`
    pub fn record_rows(&self, rows: u64) {
        metrics::returned(rows);
    }

    /// Returns how long a call with these options waits for one response.
    #[doc(hidden)] // for the crate `arango`
    pub fn attempt_limit(&self, options: Option<&CallOptions>) -> Duration {
        let limits = &self.0.settings.load().limits;
        let attempt = options.and_then(|options| options.attempt).unwrap_or(limits.attempt);
        attempt.min(options.and_then(|options| options.total).unwrap_or(limits.total))
    }

    /// Returns the time limit of a call.
    #[doc(hidden)] // for the crate `arango`
    pub fn time_limit(&self, call: &Call) -> Duration {
        call.limit(&self.0.settings.load())
    }

    /// Returns the random source, for pauses in code above the transport.
    #[doc(hidden)] // for the crate `arango`
    pub fn random(&self) -> &dyn RandomSource {
        &*self.0.random
    }
}
