//! Cursors: what is left of the results of queries, each known to the coordinator that ran its query.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::owner::{id_of, owner};
use crate::journal::EntryId;

/// All of them, by id.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    cursors: BTreeMap<u64, Cursor>,
    last: u64,
}

/// How a query wants its result.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) batch_size: usize,
    /// For how long a cursor is kept that nobody asks for.
    pub(crate) ttl: Duration,
    pub(crate) counts: bool,
    /// Whether the latest batch may be read again, and the cursor therefore outlives its last batch.
    pub(crate) allow_retry: bool,
    /// Whether batches say what the next one is called.
    pub(crate) names_batches: bool,
}

/// The result of one query, as far as it has not been fetched.
#[derive(Debug)]
pub(crate) struct Cursor {
    id: String,
    database: String,
    settings: Settings,
    rows: VecDeque<Value>,
    total: usize,
    extra: Value,
    expires: Instant,
    batch: u64,
    latest: Value,
    held: Option<EntryId>,
}

impl Cursors {
    /// A name for the next cursor of coordinator `index`.
    pub(crate) fn next_id(&mut self, index: usize) -> u64 {
        self.last += 1;
        id_of(index, self.last)
    }

    pub(crate) fn keep(&mut self, id: u64, cursor: Cursor) {
        self.cursors.insert(id, cursor);
    }

    /// A cursor of this database that has not outlived its time.
    pub(crate) fn find(&mut self, id: u64, database: &str, now: Instant) -> Option<&mut Cursor> {
        self.cursors.retain(|_, cursor| cursor.expires > now);
        self.cursors.get_mut(&id).filter(|cursor| cursor.database == database)
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.cursors.remove(&id);
    }

    pub(crate) fn count_of(&self, index: usize, now: Instant) -> usize {
        let mine = |(id, cursor): &(&u64, &Cursor)| owner(**id) == Some(index) && cursor.expires > now;
        self.cursors.iter().filter(mine).count()
    }

    /// Gives a cursor to a request, unless another has it.
    pub(crate) fn hold(&mut self, id: u64, by: EntryId) {
        if let Some(cursor) = self.cursors.get_mut(&id) {
            cursor.held.get_or_insert(by);
        }
    }

    /// Takes from a request whatever it has.
    pub(crate) fn release(&mut self, by: EntryId) {
        let held = self.cursors.values_mut().filter(|cursor| cursor.held == Some(by));
        held.for_each(|cursor| cursor.held = None);
    }

    /// Ends with the process that held them.
    pub(crate) fn forget_of(&mut self, index: usize) {
        self.cursors.retain(|id, _| owner(*id) != Some(index));
    }
}

impl Cursor {
    pub(crate) fn new(
        id: u64,
        database: &str,
        settings: Settings,
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
            settings,
            batch: 0,
            latest: Value::Null,
            held: None,
        }
    }

    /// Moves on to the next batch and forms the answer that brings it, with status `code`.
    pub(crate) fn advance(&mut self, code: u16) -> &Value {
        let rows = self.rows.drain(..self.settings.batch_size.min(self.rows.len()));
        let mut body = json!({
            "result": rows.collect::<Vec<_>>(), "cached": false, "extra": self.extra, "error": false, "code": code,
        });
        self.batch += 1;
        body["hasMore"] = self.has_more().into();
        if self.has_more() {
            body["id"] = self.id.as_str().into();
            if self.settings.names_batches {
                body["nextBatchId"] = (self.batch + 1).to_string().into();
            }
        }
        if self.settings.counts {
            body["count"] = self.total.into();
        }
        self.latest = body;
        &self.latest
    }

    /// The latest batch, if it may be read more than once.
    pub(crate) fn latest(&self) -> Option<&Value> {
        self.settings.allow_retry.then_some(&self.latest)
    }

    /// The number of the latest batch; the first is 1.
    pub(crate) fn batch(&self) -> u64 {
        self.batch
    }

    pub(crate) fn has_more(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether anything can still be asked of it.
    pub(crate) fn is_of_use(&self) -> bool {
        self.has_more() || self.settings.allow_retry
    }

    /// Whether a request under way has it, and not this one.
    pub(crate) fn is_busy_for(&self, request: EntryId) -> bool {
        self.held.is_some_and(|by| by != request)
    }

    /// Begins its time anew.
    pub(crate) fn renew(&mut self, now: Instant) {
        self.expires = now + self.settings.ttl;
    }
}
