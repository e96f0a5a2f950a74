//! Queries that are in progress, and slow ones that have ended.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::State;
use super::id_owner::{owned_id, owner};
use super::plan_cache::CachedPlan;
use super::query_tracking::TrackingSettings;
use super::transactions::Writer;
use crate::journal::EntryId;
use crate::store::database_view::{DatabaseView, WriteLog};
use crate::store::error::DocumentError;

/// All queries in progress, by id.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    running: BTreeMap<u64, RunningQuery>,
    slow: VecDeque<(u64, RunningQuery, Duration)>,
    pub(crate) tracking: TrackingSettings,
    /// By coordinator: the properties of its cache of results, if they were changed.
    pub(crate) results_caches: BTreeMap<usize, Map<String, Value>>,
    /// By coordinator and database: the plans that it keeps.
    pub(crate) plan_caches: BTreeMap<(usize, String), Vec<CachedPlan>>,
    last: u64,
}

/// Why a query ends at its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// It was killed, by its id.
    Killed,
    /// The background request that runs it was cancelled.
    Cancelled,
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
    /// Why it was asked to end, if it was. It does so at its next step.
    pub(crate) end_reason: Option<EndReason>,
    /// Whether lists show it, and it can be killed.
    is_listed: bool,
    /// The request that began it.
    request: EntryId,
    /// Collection and key of the documents that it has written and not committed.
    locks: HashSet<(String, Arc<str>)>,
    /// How many of its writes are among the locks.
    locked: usize,
    /// The transaction that it belongs to.
    pub(crate) transaction: Option<u64>,
}

impl RunningQuery {
    pub(crate) fn new(
        database: &str,
        user: Option<&str>,
        text: &str,
        bind_vars: Value,
        started: Instant,
        request: EntryId,
    ) -> Self {
        Self {
            database: database.to_owned(),
            user: user.map(str::to_owned),
            text: text.to_owned(),
            bind_vars,
            started,
            is_stream: false,
            is_modification: false,
            end_reason: None,
            is_listed: true,
            request,
            locks: HashSet::new(),
            locked: 0,
            transaction: None,
        }
    }

    /// Returns whether it has written this document and not committed.
    pub(crate) fn has_locked(&self, collection: &str, key: &Arc<str>) -> bool {
        !self.locks.is_empty() && self.locks.contains(&(collection.to_owned(), key.clone()))
    }

    /// Returns the keys of the documents of a collection that it has written and not committed.
    pub(crate) fn locked_keys<'a>(&'a self, collection: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        self.locks.iter().filter(move |(name, _)| name == collection).map(|(_, key)| key)
    }
}

impl Queries {
    /// Adds a query of coordinator `index` and returns its id.
    pub(crate) fn begin(&mut self, index: usize, mut query: RunningQuery) -> u64 {
        self.last += 1;
        let tracking = self.tracking.get(index, &query.database);
        query.text = tracking.shorten(&query.text);
        query.is_listed = tracking.is_enabled;
        if !tracking.tracks_bind_vars {
            query.bind_vars = Value::Object(Map::new());
        }
        let id = owned_id(index, self.last);
        self.running.insert(id, query);
        id
    }

    /// Removes a query that has ended, and lists it if it was slow.
    pub(crate) fn end(&mut self, id: u64, now: Instant) {
        let Some(query) = self.running.remove(&id) else { return };
        let time = now.saturating_duration_since(query.started);
        let tracking = owner(id).map(|index| self.tracking.get(index, &query.database)).unwrap_or_default();
        if !query.is_listed || !tracking.is_slow(time, query.is_stream) {
            return;
        }
        let database = query.database.clone();
        let is_same = |(other, query, _): &(u64, RunningQuery, Duration)| {
            owner(*other) == owner(id) && query.database == database
        };
        self.slow.push_back((id, query, time));
        while self.slow.iter().filter(|one| is_same(one)).count() > tracking.max_slow {
            let Some(oldest) = self.slow.iter().position(is_same) else { return };
            self.slow.remove(oldest);
        }
    }

    /// Kills a query, of this database or of any. Returns whether there is such a query.
    pub(crate) fn kill(&mut self, id: u64, database: Option<&str>) -> bool {
        let is_meant =
            |query: &&mut RunningQuery| query.is_listed && database.is_none_or(|name| name == query.database);
        let query = self.running.get_mut(&id).filter(is_meant);
        query.map(|query| query.end_reason = Some(EndReason::Killed)).is_some()
    }

    /// Cancels the query that a request runs, if it runs one.
    pub(crate) fn cancel(&mut self, request: EntryId) {
        let cancelled = self.running.values_mut().filter(|query| query.request == request);
        cancelled.for_each(|query| query.end_reason = Some(EndReason::Cancelled));
    }

    /// Returns why a query was asked to end, if it was.
    pub(crate) fn end_reason(&self, id: u64) -> Option<EndReason> {
        self.running.get(&id)?.end_reason
    }

    /// Returns the queries in progress that are listed, by id.
    pub(crate) fn running(&self) -> impl Iterator<Item = (u64, &RunningQuery)> {
        self.running.iter().filter(|(_, query)| query.is_listed).map(|(id, query)| (*id, query))
    }

    /// Returns the slow queries with the time that each took, the oldest first.
    pub(crate) fn slow(&self) -> impl Iterator<Item = (u64, &RunningQuery, Duration)> {
        self.slow.iter().map(|(id, query, time)| (*id, query, *time))
    }

    /// Removes slow queries from the list.
    pub(crate) fn clear_slow(&mut self, is_removed: impl Fn(u64, &RunningQuery) -> bool) {
        self.slow.retain(|(id, query, _)| !is_removed(*id, query));
    }

    /// Removes the queries of a coordinator whose process has ended. What they have written is lost.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.running.retain(|id, _| owner(*id) != Some(index));
        self.slow.retain(|(id, ..)| owner(*id) != Some(index));
        self.tracking.remove_of_coordinator(index);
        self.results_caches.remove(&index);
    }

    /// Removes the queries of a database that is dropped, and how they were tracked.
    pub(super) fn remove_of_database(&mut self, database: &str) {
        self.running.retain(|_, query| query.database != database);
        self.slow.retain(|(_, query, _)| query.database != database);
        self.plan_caches.retain(|(_, name), _| name != database);
        self.tracking.remove_of_database(database);
    }

    /// Returns the queries in this database that are neither the writer's nor of its transaction.
    pub(crate) fn others(&self, database: &str, own: Writer) -> impl Iterator<Item = &RunningQuery> {
        let is_own = move |id: u64, query: &RunningQuery| {
            Some(id) == own.query || (query.transaction.is_some() && query.transaction == own.transaction)
        };
        self.running
            .iter()
            .filter(move |(id, query)| query.database == database && !is_own(**id, query))
            .map(|(_, query)| query)
    }

    /// Returns the ids of the queries of a transaction.
    pub(super) fn of_transaction(&self, transaction: u64) -> Vec<u64> {
        let queries = self.running.iter().filter(|(_, query)| query.transaction == Some(transaction));
        queries.map(|(id, _)| *id).collect()
    }

    /// Ends the queries that write at their next step, those of one user or of all.
    pub(crate) fn kill_modifications(&mut self, is_meant: impl Fn(Option<&str>) -> bool) {
        let writing = self.running.values_mut().filter(|query| query.is_modification);
        let meant = writing.filter(|query| is_meant(query.user.as_deref()));
        meant.for_each(|query| query.end_reason = Some(EndReason::Killed));
    }
}

impl State {
    /// Locks all documents that a query has written.
    pub(crate) fn lock_writes(&mut self, id: u64, log: &WriteLog) -> Result<(), DocumentError> {
        let Some(query) = self.queries.running.get(&id) else { return Ok(()) };
        let own = Writer { query: Some(id), transaction: query.transaction };
        let new = log.since(query.locked);
        for write in &new {
            self.check_lock(&query.database, &write.collection, &write.key, own)?;
        }
        if let Some(query) = self.queries.running.get_mut(&id) {
            query.locked += new.len();
            query.locks.extend(new.into_iter().map(|write| (write.collection, write.key)));
        }
        Ok(())
    }

    /// Makes all changes of a query, or none of them. Those of a query in a transaction become part of it.
    pub(crate) fn commit_query(
        &mut self,
        database: &str,
        query: u64,
        view: DatabaseView,
    ) -> Result<(), DocumentError> {
        if let Some(transaction) = view.transaction() {
            return self.transactions.accept(transaction, view);
        }
        let own = Writer { query: Some(query), transaction: None };
        let changed: Vec<_> = view.into_changed().collect();
        for (name, view) in &changed {
            self.check_locks(database, name, view, own)?;
            let content = self.databases.get(database);
            let found = content.and_then(|content| content.collections.get(name));
            let found = found.filter(|found| found.is_seen_by(view));
            let missing = || DocumentError::new(1203, format!("collection or view not found: {name}"));
            view.check(&found.ok_or_else(missing)?.documents)?;
        }
        let mut result = Ok(());
        for (name, view) in changed {
            result = self.apply(database, &name, view).and(result);
        }
        result
    }
}
