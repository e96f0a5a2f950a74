//! The DB-Servers, as a test stops, starts and upgrades them.

use std::time::Duration;

use crate::builder::StartError;
use crate::cluster::TestCluster;
use crate::version::Version;

impl TestCluster {
    /// Stops a DB-Server: it turns `BAD` after 5 seconds and `FAILED` after 10.
    ///
    /// Documents whose shard it leads get 503 and error number 1478, until it has failed and a follower that runs takes
    /// its place; for a shard without one, and for a server in maintenance, until it is started again.
    ///
    /// # Panics
    /// If there are not so many DB-Servers.
    pub fn stop_db_server(&self, index: usize) {
        self.shared.state().stop_db_server(index);
    }

    /// Starts a DB-Server again. One that runs is stopped first.
    ///
    /// Where another server leads, its copies are out of sync until it has [caught up](Self::set_sync_time). A place that a
    /// follower has taken it does not get back by itself.
    ///
    /// # Panics
    /// If there are not so many DB-Servers.
    pub fn start_db_server(&self, index: usize) {
        self.shared.state().start_db_server(index, None);
    }

    /// Starts a DB-Server again, in another version.
    ///
    /// # Errors
    /// If the version is not one that can be simulated; then the server goes on as it is.
    ///
    /// # Panics
    /// If there are not so many DB-Servers.
    pub fn start_db_server_as(&self, index: usize, version: &str) -> Result<(), StartError> {
        let version = Version::read(version)?;
        self.shared.state().start_db_server(index, Some(version));
        Ok(())
    }

    /// Freezes a DB-Server: for all others it is as good as stopped, and yet it keeps its reboot id.
    ///
    /// # Panics
    /// If there are not so many DB-Servers.
    pub fn pause_db_server(&self, index: usize) {
        self.shared.state().pause_db_server(index);
    }

    /// Lets a frozen DB-Server go on; it has to catch up like one that was started. One that is stopped stays so.
    ///
    /// # Panics
    /// If there are not so many DB-Servers.
    pub fn resume_db_server(&self, index: usize) {
        self.shared.state().resume_db_server(index);
    }

    /// Sets how long a DB-Server that comes back needs until its copies are in sync. Default: 150 ms.
    pub fn set_sync_time(&self, time: Duration) {
        self.shared.state().sync_time = time;
    }
}
