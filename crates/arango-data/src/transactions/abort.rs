//! Aborting transactions.

use arango_protocol::{
    Affinity, ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, RequestBuilder,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};

use super::id::{TransactionId, TransactionStatus};
use crate::expected_error::accept_error;

/// Aborts a transaction: nothing of it takes effect.
///
/// A transaction that does not exist any more counts as aborted. After a commit whose response was lost, do not abort: it
/// makes the outcome of the commit unknowable.
///
/// # Errors
///
/// 400 with error 1653 if it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortTransaction {
    /// The transaction.
    pub id: TransactionId,
}

/// Aborts all transactions of the user that write, on all coordinators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AbortWriteTransactions;

impl Operation for AbortTransaction {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("transaction.abort", "/_api/transaction/{transaction}")
        .fenced()
        .scope(Scope::Database)
        .accept_statuses(&[404, 410]);

    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).affinity(Affinity::OwnerThenForward)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("transaction", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        match response.status() {
            StatusCode::NOT_FOUND => accept_error(&response, ErrorNumber::TRANSACTION_NOT_FOUND),
            StatusCode::GONE => accept_error(&response, ErrorNumber::TRANSACTION_ABORTED),
            _ => response.json_result::<TransactionStatus>().map(drop),
        }
    }
}

impl Operation for AbortWriteTransactions {
    type Output = ();

    const METADATA: Metadata =
        Metadata::delete("transaction.abort_writing", "/_api/transaction/write").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn a_transaction_that_is_gone_counts_as_aborted_and_a_committed_one_does_not() {
        let abort = AbortTransaction { id: "7337".into() };
        assert_request(&abort, "DELETE", "/_api/transaction/7337");
        read(&abort, r#"{"error":false,"code":200,"result":{"id":"7337","status":"aborted"}}"#);
        let refused = |status: u16, number: u32| {
            let body = format!(r#"{{"error":true,"code":{status},"errorNum":{number}}}"#);
            abort.output(response(status, &body))
        };
        assert!(refused(404, 1655).is_ok() && refused(410, 1654).is_ok());
        assert!(refused(404, 1228).is_err() && refused(410, 1655).is_err());
    }

    #[test]
    fn all_that_write_are_aborted_at_once() {
        assert_request(&AbortWriteTransactions, "DELETE", "/_api/transaction/write");
        read(&AbortWriteTransactions, r#"{"error":false,"code":200}"#);
    }
}
