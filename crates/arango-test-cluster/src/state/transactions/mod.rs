//! Stream transactions. Each belongs to the coordinator that began it.
//!
//! | module | what |
//! |---|---|
//! | `access` | which collections a transaction may read and write |
//! | `transaction` | a transaction in progress: its snapshot and its changes |
//! | `tombstone` | what is known of a transaction that has ended |
//! | `locks` | what is locked by transactions and by queries |
//! | `begin` | begins a transaction |
//! | `lease` | the one request or cursor that uses a transaction |
//! | `end` | commits, aborts and expires transactions |
//! | `commit` | makes the changes of a transaction |

mod access;
mod begin;
mod commit;
mod end;
mod lease;
mod locks;
mod tombstone;
mod transaction;

use std::collections::BTreeMap;

pub(crate) use self::access::Access;
pub(crate) use self::begin::NewTransaction;
pub(crate) use self::commit::{CommitFaults, Committing};
pub(crate) use self::end::{END_TIMEOUT, End};
pub(crate) use self::locks::Writer;
pub(crate) use self::tombstone::{FinalStatus, Tombstone};
pub(crate) use self::transaction::Transaction;
use super::id_owner::{owned_id, owner};
use crate::config::settings::TransactionSettings;

/// All transactions, by id.
#[derive(Debug)]
pub(crate) struct Transactions {
    pub(crate) settings: TransactionSettings,
    running: BTreeMap<u64, Transaction>,
    /// Commits that take time. Their transactions have a tombstone already.
    committing: BTreeMap<u64, Committing>,
    tombstones: BTreeMap<u64, Tombstone>,
    last: u64,
}

impl Transactions {
    pub(crate) fn new(settings: TransactionSettings) -> Self {
        Self {
            settings,
            running: BTreeMap::new(),
            committing: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            last: 0,
        }
    }

    /// Returns an id for the next transaction of coordinator `index`. A server uses the numbers in between.
    fn next_id(&mut self, index: usize) -> u64 {
        loop {
            self.last += 4;
            let id = owned_id(index, self.last);
            // A client that has guessed it may have ended it already.
            if !self.tombstones.contains_key(&id) {
                return id;
            }
        }
    }

    /// Returns the transactions that have not ended.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Transaction> {
        self.running.values()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Transaction> {
        self.running.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Transaction> {
        self.running.get_mut(&id)
    }

    /// Returns what is known of a transaction that has ended, or that is being committed.
    pub(crate) fn tombstone(&self, id: u64) -> Option<&Tombstone> {
        self.tombstones.get(&id)
    }

    pub(crate) fn is_committing(&self, id: u64) -> bool {
        self.committing.contains_key(&id)
    }

    pub(crate) fn count_for_coordinator(&self, index: usize) -> usize {
        self.running.keys().filter(|id| owner(**id) == Some(index)).count()
    }

    /// Removes the transactions of a coordinator whose process has ended, and all that is known of others.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.running.retain(|id, _| owner(*id) != Some(index));
        self.committing.retain(|id, _| owner(*id) != Some(index));
        self.tombstones.retain(|id, _| owner(*id) != Some(index));
    }

    /// Returns the transactions that hold locks.
    fn holders(&self) -> impl Iterator<Item = &Transaction> {
        self.running.values().chain(self.committing.values().map(|committing| &committing.transaction))
    }
}
