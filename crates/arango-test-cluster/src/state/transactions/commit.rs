//! Makes the changes of a transaction.
//!
//! Each leader makes all of its changes or none. The leaders do so independently of each other: if one of them does not
//! respond, or has lost the transaction, the others have committed all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Transaction, Writer};
use crate::http::reply::ApiError;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::leaders::led_by;
use crate::store::error::DocumentError;

/// What goes wrong with a commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommitFaults {
    /// How long it takes.
    pub(crate) time: Duration,
    /// Whether it fails on all leaders.
    pub(crate) fails: bool,
    /// The DB-Servers that lose it.
    pub(crate) lost_on: BTreeSet<String>,
}

/// A commit that takes time.
#[derive(Debug)]
pub(crate) struct Committing {
    pub(super) until: Instant,
    pub(super) transaction: Transaction,
    pub(super) request: EntryId,
    pub(super) marker: Option<String>,
    pub(super) faults: CommitFaults,
}

impl State {
    /// Makes the changes of a transaction on each leader that still knows it.
    pub(super) fn commit_transaction(
        &mut self,
        transaction: Transaction,
        faults: &CommitFaults,
    ) -> Result<(), ApiError> {
        if faults.fails {
            return Err(ApiError::new(500, 4, "internal error"));
        }
        let Transaction { id, database, view, leaders, .. } = transaction;
        let own = Writer { query: None, transaction: Some(id) };
        let mut changed: Vec<_> = view.into_changed().collect();
        for (name, view) in &mut changed {
            let content = self.databases.get(&database).ok_or_else(ApiError::database_not_found)?;
            let missing = || ApiError::collection_not_found(name);
            let found = content.collections.get(name).filter(|found| found.is_seen_by(view));
            let collection = found.ok_or_else(missing)?;
            view.check(&collection.documents)?;
            self.check_locks(&database, name, view, own)?;
            let lost = led_by(content, collection, &faults.lost_on);
            let taking_part = self.taking_part(content, collection, leaders.get(name));
            view.set_losing(
                lost.iter().zip(taking_part).map(|(lost, takes_part)| *lost || !takes_part).collect(),
            );
        }
        let mut result = Ok(());
        for (name, view) in changed {
            result = self.apply(&database, &name, view).and(result);
        }
        result.map_err(|error: DocumentError| error.into())
    }
}
