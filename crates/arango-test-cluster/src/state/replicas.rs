//! Copies of shards: which are planned, and which are in sync.
//!
//! The plan has a leader and followers for each shard. A follower that does not run, or that is still catching up, is
//! planned but not in sync. When a leader has failed, a follower takes over; the old leader is a follower when it
//! returns.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::State;
use super::databases::{Copies, Database};
use super::servers::{Server, Status};

/// Copies that are catching up, by shard and server.
#[derive(Debug, Default)]
pub(crate) struct Lags(BTreeMap<(String, String), Lag>);

#[derive(Debug, Clone, Copy)]
struct Lag {
    since: Instant,
    until: Instant,
}

/// Progress of the followers that are not in sync.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Progress {
    /// How many are catching up.
    pub(crate) syncing: usize,
    /// The share that the slowest one has reached. `None` if none is catching up.
    pub(crate) share: Option<f64>,
}

impl Lags {
    fn get(&self, shard: &str, server: &str, now: Instant) -> Option<Lag> {
        let lag = self.0.get(&(shard.to_owned(), server.to_owned()));
        lag.copied().filter(|lag| lag.until > now)
    }
}

impl Lag {
    fn share(self, now: Instant) -> f64 {
        let whole = self.until.saturating_duration_since(self.since);
        now.saturating_duration_since(self.since).div_duration_f64(whole)
    }
}

impl Progress {
    fn add(&mut self, share: f64) {
        self.syncing += 1;
        self.share = Some(self.share.map_or(share, |least| least.min(share)));
    }
}

impl State {
    /// Returns the planned copies of a shard, including those being moved.
    pub(crate) fn planned(&self, shard: &str, copies: &Copies) -> Copies {
        let mut planned = copies.clone();
        for (step, _) in self.jobs.under_way().filter(|(step, _)| step.shard == shard) {
            if !planned.contains(&step.to) {
                planned.push(step.to.clone());
            }
        }
        planned
    }

    /// Returns the copies of a shard that are in sync, the leader first.
    pub(crate) fn in_sync(&self, shard: &str, copies: &Copies) -> Copies {
        let Some((leader, followers)) = copies.split_first() else { return Vec::new() };
        let is_there = |server: &&String| self.is_in_sync(shard, leader, server);
        std::iter::once(leader).chain(followers.iter().filter(is_there)).cloned().collect()
    }

    /// Returns whether a follower is in sync. A stopped follower falls behind only while its leader runs.
    fn is_in_sync(&self, shard: &str, leader: &str, follower: &str) -> bool {
        let runs = |id: &str| self.db_server(id).is_some_and(Server::is_up);
        (runs(follower) || !runs(leader)) && self.lags.get(shard, follower, self.current_time).is_none()
    }

    /// Returns the progress of the copies that are planned and not in sync. `None` if there are none.
    pub(crate) fn progress(&self, shard: &str, copies: &Copies) -> Option<Progress> {
        let mut progress = Progress::default();
        for server in copies {
            if let Some(lag) = self.lags.get(shard, server, self.current_time) {
                progress.add(lag.share(self.current_time));
            }
        }
        for (_, share) in
            self.jobs.under_way().filter(|(step, _)| step.shard == shard && !copies.contains(&step.to))
        {
            progress.add(share);
        }
        let misses_some = self.in_sync(shard, copies).len() < self.planned(shard, copies).len();
        misses_some.then_some(progress)
    }

    /// Makes a returning server's copies catch up, where another server leads.
    pub(super) fn catch_up(&mut self, index: usize, time: Duration) {
        let (id, now) = (self.db_servers[index].id.clone(), self.current_time);
        self.lags.0.retain(|_, lag| lag.until > now);
        let lag = Lag { since: now, until: now + time };
        let leads = |leader: &String| self.db_server(leader).is_some_and(Server::is_up);
        let collections = self.databases.values().flat_map(|database| database.collections.values());
        let shards = collections.flat_map(|collection| &collection.shards);
        let behind = shards.filter(|(_, copies)| {
            copies.split_first().is_some_and(|(leader, others)| others.contains(&id) && leads(leader))
        });
        let behind: Vec<_> = behind.map(|(shard, _)| ((shard.clone(), id.clone()), lag)).collect();
        self.lags.0.extend(behind);
    }

    /// Replaces failed leaders by followers that are in sync. Leaderships of a server in maintenance are kept.
    pub(super) fn fail_over(&mut self) {
        let failed = |server: &&Server| server.status == Status::Failed && server.maintenance.is_none();
        let failed: Vec<_> = self.db_servers.iter().filter(failed).map(|server| server.id.clone()).collect();
        if failed.is_empty() {
            return;
        }
        let mut databases = std::mem::take(&mut self.databases);
        for database in databases.values_mut() {
            self.fail_over_in(database, &failed);
        }
        self.databases = databases;
    }

    fn fail_over_in(&self, database: &mut Database, failed: &[String]) {
        let mut changed = Vec::new();
        for collection in
            database.collections.values_mut().filter(|collection| collection.distribute_shards_like.is_none())
        {
            for (shard, copies) in &mut collection.shards {
                if !copies.first().is_some_and(|leader| failed.contains(leader)) {
                    continue;
                }
                let takes_over = |server: &String| {
                    self.db_server(server).is_some_and(Server::is_up)
                        && self.lags.get(shard, server, self.current_time).is_none()
                };
                let Some(heir) = copies.iter().position(takes_over) else { continue };
                copies.swap(0, heir);
                let old = copies.remove(heir);
                copies.push(old);
                changed.push(collection.name.clone());
            }
        }
        for name in &changed {
            database.copy_distribution(name);
        }
    }
}
