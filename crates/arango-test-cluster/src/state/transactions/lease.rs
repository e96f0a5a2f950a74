//! What uses a transaction: one request, and then the cursor that it has opened. Others wait.

use tokio::time::Instant;

use super::Transactions;
use crate::journal::EntryId;

/// What uses a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A request in progress.
    Request(EntryId),
    /// A cursor with unread rows, by id.
    Cursor(u64),
}

impl Transactions {
    /// Lets a request use a transaction, unless something else uses it or it has expired.
    pub(crate) fn lease(&mut self, id: u64, request: EntryId, now: Instant) {
        let found = self.running.get_mut(&id).filter(|transaction| !transaction.is_expired(now));
        if let Some(transaction) = found {
            transaction.used_by.get_or_insert(Holder::Request(request));
        }
    }

    /// Passes the use by a request on to the cursor that it has opened.
    pub(crate) fn pass_to_cursor(&mut self, id: u64, cursor: u64) {
        if let Some(transaction) = self.running.get_mut(&id) {
            transaction.used_by = Some(Holder::Cursor(cursor));
        }
    }

    /// Ends the use by a request. The idle time restarts.
    pub(crate) fn release(&mut self, request: EntryId, now: Instant) {
        self.end_use(Holder::Request(request), now);
    }

    /// Ends the use by a cursor. The idle time restarts.
    pub(in crate::state) fn release_cursor(&mut self, cursor: u64, now: Instant) {
        self.end_use(Holder::Cursor(cursor), now);
    }

    fn end_use(&mut self, holder: Holder, now: Instant) {
        let expiry = self.expiry(now);
        for transaction in self.running.values_mut().filter(|one| one.used_by == Some(holder)) {
            transaction.used_by = None;
            transaction.expires = expiry;
        }
    }
}
