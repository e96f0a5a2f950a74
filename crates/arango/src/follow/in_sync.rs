//! Waiting until every shard is where it is meant to be.

use std::sync::Arc;

use arango_transport::{Error, ErrorKind};

use super::looks::Looks;
use super::{Pace, Stopped, Unfinished};
use crate::Cluster;

/// Looks until all shards of all databases are in sync.
pub(super) async fn wait(cluster: &Cluster, looks: &mut Looks) -> Result<(), Stopped> {
    let mut behind = Vec::new();
    let none = |those: Vec<String>| {
        behind = those;
        behind.is_empty().then_some(())
    };
    match looks.until(|| look(cluster), none).await {
        Err(Stopped::OutOfTime { last: None, .. }) if !behind.is_empty() => Err(Stopped::OutOfSync(behind)),
        seen => seen,
    }
}

/// The collections that have shards that are not as they are meant to be, each as `database/collection`.
pub(super) async fn look(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let mut behind = Vec::new();
    for database in cluster.shard_statistics_by_database().await?.into_keys() {
        let shards = match cluster.database.named(&database).cluster().shard_distribution().await {
            Ok(shards) => shards,
            // Dropped meanwhile.
            Err(error) if matches!(error.kind(), ErrorKind::DatabaseUnknown | ErrorKind::NotFound) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        let those = shards.collections.iter().filter(|(_, shards)| !shards.is_in_sync());
        behind.extend(those.map(|(collection, _)| format!("{database}/{collection}")));
    }
    Ok(behind)
}

impl Cluster {
    /// Waits until every shard of every database is where it is meant to be, with all its followers.
    ///
    /// Each look asks once for each database.
    ///
    /// # Errors
    ///
    /// With [`Stopped::OutOfSync`], which names the collections, if there is no time left; with [`Stopped::OutOfTime`] if
    /// nobody could tell.
    pub async fn wait_until_in_sync(&self, pace: Pace) -> Result<(), Unfinished<()>> {
        let mut looks = Looks::new(&self.database.transport, pace, &Arc::default());
        wait(self, &mut looks).await.map_err(|why| Unfinished::new((), why))
    }
}
