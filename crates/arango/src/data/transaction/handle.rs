//! An open transaction.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_data::{Aql, CommitTransaction, Row, TransactionId, Transactional};
use arango_transport::protocol::ErrorKind;
use arango_transport::{Coordinator, Error};

use super::calls::{TransactionCalls, refused};
use super::collection::TransactionCollection;
use super::graph::{TransactionEdges, TransactionGraph};
use super::proof::ProofDocument;
use crate::data::collection::Collection;
use crate::data::edges::Edges;
use crate::data::query::Query;

/// An open transaction. Dropping it aborts it.
///
/// It lives on one coordinator, its owner, and its calls go there only, one at a time. What they write is visible to others
/// when it is [committed](Self::commit). If it is dropped before, it is aborted in the background; without a runtime the
/// server aborts it after 60 s, as any transaction that is not used for so long.
///
/// A call whose outcome is unknown poisons the transaction: then every further call and the commit fail with
/// [`TransactionPoisoned`](crate::ErrorKind::TransactionPoisoned), and only an abort is sent. That is so, too, if the future
/// of a call is dropped before its response is there. After a conflict the transaction can also only be aborted. Nothing
/// of it has taken effect, so it can begin again: [`run`](crate::data::NewTransaction::run) does that.
///
/// ```no_run
/// use serde_json::json;
///
/// # async fn example(bank: &arango::Database) -> arango::Result<()> {
/// let mut transaction = bank.transaction(["accounts"]).begin().await?;
/// transaction.collection("accounts").update("ada", &json!({ "sum": 90 })).await?;
/// transaction.collection("accounts").update("bob", &json!({ "sum": 110 })).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a transaction aborts it"]
pub struct Transaction {
    calls: Arc<TransactionCalls>,
    proof: Option<ProofDocument>,
    role: Role,
}

/// Who ends the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// This handle.
    Guard,
    /// The runner of a closure, to which this handle was given.
    Closure,
}

impl Transaction {
    pub(super) fn new(calls: Arc<TransactionCalls>) -> Self {
        Self { calls, proof: None, role: Role::Guard }
    }

    /// Declares that the transaction has written this proof of its commit.
    #[inline]
    pub(super) fn with_proof(mut self, proof: ProofDocument) -> Self {
        self.proof = Some(proof);
        self
    }

    /// Returns a handle for a closure, which neither commits nor aborts when it is dropped.
    pub(super) fn for_closure(&self) -> Self {
        Self { calls: Arc::clone(&self.calls), proof: None, role: Role::Closure }
    }

    pub(super) fn calls(&self) -> &TransactionCalls {
        &self.calls
    }

    /// Returns the id.
    pub fn id(&self) -> &TransactionId {
        self.calls.id()
    }

    /// Returns the coordinator on which it lives.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.calls.owner()
    }

    /// Returns the documents of a collection, as this transaction sees them.
    pub fn collection(&mut self, name: &str) -> TransactionCollection<'_> {
        TransactionCollection::new(self.collection_handle(name))
    }

    /// Returns the edges of a collection, as this transaction sees them.
    pub fn edges(&mut self, name: &str) -> TransactionEdges<'_> {
        TransactionEdges::new(Edges::of_collection(self.collection_handle(name)))
    }

    /// Returns a named graph, whose vertices are removed in this transaction. Its definition cannot be changed in one.
    pub fn graph(&mut self, name: &str) -> TransactionGraph<'_> {
        TransactionGraph::new(name, &self.calls)
    }

    fn collection_handle(&self, name: &str) -> Collection {
        self.calls.database().collection(name).in_transaction(Arc::clone(&self.calls))
    }

    /// Executes a query in this transaction: see [`Database::query`](crate::Database::query).
    ///
    /// It borrows the transaction until its cursor is dropped. No batch is read in advance, or a second time.
    pub fn query<T: Row>(&mut self, query: impl Into<Aql>) -> Query<T, &mut Self> {
        Query::in_transaction(self.calls.database(), query.into(), Arc::clone(&self.calls))
    }

    /// Executes an operation in this transaction.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`](crate::Database::execute).
    /// [`TransactionPoisoned`](crate::ErrorKind::TransactionPoisoned) and
    /// [`TransactionGone`](crate::ErrorKind::TransactionGone) if it cannot be used any more.
    pub async fn execute<O: Transactional>(&mut self, operation: O) -> Result<O::Output, Error> {
        self.calls.execute(operation).await
    }

    /// Commits the transaction.
    ///
    /// If the response is lost, the client finds out what became of the commit, within the time limit of a call: it asks for
    /// the state of the transaction, and looks for the [proof](crate::data::NewTransaction::proved_in) if there is one.
    ///
    /// Dropping the future does not undo it: the commit may have been sent. If it was not, the server aborts the transaction
    /// after 60 s.
    ///
    /// # Errors
    ///
    /// With the outcome [`NotExecuted`](crate::Outcome::NotExecuted) nothing has taken effect: the transaction is
    /// poisoned, gone, or was not used for more than 55 s. With [`Unknown`](crate::Outcome::Unknown) it may have been
    /// committed, over several leaders also in part; with a proof, the error has a [ticket](Error::ticket).
    #[inline]
    pub async fn commit(self) -> Result<(), Error> {
        if self.role == Role::Closure {
            return Err(refused::<CommitTransaction>((
                ErrorKind::Request,
                "it is committed when its closure returns",
            )));
        }
        self.calls.commit(self.proof.as_ref(), Duration::MAX).await
    }

    /// Aborts the transaction. One that does not exist any more counts as aborted.
    ///
    /// If the future is dropped, it is aborted in the background.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`](crate::Database::execute). The server then aborts it after 60 s.
    #[inline]
    pub async fn abort(self) -> Result<(), Error> {
        self.calls.abort().await
    }
}

impl Drop for Transaction {
    #[inline]
    fn drop(&mut self) {
        if self.role == Role::Guard {
            drop(self.calls.abort_in_background());
        }
    }
}

impl fmt::Debug for Transaction {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("calls", &self.calls).finish_non_exhaustive()
    }
}
