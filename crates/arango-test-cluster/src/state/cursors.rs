//! Cursors: the unread results of queries. Each belongs to the coordinator that ran its query.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::id_owner::{owned_id, owner};
use crate::journal::EntryId;

/// All cursors, by id.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    cursors: BTreeMap<u64, Cursor>,
    last: u64,
}

/// The options of a query for its result.
#[derive(Debug, Clone)]
pub(crate) struct CursorOptions {
    pub(crate) batch_size: usize,
    /// How long an unused cursor is kept.
    pub(crate) ttl: Duration,
    pub(crate) count: bool,
    /// Whether the latest batch may be read again. The cursor then outlives its last batch.
    pub(crate) allow_retry: bool,
    /// Whether batches contain the id of the next batch.
    pub(crate) has_batch_ids: bool,
}

/// The unread part of a query's result.
#[derive(Debug)]
pub(crate) struct Cursor {
    id: String,
    database: String,
    options: CursorOptions,
    rows: VecDeque<Value>,
    total: usize,
    extra: Value,
    expires: Instant,
    batch: u64,
    latest: Value,
    locked_by: Option<EntryId>,
}

impl Cursors {
    /// Returns an id for the next cursor of coordinator `index`.
    pub(crate) fn next_id(&mut self, index: usize) -> u64 {
        self.last += 1;
        owned_id(index, self.last)
    }

    pub(crate) fn insert(&mut self, id: u64, cursor: Cursor) {
        self.cursors.insert(id, cursor);
    }

    /// Returns a cursor of this database that has not expired.
    pub(crate) fn find(&mut self, id: u64, database: &str, now: Instant) -> Option<&mut Cursor> {
        self.cursors.retain(|_, cursor| cursor.expires > now);
        self.cursors.get_mut(&id).filter(|cursor| cursor.database == database)
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.cursors.remove(&id);
    }

    pub(crate) fn count_for_coordinator(&self, index: usize, now: Instant) -> usize {
        let is_open = |(id, cursor): &(&u64, &Cursor)| owner(**id) == Some(index) && cursor.expires > now;
        self.cursors.iter().filter(is_open).count()
    }

    /// Locks a cursor for a request, unless another request has locked it.
    pub(crate) fn lock(&mut self, id: u64, by: EntryId) {
        if let Some(cursor) = self.cursors.get_mut(&id) {
            cursor.locked_by.get_or_insert(by);
        }
    }

    /// Unlocks the cursor that a request has locked.
    pub(crate) fn unlock(&mut self, by: EntryId) {
        let held = self.cursors.values_mut().filter(|cursor| cursor.locked_by == Some(by));
        held.for_each(|cursor| cursor.locked_by = None);
    }

    /// Removes the cursors of a coordinator whose process has ended.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.cursors.retain(|id, _| owner(*id) != Some(index));
    }
}

impl Cursor {
    pub(crate) fn new(
        id: u64,
        database: &str,
        settings: CursorOptions,
        rows: Vec<Value>,
        extra: Value,
        now: Instant,
    ) -> Self {
        Self {
            id: id.to_string(),
            database: database.to_owned(),
            total: rows.len(),
            rows: rows.into(),
            extra,
            expires: now + settings.ttl,
            options: settings,
            batch: 0,
            latest: Value::Null,
            locked_by: None,
        }
    }

    /// Moves to the next batch and returns its response body, with status `code`.
    pub(crate) fn advance(&mut self, code: u16) -> &Value {
        let rows = self.rows.drain(..self.options.batch_size.min(self.rows.len()));
        let mut body = json!({
            "result": rows.collect::<Vec<_>>(), "cached": false, "extra": self.extra, "error": false, "code": code,
        });
        self.batch += 1;
        body["hasMore"] = self.has_more().into();
        if self.has_more() {
            body["id"] = self.id.as_str().into();
            if self.options.has_batch_ids {
                body["nextBatchId"] = (self.batch + 1).to_string().into();
            }
        }
        if self.options.count {
            body["count"] = self.total.into();
        }
        self.latest = body;
        &self.latest
    }

    /// Returns the latest batch, if it may be read more than once.
    pub(crate) fn latest(&self) -> Option<&Value> {
        self.options.allow_retry.then_some(&self.latest)
    }

    /// Returns the number of the latest batch. The first is 1.
    pub(crate) fn batch(&self) -> u64 {
        self.batch
    }

    pub(crate) fn has_more(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Returns whether anything can still be read from it.
    pub(crate) fn can_be_read(&self) -> bool {
        self.has_more() || self.options.allow_retry
    }

    /// Returns whether another request in progress has locked it.
    pub(crate) fn is_locked_for(&self, request: EntryId) -> bool {
        self.locked_by.is_some_and(|by| by != request)
    }

    /// Restarts its time to live.
    pub(crate) fn reset_ttl(&mut self, now: Instant) {
        self.expires = now + self.options.ttl;
    }
}
