//! Requests that are part of a stream transaction.

use std::time::Duration;

use super::deferred::{Deferred, wait_until};
use super::forwarding::forward_to;
use super::{Call, Outcome};
use crate::http::reply::ApiError;
use crate::state::id_owner::owner;
use crate::state::transactions::{Access, FinalStatus, Transaction, Writer};

/// How long a write waits for a lock on a whole collection.
const LOCK_TIMEOUT: Duration = Duration::from_secs(900);

impl Call<'_> {
    /// Makes the request part of the transaction that its header names.
    ///
    /// Returns an outcome if the request is forwarded to the owner of the transaction, or waits for what uses it: another
    /// request, or a cursor that was opened and not read to its end.
    pub(super) fn enter_transaction(&mut self) -> Result<Option<Outcome>, ApiError> {
        let Some(id) = self.transaction_id()? else { return Ok(None) };
        let known = owner(id).filter(|index| *index < self.state.coordinators.len());
        if let Some(owner) = known.filter(|owner| *owner != self.index) {
            return Ok(Some(self.forward_request(owner)));
        }
        let database = &self.request.database;
        let now = self.state.current_time;
        if let Some(tombstone) = self.state.transactions.tombstone(id)
            && tombstone.is_of(self.caller, database)
        {
            return Err(match tombstone.status {
                FinalStatus::Aborted => {
                    ApiError::of_number(1654, format!("transaction {id} has already been aborted"))
                }
                FinalStatus::Committed => {
                    ApiError::of_number(1653, format!("transaction {id} has already been committed"))
                }
            });
        }
        let found = self.state.transactions.get(id).filter(|one| one.is_of(self.caller, database));
        let transaction =
            found.ok_or_else(|| ApiError::of_number(1655, format!("transaction '{id}' not found")))?;
        let entry = self.entry;
        if transaction.is_expired(now) && !transaction.is_used_by(entry) {
            return Err(ApiError::of_number(1655, format!("transaction {id} has already expired")));
        }
        if transaction.is_used_by_another(entry) {
            let text = format!("cannot write-lock, transaction {id} is already in use");
            let timeout = self.state.transactions.settings.lock_timeout;
            return Ok(Some(wait_until(self, Some(timeout), ApiError::of_number(28, text), move |state| {
                !state.transactions.get(id).is_some_and(|one| one.is_used_by_another(entry))
            })));
        }
        self.state.transactions.lease(id, entry, now);
        self.transaction = Some(id);
        Ok(None)
    }

    /// Returns the id of the transaction that a header names.
    pub(super) fn transaction_id(&self) -> Result<Option<u64>, ApiError> {
        let Some(id) = self.request.transaction() else { return Ok(None) };
        let id = id.parse::<u64>().ok().filter(|id| *id > 0);
        id.map(Some).ok_or_else(|| ApiError::bad_parameter("invalid transaction ID"))
    }

    /// Returns the transaction that the request is part of.
    pub(super) fn transaction(&self) -> Option<&Transaction> {
        self.transaction.and_then(|id| self.state.transactions.get(id))
    }

    /// Lets another coordinator handle the request.
    pub(super) fn forward_request(&mut self, owner: usize) -> Outcome {
        let there = Deferred::at(self, owner);
        forward_to(self, owner, move |state| there.handle(state))
    }

    /// Lets the request wait while others hold locks on whole collections that exclude this access.
    pub(super) fn wait_for_locks(&mut self, access: Access) -> Option<Outcome> {
        self.wait_for_locks_until(access, Some(LOCK_TIMEOUT))
    }

    /// Does the same with a limit on the time. `None` is no limit.
    pub(super) fn wait_for_locks_until(
        &mut self,
        access: Access,
        timeout: Option<Duration>,
    ) -> Option<Outcome> {
        let own = Writer { query: None, transaction: self.transaction };
        let database = self.request.database.clone();
        if !self.state.is_excluded(&database, &access, own) {
            return None;
        }
        let error = ApiError::of_number(18, "timed out waiting for a lock on a collection");
        Some(wait_until(self, timeout, error, move |state| !state.is_excluded(&database, &access, own)))
    }
}
