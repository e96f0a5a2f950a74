//! The time limits of calls, for code above the transport.

use std::time::Duration;

use crate::call::Call;
use crate::call::options::CallOptions;
use crate::client::transport::Transport;

impl Transport {
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
}
