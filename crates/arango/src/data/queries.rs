//! The queries that run on the coordinators.

use std::fmt;

use arango_data::{
    ClearSlowQueries, KillQuery, KillStatus, ListRunningQueries, ListSlowQueries, QueryId, QueryScope,
    QueryTag, RunningQuery,
};
use arango_transport::Error;
use arango_transport::protocol::BuildError;

use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

/// The queries of a database that run, or were slow, on all coordinators.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: &arango::Client) -> arango::Result<()> {
/// let queries = client.db("library").queries();
/// for query in queries.running().await? {
///     if query.run_time > Some(Duration::from_secs(60)) {
///         queries.kill(&query.id).await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// All methods fail as [`Database::execute`] does.
#[derive(Debug, Clone)]
pub struct Queries {
    database: Database,
    scope: QueryScope,
}

impl Database {
    /// Returns a handle on the queries that run in this database.
    pub fn queries(&self) -> Queries {
        Queries { database: self.clone(), scope: QueryScope::Database }
    }
}

impl Queries {
    /// Lists the queries of all databases; only in `_system`, and for superusers.
    #[must_use]
    pub fn of_all_databases(mut self) -> Self {
        self.scope = QueryScope::AllDatabases;
        self
    }

    /// Lists the queries that run.
    #[inline]
    pub async fn running(&self) -> Result<Vec<RunningQuery>, Error> {
        self.database.execute(ListRunningQueries { scope: self.scope }).await
    }

    /// Lists the queries that run with this [tag](crate::data::Query::tagged): a label, or the tag of one run.
    ///
    /// One that is not listed has ended, was not started yet, or was sent to a coordinator that tracks no queries.
    pub async fn running_with<L>(&self, tag: L) -> Result<Vec<RunningQuery>, Error>
    where
        L: TryInto<QueryTag, Error: fmt::Display>,
    {
        let tag = tag.try_into().map_err(|invalid| {
            invalid_request::<ListRunningQueries>(BuildError::Query(invalid.to_string()))
        })?;
        let mut running = self.running().await?;
        running.retain(|query| query.has_tag(&tag));
        Ok(running)
    }

    /// Kills the queries that run with this tag. Returns them, each with what came of it.
    ///
    /// One that cannot be killed does not keep the others from being killed.
    ///
    /// # Errors
    ///
    /// If the queries cannot be listed.
    pub async fn kill_with<L>(&self, tag: L) -> Result<Vec<(RunningQuery, Result<KillStatus, Error>)>, Error>
    where
        L: TryInto<QueryTag, Error: fmt::Display>,
    {
        let mut killed = Vec::new();
        for query in self.running_with(tag).await? {
            let status = self.kill(&query.id).await;
            killed.push((query, status));
        }
        Ok(killed)
    }

    /// Lists the latest queries that were slow.
    #[inline]
    pub async fn slow(&self) -> Result<Vec<RunningQuery>, Error> {
        self.database.execute(ListSlowQueries { scope: self.scope }).await
    }

    /// Forgets the queries that were slow.
    #[inline]
    pub async fn clear_slow(&self) -> Result<(), Error> {
        self.database.execute(ClearSlowQueries).await
    }

    /// Kills a query. It ends at its next check, with [`QueryKilled`](crate::ErrorKind::QueryKilled).
    #[inline]
    pub async fn kill(&self, id: &QueryId) -> Result<KillStatus, Error> {
        self.database.execute(KillQuery::new(id)).await
    }
}
