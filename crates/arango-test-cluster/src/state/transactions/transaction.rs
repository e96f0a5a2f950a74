//! A transaction in progress.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::lease::Holder;
use super::{Access, Transactions};
use crate::journal::EntryId;
use crate::state::State;
use crate::state::auth::Caller;
use crate::state::databases::{Collection, Database};
use crate::state::leaders::Leader;
use crate::store::database_view::DatabaseView;
use crate::store::error::DocumentError;

/// A transaction that has neither been committed nor aborted.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    /// The user who began it. `None`: the superuser.
    pub(crate) user: Option<String>,
    pub(crate) database: String,
    pub(crate) access: Access,
    /// Whether its reads may come from followers.
    pub(crate) reads_dirty: bool,
    /// The database as it was at the begin, with the changes of the transaction.
    pub(crate) view: DatabaseView,
    /// The leaders at the begin, by collection. A process that has ended since knows nothing of the transaction.
    pub(super) leaders: BTreeMap<String, Vec<Option<Leader>>>,
    /// When it ends, if no use ends before. A use that has begun does not change this.
    pub(super) expires: Instant,
    /// What uses it.
    pub(super) used_by: Option<Holder>,
}

impl Transaction {
    /// Returns whether a caller may use it from this database.
    pub(crate) fn is_of(&self, caller: &Caller, database: &str) -> bool {
        self.database == database && is_own(self.user.as_deref(), caller)
    }

    /// Returns for each shard of a collection whether its leader responds and knows the transaction.
    pub(crate) fn taking_part(
        &self,
        state: &State,
        database: &Database,
        collection: &Collection,
    ) -> Vec<bool> {
        state.taking_part(database, collection, self.leaders.get(&collection.name))
    }

    /// Returns whether the last use has ended too long ago. A use that goes on changes that when it ends.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires <= now
    }

    /// Returns whether anything uses it.
    pub(super) fn is_in_use(&self) -> bool {
        self.used_by.is_some()
    }

    /// Returns whether this request uses it.
    pub(crate) fn is_used_by(&self, request: EntryId) -> bool {
        self.used_by == Some(Holder::Request(request))
    }

    /// Returns whether another request or an open cursor uses it.
    pub(crate) fn is_used_by_another(&self, request: EntryId) -> bool {
        self.used_by.is_some_and(|by| by != Holder::Request(request))
    }
}

impl Transactions {
    /// Makes the changes of a query part of its transaction.
    pub(crate) fn accept(&mut self, id: u64, view: DatabaseView) -> Result<(), DocumentError> {
        let ended = || DocumentError::new(1655, format!("transaction {id} not found"));
        let transaction = self.running.get_mut(&id).ok_or_else(ended)?;
        transaction.view = view;
        transaction.view.forget_concurrent();
        Ok(())
    }
}

/// Returns whether a caller may use what this user has begun.
pub(super) fn is_own(user: Option<&str>, caller: &Caller) -> bool {
    caller.is_superuser() || caller.user() == user
}
