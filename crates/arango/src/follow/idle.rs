//! Waiting until no shard is on its way.

use std::sync::Arc;

use arango_cluster::Imbalance;

use super::looks::Looks;
use super::{Pace, Unfinished};
use crate::Cluster;

impl Cluster {
    /// Waits until the agency has no move of a shard left to make, whoever has begun it: before a plan, or after a rebalance
    /// whose jobs nobody follows. Ends with how leaders and shards are spread by then. Since 3.10.0.
    ///
    /// # Errors
    ///
    /// If there is no time left, with what was seen last, if anything: maintenance of the supervision keeps moves from being
    /// made.
    pub async fn wait_until_idle(&self, pace: Pace) -> Result<Imbalance, Unfinished<Option<Imbalance>>> {
        let mut looks = Looks::new(&self.database.transport, pace, &Arc::default());
        let mut last = None;
        let idle = |seen: Imbalance| {
            let idle = seen.is_idle();
            last = Some(seen.clone());
            idle.then_some(seen)
        };
        let ended = looks.until(|| self.imbalance(), idle).await;
        ended.map_err(|why| Unfinished::new(last, why))
    }
}
