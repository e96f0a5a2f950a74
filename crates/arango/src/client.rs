//! The client.

use std::time::Duration;

use arango_transport::protocol::{DatabaseName, InvalidName};
use arango_transport::{Coordinator, CoordinatorState, Transport};

use crate::versions::Versions;
use crate::{ClientBuilder, Cluster, CoordinatorHandle, Database};

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
}

impl Client {
    /// Begins a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, versions: Versions::default() }
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

    /// Tells of each coordinator how it is doing, in the order in which they were named.
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        self.transport.coordinators()
    }

    fn database(&self, name: Result<DatabaseName, InvalidName>) -> Database {
        Database::new(self.transport.clone(), self.versions.clone(), name)
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
