//! Ends transactions: on request, and when they were not used for too long.

use std::time::Duration;

use tokio::time::Instant;

use super::commit::{CommitFaults, Committing};
use super::tombstone::TTL;
use super::{FinalStatus, Tombstone, Transaction};
use crate::config::version::Version;
use crate::http::reply::ApiError;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::auth::Caller;

/// How long a commit or an abort waits for a request or a cursor that uses the transaction.
pub(crate) const END_TIMEOUT: Duration = Duration::from_secs(3);

/// A request to end a transaction.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) id: u64,
    pub(crate) database: String,
    pub(crate) caller: Caller,
    pub(crate) status: FinalStatus,
    /// The request, and its marker for the journal.
    pub(crate) request: EntryId,
    pub(crate) marker: Option<String>,
    pub(crate) faults: CommitFaults,
}

impl End {
    /// Returns the error for a transaction that is not there, or not for this caller.
    fn not_found(&self, reason: &str) -> ApiError {
        let operation = self.operation();
        ApiError::new(404, 1655, format!("transaction {} {reason} on {operation} operation", self.id))
    }

    /// Returns what is asked for, as an error names it.
    pub(crate) fn operation(&self) -> &'static str {
        match self.status {
            FinalStatus::Committed => "commit",
            FinalStatus::Aborted => "abort",
        }
    }
}

impl State {
    /// Ends a transaction, or begins to commit it.
    ///
    /// # Errors
    /// If it is unknown or has ended otherwise, or if its changes could not be made.
    pub(crate) fn end_transaction(&mut self, end: &End, version: &Version) -> Result<(), ApiError> {
        let now = self.current_time;
        if let Some(transaction) = self.transactions.running.get(&end.id) {
            if !transaction.is_of(&end.caller, &end.database) {
                return Err(end.not_found("inaccessible"));
            }
            // Not yet collected: a server aborts it, whatever was asked for, and says that it has done as asked.
            if transaction.is_expired(now) {
                self.abort_transaction(end.id, true);
                return if end.status == FinalStatus::Committed && !version.records_unknown_transactions() {
                    Err(ApiError::of_number(1654, "transaction aborted"))
                } else {
                    Ok(())
                };
            }
            return match end.status {
                FinalStatus::Committed => self.start_commit(end),
                FinalStatus::Aborted => {
                    self.abort_transaction(end.id, false);
                    Ok(())
                }
            };
        }
        if let Some(tombstone) = self.transactions.tombstones.get_mut(&end.id) {
            if !tombstone.is_of(&end.caller, &end.database) {
                return Err(end.not_found("inaccessible"));
            }
            tombstone.expires = now + TTL;
            if tombstone.status == end.status {
                return Ok(());
            }
            let (operation, id, was) = (end.operation(), end.id, tombstone.described());
            let text = format!("while trying to {operation} transaction {id}: transaction was already {was}");
            return Err(ApiError::of_number(1653, text));
        }
        // A server records that it was aborted, since the begin may still be under way.
        if version.records_unknown_transactions() {
            let user = end.caller.user().map(str::to_owned);
            let tombstone = tombstone(user, &end.database, FinalStatus::Aborted, now);
            self.transactions.tombstones.insert(end.id, tombstone);
        }
        Err(end.not_found("not found"))
    }

    fn start_commit(&mut self, end: &End) -> Result<(), ApiError> {
        let Some(transaction) = self.transactions.running.remove(&end.id) else { return Ok(()) };
        self.bury(&transaction, FinalStatus::Committed, false);
        if end.faults.time.is_zero() {
            self.finish_commit(transaction, &end.faults);
            let failure = self.transactions.tombstone(end.id).and_then(|tombstone| tombstone.failure.clone());
            return failure.map_or(Ok(()), Err);
        }
        let committing = Committing {
            until: self.current_time + end.faults.time,
            transaction,
            request: end.request,
            marker: end.marker.clone(),
            faults: end.faults.clone(),
        };
        self.transactions.committing.insert(end.id, committing);
        Ok(())
    }

    /// Makes the changes of a transaction whose record says already that it was committed, and corrects that if it fails.
    fn finish_commit(&mut self, transaction: Transaction, faults: &CommitFaults) {
        let id = transaction.id;
        if let Err(error) = self.commit_transaction(transaction, faults) {
            self.transactions.record_failure(id, error);
        }
    }

    /// Aborts the transactions of a database that is dropped. Their commits fail.
    pub(in crate::state) fn abort_transactions_of_database(&mut self, database: &str) {
        let is_of_it = |one: &&Transaction| one.database == database;
        let running: Vec<_> = self.transactions.running().filter(is_of_it).map(|one| one.id).collect();
        for id in running {
            self.abort_transaction(id, false);
        }
        let committing = self.transactions.committing.values().map(|committing| &committing.transaction);
        let committing: Vec<_> = committing.filter(is_of_it).map(|one| one.id).collect();
        for id in committing {
            self.transactions.committing.remove(&id);
            self.transactions.record_failure(id, ApiError::database_not_found());
        }
    }

    /// Aborts a transaction. Its changes are lost.
    pub(crate) fn abort_transaction(&mut self, id: u64, was_expired: bool) {
        if let Some(transaction) = self.transactions.running.remove(&id) {
            self.bury(&transaction, FinalStatus::Aborted, was_expired);
        }
    }

    /// Records how a transaction has ended, and ends its queries.
    fn bury(&mut self, transaction: &Transaction, status: FinalStatus, was_expired: bool) {
        let now = self.current_time;
        let Transaction { id, user, database, .. } = transaction;
        let tombstone = Tombstone { was_expired, ..tombstone(user.clone(), database, status, now) };
        self.transactions.tombstones.insert(*id, tombstone);
        // One whose request is gone because the coordinator that forwarded it is.
        for query in self.queries.of_transaction(*id) {
            self.queries.end(query, now);
        }
    }

    /// Ends what ends by itself: commits that took time, transactions that are not used, and old records.
    pub(crate) fn settle_transactions(&mut self) {
        let now = self.current_time;
        while let Some(id) = self.transactions.next_due_commit(now) {
            let Some(committing) = self.transactions.committing.remove(&id) else { break };
            let Committing { transaction, faults, request, marker, .. } = committing;
            let before = self.changes;
            self.finish_commit(transaction, &faults);
            self.journal.record_changes(request, marker.as_deref(), self.changes - before);
        }
        // A server looks for expired transactions about once in a second.
        let is_collected = |one: &&Transaction| {
            one.is_expired(now) && !one.is_in_use() && self.clock.next_round(one.expires) <= now
        };
        let expired: Vec<_> = self.transactions.running().filter(is_collected).map(|one| one.id).collect();
        for id in expired {
            self.abort_transaction(id, true);
        }
        self.transactions.tombstones.retain(|_, tombstone| tombstone.expires > now);
    }
}

impl super::Transactions {
    /// Records that a commit has failed.
    fn record_failure(&mut self, id: u64, error: ApiError) {
        if let Some(tombstone) = self.tombstones.get_mut(&id) {
            tombstone.status = FinalStatus::Aborted;
            tombstone.failure = Some(error);
        }
    }

    fn next_due_commit(&self, now: Instant) -> Option<u64> {
        let due = self.committing.iter().filter(|(_, committing)| committing.until <= now);
        due.min_by_key(|(id, committing)| (committing.until, **id)).map(|(id, _)| *id)
    }
}

fn tombstone(user: Option<String>, database: &str, status: FinalStatus, now: Instant) -> Tombstone {
    Tombstone {
        user,
        database: database.to_owned(),
        status,
        was_expired: false,
        expires: now + TTL,
        failure: None,
    }
}
