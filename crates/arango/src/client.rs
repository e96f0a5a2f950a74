//! The client.

use std::time::Duration;

use arango_transport::balance::StateChanges;
use arango_transport::protocol::{DatabaseName, InvalidName};
use arango_transport::{ClientState, Coordinator, CoordinatorState, Transport};

use crate::roles::Roles;
use crate::versions::Versions;
use crate::{ClientBuilder, Cluster, CoordinatorHandle, Database, Reconfigure};

/// A client of one cluster.
///
/// Cheap to clone; all clones share the same connections. It can be made without a runtime, kept in
/// a `static` and used from several runtimes.
///
/// Every call is a future that does nothing until it is awaited. Dropping it abandons the call: a
/// coordinator that has the request already executes it nevertheless.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    versions: Versions,
    roles: Roles,
}

impl Client {
    /// Begins a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, versions: Versions::default(), roles: Roles::default() }
    }

    /// A handle on the database of this name.
    ///
    /// Asks nobody. A name that no database can have fails each call before anything is sent.
    pub fn db(&self, name: &str) -> Database {
        self.database(DatabaseName::new(name))
    }

    /// The administration of the cluster, asked in the database `_system`.
    pub fn cluster(&self) -> Cluster {
        self.database(Ok(DatabaseName::system())).cluster()
    }

    /// A handle on one coordinator: what is asked through it is asked of that one and no other.
    ///
    /// Asks nobody. A coordinator that is not one of the client's fails each call before anything is
    /// sent.
    pub fn coordinator(&self, coordinator: &Coordinator) -> CoordinatorHandle {
        let system = self.database(Ok(DatabaseName::system()));
        CoordinatorHandle::new(system.pinned_to(coordinator.clone()))
    }

    /// Tells of each coordinator how it is doing: see [`Transport::coordinators`].
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        self.transport.coordinators()
    }

    /// Subscribes to what changes with the coordinators from now on: who is taken out of the rotation, is spared, and
    /// comes back, when and why.
    ///
    /// A subscriber keeps no call waiting; one that is too slow is told how much it has missed. Subscriptions end with
    /// the last clone of the client.
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// let mut changes = client.subscribe();
    /// while let Some(change) = changes.next().await {
    ///     match change {
    ///         Ok(change) => println!("{change}"), // http://one:8529: ejected after well (it could not be reached)
    ///         Err(lagged) => println!("{lagged}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn subscribe(&self) -> StateChanges<Coordinator> {
        self.transport.subscribe()
    }

    /// Tells how the client and each coordinator are doing, in plain numbers.
    ///
    /// ```no_run
    /// # fn example(client: arango::Client) {
    /// let state = client.state();
    /// println!("{} answered, {} of unknown fate", state.calls.answered, state.calls.failed_unknown);
    /// # }
    /// ```
    pub fn state(&self) -> ClientState {
        self.transport.state()
    }

    /// Sets the gauges of the client: see [`Transport::sample_metrics`].
    #[cfg(feature = "metrics")]
    pub fn sample_metrics(&self) {
        self.transport.sample_metrics();
    }

    /// What this client can be changed with while it runs: its hosts, its credentials, its limits, its load balancing.
    pub fn reconfigure(&self) -> Reconfigure {
        Reconfigure::new(self.transport.reconfigure())
    }

    fn database(&self, name: Result<DatabaseName, InvalidName>) -> Database {
        Database::new(self.transport.clone(), self.versions.clone(), self.roles.clone(), name)
    }

    /// Closes the client and all its clones: see [`Transport::close`].
    ///
    /// ```no_run
    /// # async fn example(client: arango::Client) {
    /// // No new calls; those under way have ten seconds.
    /// client.close(std::time::Duration::from_secs(10)).await;
    /// # }
    /// ```
    pub fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.transport.close(grace)
    }

    /// The transport below, for requests that are no operations.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }
}
