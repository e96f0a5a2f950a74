//! Stopping, starting and upgrading DB-Servers.

use std::time::Duration;

use crate::config::start_error::StartError;
use crate::config::version::Version;
use crate::server::cluster::TestCluster;

impl TestCluster {
    /// Stops a DB-Server. It turns `BAD` after 5 seconds and `FAILED` after 10.
    ///
    /// Documents whose shard it leads get 503 and error number 1478, until it is `FAILED` and a running follower takes
    /// over. For a shard without such a follower, and for a server in maintenance, they get it until the server is
    /// started again.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn stop_db_server(&self, index: usize) {
        self.shared.state().stop_db_server(index);
    }

    /// Starts a DB-Server again. A running one is stopped first.
    ///
    /// Its copies of shards that another server leads are out of sync until they have [caught up](Self::set_sync_time).
    /// It does not get back a leadership that a follower has taken over.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn start_db_server(&self, index: usize) {
        self.shared.state().start_db_server(index, None);
    }

    /// Starts a DB-Server again, in another version.
    ///
    /// # Errors
    /// If the version cannot be simulated; the server then keeps running unchanged.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn start_db_server_as(&self, index: usize, version: &str) -> Result<(), StartError> {
        let version = Version::read(version)?;
        self.shared.state().start_db_server(index, Some(version));
        Ok(())
    }

    /// Pauses a DB-Server. To all others it looks stopped, but it keeps its reboot id.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn pause_db_server(&self, index: usize) {
        self.shared.state().pause_db_server(index);
    }

    /// Resumes a paused DB-Server. A stopped one stays stopped.
    ///
    /// Its copies have to catch up as after a start.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn resume_db_server(&self, index: usize) {
        self.shared.state().resume_db_server(index);
    }

    /// Sets how long a returning DB-Server needs to bring its copies in sync. Default: 150 ms.
    pub fn set_sync_time(&self, time: Duration) {
        self.shared.state().sync_time = time;
    }
}
