//! The id and the state of a transaction.

use arango_protocol::open_enum;
use serde::{Deserialize, Serialize};

use crate::queries::id;

id! {
    /// The id of a transaction, unique within its cluster.
    #[derive(Debug)]
    TransactionId
}

open_enum! {
    /// Whether a transaction is open.
    pub enum TransactionState {
        /// It is open.
        Running = "running",
        /// It was committed.
        ///
        /// While its commit is executed, the server says so already, and takes it back if the commit fails.
        Committed = "committed",
        /// It was aborted, or its idle timeout has passed.
        Aborted = "aborted",
    }
}

/// A transaction and its state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct TransactionStatus {
    /// The id.
    pub id: TransactionId,
    /// Whether it is open.
    #[serde(rename = "status")]
    pub state: TransactionState,
}
