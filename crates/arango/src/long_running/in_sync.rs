//! Waiting until every shard is in sync.

use std::sync::Arc;

use arango_cluster::ShardDistribution;
use arango_transport::Error;
use arango_transport::protocol::ErrorNumber;

use super::fan_out::call_each;
use super::poll_loop::PollLoop;
use super::{Incomplete, PollOptions, StopReason};
use crate::handles::cluster::Cluster;

/// The database that every cluster has.
const SYSTEM: &str = "_system";

/// Polls until all shards of all databases are in sync.
#[inline]
pub(super) async fn wait(cluster: &Cluster, polling: &mut PollLoop) -> Result<(), StopReason> {
    let mut out_of_sync = Vec::new();
    let is_in_sync = |collections: Vec<String>| {
        out_of_sync = collections;
        out_of_sync.is_empty().then_some(())
    };
    match polling.poll_until(|| find_out_of_sync(cluster), is_in_sync).await {
        Err(StopReason::TimedOut { last_error: None, .. }) if !out_of_sync.is_empty() => {
            Err(StopReason::OutOfSync(out_of_sync))
        }
        seen => seen,
    }
}

/// Returns the collections with shards out of sync, each as `database/collection`.
///
/// Also returns the databases that a coordinator does not know yet, since the state of their shards is unknown.
#[inline]
pub(super) async fn find_out_of_sync(cluster: &Cluster) -> Result<Vec<String>, Error> {
    let Some(databases) = databases(cluster).await? else { return Ok(vec![SYSTEM.to_owned()]) };
    let call = |database: String| async move {
        let shards = cluster.database.with_name(&database).cluster().shard_distribution().await?;
        Ok(out_of_sync_in(&database, &shards))
    };
    let (mut out_of_sync, mut unknown) = (Vec::new(), Vec::new());
    for (database, response) in call_each(databases, call).await {
        match response {
            Ok(collections) => out_of_sync.extend(collections),
            Err(error) if is_database_unknown(&error) => unknown.push(database),
            Err(error) => return Err(error),
        }
    }
    if !unknown.is_empty() {
        // It was dropped meanwhile if a new list confirms that.
        let now = self::databases(cluster).await?;
        unknown.retain(|database| now.as_ref().is_none_or(|now| now.contains(database)));
        out_of_sync.append(&mut unknown);
    }
    Ok(out_of_sync)
}

/// Returns the names of all databases; `None` if the list lacks `_system` and is therefore incomplete.
#[inline]
async fn databases(cluster: &Cluster) -> Result<Option<Vec<String>>, Error> {
    let databases: Vec<_> = cluster.shard_statistics_by_database().await?.into_keys().collect();
    Ok(Some(databases).filter(|all| all.iter().any(|name| name == SYSTEM)))
}

#[inline]
fn out_of_sync_in(database: &str, shards: &ShardDistribution) -> Vec<String> {
    let collections = shards.collections.iter().filter(|(_, shards)| !shards.is_in_sync());
    collections.map(|(collection, _)| format!("{database}/{collection}")).collect()
}

/// Returns whether ArangoDB itself reports it: an intermediary may respond 404 too.
fn is_database_unknown(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 404)
        && error.error_number() == Some(ErrorNumber::DATABASE_NOT_FOUND)
}

impl Cluster {
    /// Waits until every shard of every database is in sync.
    ///
    /// Each shard has to be in sync with all its followers. Each poll sends one request per database. A database whose
    /// response cannot be decoded is not in sync; one that was dropped meanwhile is ignored once a new list of
    /// databases confirms that.
    ///
    /// # Errors
    ///
    /// [`StopReason::OutOfSync`] with the collections when the time is up; [`StopReason::TimedOut`] if the state
    /// could not be read.
    #[inline]
    pub async fn wait_until_in_sync(&self, options: PollOptions) -> Result<(), Incomplete<()>> {
        let mut polling = PollLoop::new(&self.database.transport, options, &Arc::default());
        wait(self, &mut polling).await.map_err(|reason| Incomplete::new((), reason))
    }
}
