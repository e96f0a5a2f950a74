//! One thing, asked of every server at once.

use arango_cluster::ServerId;
use arango_transport::{Coordinator, CoordinatorState, Error};
use futures_util::{StreamExt, stream};

use crate::{Client, Cluster, CoordinatorHandle, Database};

/// How many servers are asked at a time.
const AT_ONCE: usize = 16;

/// What each server answered, in the order of the servers: some may have failed.
#[derive(Debug)]
pub struct FanOut<K, T> {
    results: Vec<(K, Result<T, Error>)>,
}

impl<K, T> FanOut<K, T> {
    /// Every server with what came of it.
    pub fn results(&self) -> &[(K, Result<T, Error>)] {
        &self.results
    }

    /// Those that answered.
    pub fn answers(&self) -> impl Iterator<Item = (&K, &T)> {
        self.results.iter().filter_map(|(server, result)| Some((server, result.as_ref().ok()?)))
    }

    /// Those that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&K, &Error)> {
        self.results.iter().filter_map(|(server, result)| Some((server, result.as_ref().err()?)))
    }

    /// All answers.
    ///
    /// # Errors
    ///
    /// With the failure of the first server that failed; the answers of the others are lost.
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

/// Asks all of them, at most so many at a time.
pub(super) async fn each<K: Clone, T, F>(servers: Vec<K>, ask: impl Fn(K) -> F) -> FanOut<K, T>
where
    F: Future<Output = Result<T, Error>>,
{
    let asked = servers.into_iter().map(|server| {
        let answer = ask(server.clone());
        async { (server, answer.await) }
    });
    FanOut { results: stream::iter(asked).buffered(AT_ONCE).collect().await }
}

/// Asks each coordinator of a client something, pinned to it.
pub(super) async fn coordinators<T, F>(
    database: &Database,
    ask: impl Fn(CoordinatorHandle) -> F,
) -> FanOut<Coordinator, T>
where
    F: Future<Output = Result<T, Error>>,
{
    // Who is only tried out may be another's second name, or a stranger who is to be told nothing.
    let states = database.transport.coordinators().into_iter().filter(CoordinatorState::is_member);
    let servers = states.map(|state| state.address).collect();
    each(servers, |address| ask(CoordinatorHandle::new(database.clone().pinned_to(address)))).await
}

impl Client {
    /// Asks every coordinator of the client the same, up to 16 at a time: those that are out of the rotation too, and none
    /// that is only tried out.
    ///
    /// Dropping the future drops all calls that are under way.
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// let versions = client.on_each_coordinator(|one| async move { one.version().await }).await;
    /// for (coordinator, version) in versions.answers() {
    ///     println!("{coordinator}: {:?}", version.version);
    /// }
    /// for (coordinator, error) in versions.failures() {
    ///     println!("{coordinator}: {error}");
    /// }
    /// # }
    /// ```
    pub async fn on_each_coordinator<T, F>(
        &self,
        ask: impl Fn(CoordinatorHandle) -> F,
    ) -> FanOut<Coordinator, T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        coordinators(&self.db("_system"), ask).await
    }
}

impl Cluster {
    /// Asks something about every DB-Server that has a record of health, up to 16 at a time, through whichever
    /// coordinators answer. It is handed this cluster and the id of the DB-Server.
    ///
    /// Dropping the future drops all calls that are under way.
    ///
    /// ```no_run
    /// # async fn example(cluster: arango::Cluster) -> Result<(), arango::Error> {
    /// let metrics =
    ///     cluster.on_each_db_server(|cluster, id| async move { cluster.server_metrics(&id).await }).await?;
    /// for (server, metrics) in metrics.answers() {
    ///     println!("{server}: {} bytes", metrics.as_str().len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If nobody could tell which DB-Servers there are.
    pub async fn on_each_db_server<T, F>(
        &self,
        ask: impl Fn(Self, ServerId) -> F,
    ) -> Result<FanOut<ServerId, T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let servers = self.health().await?.db_servers().map(|(id, _)| id.clone()).collect();
        Ok(each(servers, |id| ask(self.clone(), id)).await)
    }
}
