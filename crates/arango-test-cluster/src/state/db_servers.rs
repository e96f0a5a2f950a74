//! The DB-Servers of a cluster: their starts and stops, and the shards on them.

use super::State;
use super::servers::{Server, Status};
use crate::config::version::Version;

impl State {
    pub(crate) fn db_server_ids(&self) -> Vec<String> {
        self.db_servers.iter().map(|server| server.id.clone()).collect()
    }

    pub(crate) fn stop_db_server(&mut self, index: usize) {
        let now = self.clock.now();
        self.advance(now);
        self.db_servers[index].stop(now);
    }

    /// Starts a DB-Server, in another version if one is given.
    pub(crate) fn start_db_server(&mut self, index: usize, version: Option<Version>) {
        let now = self.clock.now();
        self.advance(now);
        let server = &mut self.db_servers[index];
        server.start(now);
        server.version_override = version.or_else(|| server.version_override.take());
        self.catch_up(index, self.sync_time);
    }

    pub(crate) fn pause_db_server(&mut self, index: usize) {
        let now = self.clock.now();
        self.advance(now);
        self.db_servers[index].pause(now);
    }

    pub(crate) fn resume_db_server(&mut self, index: usize) {
        let now = self.clock.now();
        self.advance(now);
        if self.db_servers[index].resume() {
            self.catch_up(index, self.sync_time);
        }
    }

    /// Returns the ids of the DB-Servers that accept new shards.
    pub(crate) fn usable_db_servers(&self) -> Vec<String> {
        self.good_db_servers().into_iter().filter(|id| !self.cleaned.contains(id)).collect()
    }

    pub(super) fn good_db_servers(&self) -> Vec<String> {
        let good = self.db_servers.iter().filter(|server| server.status == Status::Good);
        good.map(|server| server.id.clone()).collect()
    }

    pub(crate) fn db_server(&self, name: &str) -> Option<&Server> {
        self.db_servers.iter().find(|server| server.has_name(name))
    }

    /// Returns whether any shard is on a DB-Server or being moved to it.
    pub(crate) fn holds_shards(&self, id: &str) -> bool {
        if self.jobs.under_way().any(|(step, _)| step.to == id) {
            return true;
        }
        let collections = self.databases.values().flat_map(|database| database.collections.values());
        collections
            .flat_map(|collection| collection.shards.values())
            .any(|copies| copies.iter().any(|copy| copy == id))
    }
}
