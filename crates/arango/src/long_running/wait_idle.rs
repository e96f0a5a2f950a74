//! Waiting until no shard is being moved.

use std::sync::Arc;

use arango_cluster::Imbalance;

use super::poll_loop::PollLoop;
use super::{Incomplete, PollOptions};
use crate::handles::cluster::Cluster;

impl Cluster {
    /// Waits until the agency has no unfinished move of a shard.
    ///
    /// This includes the moves of any client. Use it before planning, or after a rebalance whose jobs are not watched.
    /// Returns the imbalance of leaders and shards by then. Since 3.10.0.
    ///
    /// # Errors
    ///
    /// If the time is up, with the last imbalance, if there is one: maintenance of the supervision blocks moves.
    #[inline]
    pub async fn wait_until_idle(
        &self,
        options: PollOptions,
    ) -> Result<Imbalance, Incomplete<Option<Imbalance>>> {
        let mut polling = PollLoop::new(&self.database.transport, options, &Arc::default());
        let mut last = None;
        let idle = |seen: Imbalance| {
            let idle = seen.is_idle();
            last = Some(seen.clone());
            idle.then_some(seen)
        };
        let ended = polling.poll_until(|| self.imbalance(), idle).await;
        ended.map_err(|reason| Incomplete::new(last, reason))
    }
}
