//! Draining a coordinator that is about to stop.

use tokio::time::Instant;

use crate::client::transport::Transport;
use crate::types::coordinator::Coordinator;

impl Transport {
    /// Starts draining a coordinator at the caller's request.
    ///
    /// For a limited time it gets only requests that no other coordinator can take, and calls pinned to it. A
    /// coordinator that is not a member of this transport is ignored.
    ///
    /// For programs that shut a coordinator down: a coordinator in a soft shutdown does not report that and
    /// stays available until it stops. If it does not stop, a probe ends the draining after
    /// [`max_drain_time`](arango_balance::HealthPolicy::max_drain_time). If it stops, a probe ends the
    /// draining as soon as it is back.
    #[doc(hidden)] // for the crate `arango`
    pub fn drain(&self, coordinator: &Coordinator) {
        if let Some(member) = self.0.members.get(coordinator) {
            member.drain(Instant::now());
        }
    }
}
