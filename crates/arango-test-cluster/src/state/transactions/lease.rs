//! The one request that uses a transaction. Others wait for it.

use tokio::time::Instant;

use super::Transactions;
use crate::journal::EntryId;

impl Transactions {
    /// Lets a request use a transaction, unless another request uses it or it has expired.
    pub(crate) fn lease(&mut self, id: u64, request: EntryId, now: Instant) {
        let expiry = self.expiry(now);
        if let Some(transaction) =
            self.running.get_mut(&id).filter(|transaction| !transaction.is_expired(now))
            && *transaction.used_by.get_or_insert(request) == request
        {
            transaction.expires = expiry;
        }
    }

    /// Records that a cursor of a transaction was read. Its idle time restarts.
    pub(crate) fn renew(&mut self, id: u64, now: Instant) {
        let expiry = self.expiry(now);
        if let Some(transaction) = self.running.get_mut(&id) {
            transaction.expires = expiry;
        }
    }

    /// Ends the use by a request. Its idle time restarts.
    pub(crate) fn release(&mut self, request: EntryId, now: Instant) {
        let expiry = self.expiry(now);
        for transaction in self.running.values_mut().filter(|one| one.used_by == Some(request)) {
            transaction.used_by = None;
            transaction.expires = expiry;
        }
    }
}
