//! Cursors: the unread results of queries. Each belongs to the coordinator that ran its query.

mod results;

use std::collections::BTreeMap;
use std::time::Duration;

use arango_test_aql::Value;
use tokio::time::Instant;

pub(crate) use self::results::{
    BASE_MEMORY, Batch, Limits, PHASE_TIME, Report, Results, StreamedQuery, Totals, commits_in_between,
    described,
};
use super::State;
use super::id_owner::{owned_id, owner};
use crate::http::json;
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
    pub(crate) batch_ids: BatchIds,
    /// Whether the results may come from followers.
    pub(crate) reads_dirty: bool,
}

/// What the numbers of batches are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchIds {
    /// Responses have none.
    Absent,
    /// Responses contain the id of the next batch.
    Present,
    /// The latest batch may also be read again. The cursor then outlives its last batch.
    Repeatable,
}

/// The unread part of a query's result.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) id: u64,
    /// The id of its query.
    pub(crate) query: u64,
    pub(crate) database: String,
    pub(crate) options: CursorOptions,
    pub(crate) results: Results,
    /// The transaction that nothing else can use while it is open.
    pub(crate) transaction: Option<u64>,
    /// Names the plan that was found in the cache.
    pub(crate) plan_cache_key: Option<String>,
    expires: Instant,
    batch: u64,
    latest: Vec<u8>,
    locked_by: Option<EntryId>,
    /// Whether it ends with the request that has locked it.
    closing: bool,
}

impl Cursors {
    /// Returns an id for the next cursor of coordinator `index`.
    pub(crate) fn next_id(&mut self, index: usize) -> u64 {
        self.last += 1;
        owned_id(index, self.last)
    }

    fn insert(&mut self, cursor: Cursor) {
        self.cursors.insert(cursor.id, cursor);
    }

    /// Returns a cursor of this database.
    pub(crate) fn find(&mut self, id: u64, database: &str) -> Option<&mut Cursor> {
        self.cursors.get_mut(&id).filter(|cursor| cursor.database == database)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Cursor> {
        self.cursors.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Cursor> {
        self.cursors.remove(&id)
    }

    /// Removes and returns a cursor that has expired. One that is read does not expire.
    fn remove_expired(&mut self, now: Instant) -> Option<Cursor> {
        let is_expired = |cursor: &&Cursor| cursor.expires <= now && cursor.locked_by.is_none();
        let id = self.cursors.values().find(is_expired)?.id;
        self.cursors.remove(&id)
    }

    pub(crate) fn count_for_coordinator(&self, index: usize, now: Instant) -> usize {
        let is_open = |(id, cursor): &(&u64, &Cursor)| owner(**id) == Some(index) && cursor.expires > now;
        self.cursors.iter().filter(is_open).count()
    }

    /// Returns the ids of the cursors that have not expired.
    pub(crate) fn open(&self, now: Instant) -> impl Iterator<Item = u64> {
        self.cursors.values().filter(move |cursor| cursor.expires > now).map(|cursor| cursor.id)
    }

    /// Locks a cursor for a request, unless another request has locked it or it has expired.
    pub(crate) fn lock(&mut self, id: u64, by: EntryId, now: Instant) {
        if let Some(cursor) = self.cursors.get_mut(&id).filter(|cursor| cursor.expires > now) {
            cursor.locked_by.get_or_insert(by);
        }
    }

    /// Unlocks the cursor that a request has locked. Removes and returns it if it ends with the request.
    fn unlock(&mut self, by: EntryId) -> Option<Cursor> {
        let cursor = self.cursors.values_mut().find(|cursor| cursor.locked_by == Some(by))?;
        cursor.locked_by = None;
        let (id, is_closing) = (cursor.id, cursor.closing);
        if is_closing { self.cursors.remove(&id) } else { None }
    }

    /// Removes the cursors of a database that is dropped.
    pub(super) fn remove_of_database(&mut self, database: &str) {
        self.cursors.retain(|_, cursor| cursor.database != database);
    }

    /// Removes the cursors of a coordinator whose process has ended.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.cursors.retain(|id, _| owner(*id) != Some(index));
    }
}

impl State {
    /// Keeps a cursor that has more to be read. Its transaction is in use as long.
    pub(crate) fn open_cursor(&mut self, cursor: Cursor) {
        if let Some(transaction) = cursor.transaction {
            self.transactions.pass_to_cursor(transaction, cursor.id);
        }
        self.cursors.insert(cursor);
    }

    /// Ends a cursor that was removed, with its query and its use of a transaction.
    pub(crate) fn end_cursor(&mut self, cursor: &Cursor, now: Instant) {
        self.queries.end(cursor.query, now);
        self.transactions.release_cursor(cursor.id, now);
    }

    /// Unlocks the cursor that a request has locked, and ends it if it was closed meanwhile.
    pub(crate) fn unlock_cursor(&mut self, by: EntryId, now: Instant) {
        if let Some(cursor) = self.cursors.unlock(by) {
            self.end_cursor(&cursor, now);
        }
    }

    /// Ends the cursors that have expired. What their queries have written is lost.
    pub(super) fn end_expired_cursors(&mut self) {
        while let Some(cursor) = self.cursors.remove_expired(self.current_time) {
            self.end_cursor(&cursor, cursor.expires);
        }
    }
}

impl Cursor {
    pub(crate) fn new(
        id: u64,
        query: u64,
        database: &str,
        options: CursorOptions,
        results: Results,
        now: Instant,
    ) -> Self {
        Self {
            id,
            query,
            database: database.to_owned(),
            results,
            transaction: None,
            plan_cache_key: None,
            expires: now + options.ttl,
            options,
            batch: 0,
            latest: Vec::new(),
            locked_by: None,
            closing: false,
        }
    }

    /// Returns the response body of the next batch, with status `code`. `extra` is what it says about the whole query.
    pub(crate) fn render(&mut self, rows: &[Value], extra: Option<&[u8]>, code: u16) -> Vec<u8> {
        self.batch += 1;
        let mut body = b"{\"result\":[".to_vec();
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            row.write_json(&mut body);
        }
        let mut write = |text: String| body.extend_from_slice(text.as_bytes());
        let has_more = self.results.has_more();
        write(format!("],\"hasMore\":{has_more}"));
        if has_more {
            write(format!(",\"id\":\"{}\"", self.id));
            if self.options.batch_ids != BatchIds::Absent {
                write(format!(",\"nextBatchId\":\"{}\"", self.batch + 1));
            }
        }
        if let (true, Some(total)) = (self.options.count, self.results.total()) {
            write(format!(",\"count\":{total}"));
        }
        if let Some(key) = &self.plan_cache_key {
            write(format!(",\"planCacheKey\":\"{key}\""));
        }
        write(",\"cached\":false".to_owned());
        if let Some(extra) = extra {
            write(",\"extra\":".to_owned());
            body.extend_from_slice(extra);
        }
        body.extend_from_slice(format!(",\"error\":false,\"code\":{code}}}").as_bytes());
        self.keep(json::escape(body))
    }

    /// Keeps the latest body, if it may be read more than once.
    pub(crate) fn keep(&mut self, body: Vec<u8>) -> Vec<u8> {
        if self.is_repeatable() {
            self.latest.clone_from(&body);
        }
        body
    }

    /// Ends with an error instead of a batch. It may be read more than once, as a batch may.
    pub(crate) fn fail(&mut self, body: &[u8]) {
        self.batch += 1;
        self.results = Results::Ended;
        self.keep(body.to_vec());
    }

    fn is_repeatable(&self) -> bool {
        self.options.batch_ids == BatchIds::Repeatable
    }

    /// Returns the body of the latest batch, if it may be read more than once.
    pub(crate) fn latest(&self) -> Option<&[u8]> {
        self.is_repeatable().then_some(&self.latest)
    }

    /// Returns the number of the latest batch. The first is 1.
    pub(crate) fn batch(&self) -> u64 {
        self.batch
    }

    /// Returns whether anything can still be read from it.
    pub(crate) fn can_be_read(&self) -> bool {
        !self.closing && (self.results.has_more() || self.is_repeatable())
    }

    /// Returns whether another request in progress has locked it.
    pub(crate) fn is_locked_for(&self, request: EntryId) -> bool {
        self.locked_by.is_some_and(|by| by != request)
    }

    /// Ends it with the request that has locked it.
    pub(crate) fn close_when_unlocked(&mut self) {
        self.closing = true;
    }

    /// Returns whether it ends with the request that has locked it.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Unlocks it, whichever request has locked it.
    pub(crate) fn unlock(&mut self) {
        self.locked_by = None;
    }

    /// Restarts its time to live.
    pub(crate) fn reset_ttl(&mut self, now: Instant) {
        self.expires = now + self.options.ttl;
    }
}
