//! The open transactions of a user.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Scope};
use serde::{Deserialize, Serialize};

use super::id::{TransactionId, TransactionState};

/// Lists the open transactions of the user in a database, on all coordinators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListTransactions;

/// A transaction in the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct OpenTransaction {
    /// The id.
    pub id: TransactionId,
    /// Whether it is still open.
    pub state: TransactionState,
}

impl Operation for ListTransactions {
    type Output = Vec<OpenTransaction>;

    const METADATA: Metadata = Metadata::get("transaction.list", "/_api/transaction").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<OpenTransaction>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            transactions: Vec<OpenTransaction>,
        }
        response.json::<Body>().map(|body| body.transactions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read};

    #[test]
    fn the_list_says_state_where_a_single_transaction_says_status() {
        assert_request(&ListTransactions, "GET", "/_api/transaction");
        let list = read(&ListTransactions, r#"{"transactions":[{"id":"7337","state":"running"}]}"#);
        assert_eq!((list[0].id.as_str(), &list[0].state), ("7337", &TransactionState::Running));
    }

    #[test]
    fn a_transaction_is_written_under_the_names_of_the_server() {
        let list = read(&ListTransactions, r#"{"transactions":[{"id":"7337","state":"running"}]}"#);
        assert_written(&list[0], &[("/id", "7337".into()), ("/state", "running".into())]);
    }
}
