//! Waiting until every shard is where it is meant to be.

use std::sync::Arc;

use arango_cluster::ShardDistribution;
use arango_transport::Error;
use arango_transport::protocol::ErrorNumber;

use super::fan_out::each;
use super::looks::Looks;
use super::{Pace, Stopped, Unfinished};
use crate::Cluster;

/// The database that every cluster has.
const SYSTEM: &str = "_system";

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

/// The collections that have shards that are not as they are meant to be, each as `database/collection`; and the databases
/// that a coordinator does not know yet, since nothing can be said of those.
pub(super) async fn look(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let Some(databases) = databases(cluster).await? else { return Ok(vec![SYSTEM.to_owned()]) };
    let ask = |database: String| async move {
        let shards = cluster.database.named(&database).cluster().shard_distribution().await?;
        Ok(behind_in(&database, &shards))
    };
    let (mut behind, mut unknown) = (Vec::new(), Vec::new());
    for (database, answer) in each(databases, ask).await {
        match answer {
            Ok(those) => behind.extend(those),
            Err(error) if is_database_unknown(&error) => unknown.push(database),
            Err(error) => return Err(error),
        }
    }
    if !unknown.is_empty() {
        // Dropped meanwhile, if a new list confirms it.
        let now = self::databases(cluster).await?;
        unknown.retain(|database| now.as_ref().is_none_or(|now| now.contains(database)));
        behind.append(&mut unknown);
    }
    Ok(behind)
}

/// The names of all databases; `None` if not even `_system` is among them, since then the list tells nothing.
async fn databases(cluster: &Cluster) -> Result<Option<Vec<String>>, Error> {
    let databases: Vec<_> = cluster.shard_statistics_by_database().await?.into_keys().collect();
    Ok(Some(databases).filter(|all| all.iter().any(|one| one == SYSTEM)))
}

fn behind_in(database: &str, shards: &ShardDistribution) -> Vec<String> {
    let those = shards.collections.iter().filter(|(_, shards)| !shards.is_in_sync());
    those.map(|(collection, _)| format!("{database}/{collection}")).collect()
}

/// Whether ArangoDB itself says so: anything else in between may answer 404 too.
fn is_database_unknown(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 404)
        && error.error_number() == Some(ErrorNumber::DATABASE_NOT_FOUND)
}

impl Cluster {
    /// Waits until every shard of every database is where it is meant to be, with all its followers.
    ///
    /// Each look asks once for each database. One whose answer cannot be read is not in sync; one that was dropped
    /// meanwhile counts no more once a new list of databases confirms it.
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
