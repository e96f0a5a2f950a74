//! Which copies of a shard are in sync: what is planned, and what there is of it.
//!
//! The plan names a leader and its followers. A follower that does not run, or that still fetches what it has missed, is
//! planned and not there. A leader that has failed gives its place to a follower, and is a follower itself when it is back.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::State;
use super::databases::{Copies, Database};
use super::servers::{Server, Status};

/// Copies that fetch what they have missed, by shard and server.
#[derive(Debug, Default)]
pub(crate) struct Lags(BTreeMap<(String, String), Lag>);

#[derive(Debug, Clone, Copy)]
struct Lag {
    since: Instant,
    until: Instant,
}

/// How far followers are that are not in sync.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Progress {
    /// How many fetch what they have missed.
    pub(crate) syncing: usize,
    /// The share that the one with the least has; `None` if nobody fetches anything.
    pub(crate) share: Option<f64>,
}

impl Lags {
    fn of(&self, shard: &str, server: &str, now: Instant) -> Option<Lag> {
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
    /// The copies of a shard as planned: those that are on their way to another server too.
    pub(crate) fn planned(&self, shard: &str, copies: &Copies) -> Copies {
        let mut planned = copies.clone();
        for (step, _) in self.jobs.under_way().filter(|(step, _)| step.shard == shard) {
            if !planned.contains(&step.to) {
                planned.push(step.to.clone());
            }
        }
        planned
    }

    /// The copies of a shard that are in sync, the leader first.
    pub(crate) fn in_sync(&self, shard: &str, copies: &Copies) -> Copies {
        let Some((leader, followers)) = copies.split_first() else { return Vec::new() };
        let is_there = |server: &&String| self.is_in_sync(shard, leader, server);
        std::iter::once(leader).chain(followers.iter().filter(is_there)).cloned().collect()
    }

    /// What a follower has missed, its leader notices. Without a leader nobody does.
    fn is_in_sync(&self, shard: &str, leader: &str, follower: &str) -> bool {
        let runs = |id: &str| self.db_server(id).is_some_and(Server::is_up);
        (runs(follower) || !runs(leader)) && self.lags.of(shard, follower, self.at).is_none()
    }

    /// How far those copies of a shard are that are planned and not in sync; `None` if there are none.
    pub(crate) fn progress(&self, shard: &str, copies: &Copies) -> Option<Progress> {
        let mut progress = Progress::default();
        for server in copies {
            if let Some(lag) = self.lags.of(shard, server, self.at) {
                progress.add(lag.share(self.at));
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

    /// Lets the copies of a server that is back fetch what they have missed, where somebody leads them.
    pub(super) fn catch_up(&mut self, index: usize, time: Duration) {
        let (id, now) = (self.db_servers[index].id.clone(), self.at);
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

    /// Gives the places of leaders that have failed to followers that are in sync; those of a server in maintenance wait
    /// for it.
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
        for collection in database.collections.values_mut().filter(|collection| collection.like.is_none()) {
            for (shard, copies) in &mut collection.shards {
                if !copies.first().is_some_and(|leader| failed.contains(leader)) {
                    continue;
                }
                let takes_over = |server: &String| {
                    self.db_server(server).is_some_and(Server::is_up)
                        && self.lags.of(shard, server, self.at).is_none()
                };
                let Some(heir) = copies.iter().position(takes_over) else { continue };
                copies.swap(0, heir);
                let old = copies.remove(heir);
                copies.push(old);
                changed.push(collection.name.clone());
            }
        }
        for name in &changed {
            database.follow(name);
        }
    }
}
