//! One call to every server concurrently.

use arango_cluster::ServerId;
use arango_transport::{Coordinator, CoordinatorState, Error};
use futures_util::{StreamExt, stream};

use crate::client::Client;
use crate::handles::cluster::Cluster;
use crate::handles::coordinator::CoordinatorHandle;
use crate::handles::database::Database;

/// The maximum number of concurrent calls.
const MAX_CONCURRENT: usize = 16;

/// The results of a call to each server.
///
/// They are in the order of the servers.
#[derive(Debug)]
pub struct FanOut<K, T> {
    results: Vec<(K, Result<T, Error>)>,
}

impl<K, T> FanOut<K, T> {
    /// Returns every server with its result.
    pub fn results(&self) -> &[(K, Result<T, Error>)] {
        &self.results
    }

    /// Returns the servers whose calls succeeded.
    pub fn successes(&self) -> impl Iterator<Item = (&K, &T)> {
        self.results.iter().filter_map(|(server, result)| Some((server, result.as_ref().ok()?)))
    }

    /// Returns the servers whose calls failed.
    pub fn failures(&self) -> impl Iterator<Item = (&K, &Error)> {
        self.results.iter().filter_map(|(server, result)| Some((server, result.as_ref().err()?)))
    }

    /// Returns all values, if every call succeeded.
    ///
    /// # Errors
    ///
    /// The error of the first server whose call failed; the other results are lost.
    pub fn all(self) -> Result<Vec<(K, T)>, Error> {
        self.results.into_iter().map(|(server, result)| Ok((server, result?))).collect()
    }
}

impl<K, T> IntoIterator for FanOut<K, T> {
    type Item = (K, Result<T, Error>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.results.into_iter()
    }
}

/// Calls each server, with limited concurrency.
pub(super) async fn call_each<K: Clone, T, F>(servers: Vec<K>, call: impl Fn(K) -> F) -> FanOut<K, T>
where
    F: Future<Output = Result<T, Error>>,
{
    let calls = servers.into_iter().map(|server| {
        let response = call(server.clone());
        async { (server, response.await) }
    });
    FanOut { results: stream::iter(calls).buffered(MAX_CONCURRENT).collect().await }
}

/// Calls each coordinator of a client, pinned to it.
pub(super) async fn call_each_coordinator<T, F>(
    database: &Database,
    call: impl Fn(CoordinatorHandle) -> F,
) -> FanOut<Coordinator, T>
where
    F: Future<Output = Result<T, Error>>,
{
    // An unverified coordinator may be another address of a member, or a foreign server that must not receive
    // requests.
    let states = database.transport.coordinators().into_iter().filter(CoordinatorState::is_member);
    let servers = states.map(|state| state.address).collect();
    call_each(servers, |address| call(CoordinatorHandle::new(database.clone().pinned_to(address)))).await
}

impl Client {
    /// Calls every coordinator of the client, up to 16 concurrently.
    ///
    /// This includes coordinators that are out of the rotation, and excludes unverified ones. Dropping the future
    /// drops all calls in progress.
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// let versions = client.on_each_coordinator(|handle| async move { handle.version().await }).await;
    /// for (coordinator, version) in versions.successes() {
    ///     println!("{coordinator}: {:?}", version.version);
    /// }
    /// for (coordinator, error) in versions.failures() {
    ///     println!("{coordinator}: {error}");
    /// }
    /// # }
    /// ```
    pub async fn on_each_coordinator<T, F>(
        &self,
        call: impl Fn(CoordinatorHandle) -> F,
    ) -> FanOut<Coordinator, T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        call_each_coordinator(&self.db("_system"), call).await
    }
}

impl Cluster {
    /// Calls a function for every DB-Server with a health record.
    ///
    /// Up to 16 calls run concurrently. The function gets this cluster and the id of the DB-Server; its calls go
    /// through any coordinator. Dropping the future drops all calls in progress.
    ///
    /// ```no_run
    /// # async fn example(cluster: arango::Cluster) -> Result<(), arango::Error> {
    /// let metrics =
    ///     cluster.on_each_db_server(|cluster, id| async move { cluster.server_metrics(&id).await }).await?;
    /// for (server, metrics) in metrics.successes() {
    ///     println!("{server}: {} bytes", metrics.as_str().len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the list of DB-Servers could not be read.
    pub async fn on_each_db_server<T, F>(
        &self,
        call: impl Fn(Self, ServerId) -> F,
    ) -> Result<FanOut<ServerId, T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let servers = self.health().await?.db_servers().map(|(id, _)| id.clone()).collect();
        Ok(call_each(servers, |id| call(self.clone(), id)).await)
    }
}
