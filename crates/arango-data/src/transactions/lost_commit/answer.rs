//! Answers to the questions about a lost commit.

use arango_protocol::{ErrorKind, ErrorNumber, Failure};

use crate::transactions::id::TransactionState;

/// An answer to a question about a commit whose response was lost.
#[doc(hidden)] // for the crate `arango`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitAnswer {
    /// The state of the transaction, or that after a further commit.
    State(TransactionState),
    /// The coordinator does not know the transaction, or does not exist any more.
    Gone,
    /// Another request of the transaction is executed.
    Busy,
    /// Whether the proof is there.
    Proof(bool),
    /// There is no answer.
    None,
}

impl CommitAnswer {
    /// Returns the answer of a refused question for the state, or of a refused commit.
    #[must_use]
    pub fn of_failure(failure: &Failure) -> Self {
        match (failure.kind, failure.number) {
            (_, Some(ErrorNumber::TRANSACTION_NOT_FOUND | ErrorNumber::CLUSTER_SERVER_UNKNOWN)) => Self::Gone,
            (_, Some(ErrorNumber::TRANSACTION_ABORTED | ErrorNumber::TRANSACTION_DISALLOWED)) => {
                Self::State(TransactionState::Aborted)
            }
            (ErrorKind::TransactionBusy, _) => Self::Busy,
            _ => Self::None,
        }
    }
}
