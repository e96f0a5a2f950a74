//! The retry budget, and resources that calls have created whose response was lost, for code above the transport.

use arango_protocol::CreatedResource;
use tokio::time::Instant;

use crate::client::transport::Transport;

impl Transport {
    /// Pays for what is sent again above the retry layer; `false` if the retry budget is exhausted.
    #[doc(hidden)] // for the crate `arango`
    pub fn pay_for_retry(&self) -> bool {
        self.0.retry.budget.withdraw_one(Instant::now())
    }

    /// Records what a request to a path has created, of which another request has found out that it was executed.
    #[doc(hidden)] // for the crate `arango`
    pub fn record_created(&self, created: &CreatedResource, path: &str) {
        self.0.retry.facts.created.record(created, path, Instant::now());
    }
}
