//! Queries that are in progress, and slow ones that have ended.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::State;
use super::id_owner::{owned_id, owner};
use crate::store::database_view::{DatabaseView, WriteLog};
use crate::store::error::DocumentError;

/// How many slow queries each coordinator lists.
const MAX_SLOW: usize = 64;
/// From which time on a query is slow.
const SLOW: Duration = Duration::from_secs(10);

/// All queries in progress, by id.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    running: BTreeMap<u64, RunningQuery>,
    slow: VecDeque<(u64, RunningQuery, Duration)>,
    last: u64,
}

/// A query in progress: one that waits, or one whose cursor is open.
#[derive(Debug, Clone)]
pub(crate) struct RunningQuery {
    pub(crate) database: String,
    pub(crate) user: Option<String>,
    pub(crate) text: String,
    pub(crate) bind_vars: Value,
    pub(crate) started: Instant,
    pub(crate) is_stream: bool,
    pub(crate) is_modification: bool,
    /// Whether it was asked to end. It does so at its next step.
    pub(crate) is_killed: bool,
    /// Collection and key of the documents that it has written and not committed.
    locks: HashSet<(String, Arc<str>)>,
    /// How many of its writes are among the locks.
    locked: usize,
}

impl RunningQuery {
    pub(crate) fn new(
        database: &str,
        user: Option<&str>,
        text: &str,
        bind_vars: Value,
        started: Instant,
    ) -> Self {
        Self {
            database: database.to_owned(),
            user: user.map(str::to_owned),
            text: text.to_owned(),
            bind_vars,
            started,
            is_stream: false,
            is_modification: false,
            is_killed: false,
            locks: HashSet::new(),
            locked: 0,
        }
    }
}

impl Queries {
    /// Adds a query of coordinator `index` and returns its id.
    pub(crate) fn begin(&mut self, index: usize, query: RunningQuery) -> u64 {
        self.last += 1;
        let id = owned_id(index, self.last);
        self.running.insert(id, query);
        id
    }

    /// Removes a query that has ended, and lists it if it was slow.
    pub(crate) fn end(&mut self, id: u64, now: Instant) {
        let Some(query) = self.running.remove(&id) else { return };
        let time = now.saturating_duration_since(query.started);
        if time >= SLOW {
            self.slow.push_back((id, query, time));
            let of_owner = self.slow.iter().filter(|(other, ..)| owner(*other) == owner(id)).count();
            if of_owner > MAX_SLOW
                && let Some(oldest) = self.slow.iter().position(|(other, ..)| owner(*other) == owner(id))
            {
                self.slow.remove(oldest);
            }
        }
    }

    /// Asks a query to end. Returns whether there is such a query.
    pub(crate) fn kill(&mut self, id: u64, database: &str) -> bool {
        let query = self.running.get_mut(&id).filter(|query| query.database == database);
        query.map(|query| query.is_killed = true).is_some()
    }

    pub(crate) fn is_killed(&self, id: u64) -> bool {
        self.running.get(&id).is_some_and(|query| query.is_killed)
    }

    /// Returns the queries in progress, by id.
    pub(crate) fn running(&self) -> impl Iterator<Item = (u64, &RunningQuery)> {
        self.running.iter().map(|(id, query)| (*id, query))
    }

    /// Returns the slow queries with the time that each took, the oldest first.
    pub(crate) fn slow(&self) -> impl Iterator<Item = (u64, &RunningQuery, Duration)> {
        self.slow.iter().map(|(id, query, time)| (*id, query, *time))
    }

    pub(crate) fn clear_slow(&mut self, database: &str) {
        self.slow.retain(|(_, query, _)| query.database != database);
    }

    /// Removes the queries of a coordinator whose process has ended. What they have written is lost.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.running.retain(|id, _| owner(*id) != Some(index));
        self.slow.retain(|(id, ..)| owner(*id) != Some(index));
    }

    /// Refuses a write to a document that another query has written and not committed.
    pub(crate) fn check_lock(
        &self,
        database: &str,
        collection: &str,
        key: &Arc<str>,
        own: Option<u64>,
    ) -> Result<(), DocumentError> {
        let lock = (collection.to_owned(), key.clone());
        let mut others = self
            .running
            .iter()
            .filter(|(id, query)| Some(**id) != own && !query.locks.is_empty() && query.database == database);
        if others.any(|(_, query)| query.locks.contains(&lock)) {
            return Err(DocumentError::write_conflict());
        }
        Ok(())
    }

    /// Locks all documents that a query has written.
    pub(crate) fn lock(&mut self, id: u64, log: &WriteLog) -> Result<(), DocumentError> {
        let Some(query) = self.running.get(&id) else { return Ok(()) };
        let new = log.since(query.locked);
        for write in &new {
            self.check_lock(&query.database, &write.collection, &write.key, Some(id))?;
        }
        if let Some(query) = self.running.get_mut(&id) {
            query.locked += new.len();
            query.locks.extend(new.into_iter().map(|write| (write.collection, write.key)));
        }
        Ok(())
    }
}

impl State {
    /// Ends the queries whose cursors have expired. What they have written is lost.
    pub(crate) fn end_expired_queries(&mut self) {
        let now = self.current_time;
        for query in self.cursors.remove_expired(now) {
            self.queries.end(query, now);
        }
    }

    /// Makes all changes of a query, or none of them.
    pub(crate) fn commit_query(
        &mut self,
        database: &str,
        query: u64,
        view: DatabaseView,
    ) -> Result<(), DocumentError> {
        for (collection, key) in view.changed() {
            self.queries.check_lock(database, collection, key, Some(query))?;
        }
        let changed: Vec<_> = view.into_changed().collect();
        for (name, view) in &changed {
            let content = self.databases.get(database);
            let found = content.and_then(|content| content.collections.get(name));
            let missing = || DocumentError::new(1203, format!("collection or view not found: {name}"));
            view.check(&found.ok_or_else(missing)?.documents)?;
        }
        for (name, view) in changed {
            self.apply(database, &name, view);
        }
        Ok(())
    }
}
