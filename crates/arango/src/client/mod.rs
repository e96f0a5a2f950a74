//! The client.

pub(crate) mod builder;
#[cfg(feature = "data")]
mod data;
pub(crate) mod discover;
pub(crate) mod environment;
pub(crate) mod load_balancing;
pub(crate) mod reconfigure;

use std::time::Duration;

use arango_transport::balance::StateChanges;
use arango_transport::protocol::{DatabaseName, InvalidName};
use arango_transport::{ClientState, Coordinator, CoordinatorState, Transport};

use crate::client::builder::ClientBuilder;
use crate::client::reconfigure::Reconfigure;
use crate::handles::cluster::Cluster;
use crate::handles::coordinator::CoordinatorHandle;
#[cfg(feature = "data")]
use crate::handles::data_support::query_log::QueryLog;
use crate::handles::database::Database;
use crate::handles::shared::Shared;

/// A client of one cluster.
///
/// Cheap to clone; all clones share the same connections. It can be built without a runtime, kept in a `static` and
/// used from several runtimes.
///
/// Every call is a future that does nothing until it is awaited. Dropping it abandons the call: a coordinator that
/// has received the request may still execute it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use arango::Client;
///
/// let client = Client::builder()
///     .hosts("http://host1:8529,http://host2:8529")
///     .basic_auth("root", "passwd")
///     .build()?;
/// println!("{}", client.cluster().health().await?); // a table of all servers
/// println!("{}", client.db("library").version().await?);
/// # Ok(())
/// # }
/// ```
///
/// | what | methods |
/// |---|---|
/// | to build a client | [`builder`](Self::builder), [`from_env`](Self::from_env) |
/// | handles | [`db`](Self::db), [`cluster`](Self::cluster), [`coordinator`](Self::coordinator) |
/// | how the coordinators are, and how calls end | [`coordinators`](Self::coordinators), [`subscribe`](Self::subscribe), [`state`](Self::state) |
/// | other settings while it runs; the end | [`reconfigure`](Self::reconfigure), [`close`](Self::close) |
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    shared: Shared,
}

impl Client {
    /// Returns a builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, shared: Shared::default() }
    }

    #[cfg(feature = "data")]
    pub(crate) fn with_query_log(mut self, query_log: QueryLog) -> Self {
        self.shared = Shared::with_query_log(query_log);
        self
    }

    /// Returns a handle on the database of this name.
    ///
    /// Sends nothing. With an invalid name, each call fails before anything is sent.
    pub fn db(&self, name: &str) -> Database {
        self.database(DatabaseName::new(name))
    }

    /// Returns a handle on cluster administration, in the database `_system`.
    pub fn cluster(&self) -> Cluster {
        self.database(Ok(DatabaseName::system())).cluster()
    }

    /// Returns a handle on one coordinator.
    ///
    /// All its calls are pinned to that coordinator. Sends nothing. If the coordinator does not belong to the client,
    /// each call fails before anything is sent.
    pub fn coordinator(&self, coordinator: &Coordinator) -> CoordinatorHandle {
        let system = self.database(Ok(DatabaseName::system()));
        CoordinatorHandle::new(system.pinned_to(coordinator.clone()))
    }

    /// Returns the state of each coordinator: see [`Transport::coordinators`].
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        self.transport.coordinators()
    }

    /// Subscribes to state changes of the coordinators from now on.
    ///
    /// Each change reports which coordinator is ejected, drained or returns, when and why. A subscriber does not
    /// block calls. One that is too slow receives the number of missed changes. Subscriptions end with the last clone
    /// of the client.
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// let mut changes = client.subscribe();
    /// while let Some(change) = changes.next().await {
    ///     match change {
    ///         Ok(change) => println!("{change}"), // http://one:8529: ejected after healthy (it could not be reached, or not in time)
    ///         Err(lagged) => println!("{lagged}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn subscribe(&self) -> StateChanges<Coordinator> {
        self.transport.subscribe()
    }

    /// Returns the state of the client and of each coordinator.
    ///
    /// The state is given as plain numbers.
    ///
    /// ```no_run
    /// # fn example(client: arango::Client) {
    /// let state = client.state();
    /// println!("{} calls answered, {} with an unknown outcome", state.calls.succeeded, state.calls.failed_unknown);
    /// # }
    /// ```
    pub fn state(&self) -> ClientState {
        self.transport.state()
    }

    /// Sets the client's gauges: see [`Transport::sample_metrics`].
    #[cfg(feature = "metrics")]
    pub fn sample_metrics(&self) {
        self.transport.sample_metrics();
    }

    /// Returns a handle to change settings at runtime.
    ///
    /// These are hosts, credentials, limits and load balancing.
    pub fn reconfigure(&self) -> Reconfigure {
        Reconfigure::new(self.transport.reconfigure())
    }

    fn database(&self, name: Result<DatabaseName, InvalidName>) -> Database {
        Database::new(self.transport.clone(), self.shared.clone(), name)
    }

    /// Closes the client and all its clones: see [`Transport::close`].
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// // No new calls; calls in progress have ten seconds.
    /// client.close(std::time::Duration::from_secs(10)).await;
    /// # }
    /// ```
    pub fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.transport.close(grace)
    }

    /// Returns the transport, for requests that are not operations.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }
}
