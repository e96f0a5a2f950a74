//! Committing a transaction.

use arango_protocol::{
    Affinity, ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestProperties,
    Scope,
};
use bytes::Bytes;
use http::Request;

use super::id::{TransactionId, TransactionState, TransactionStatus};

/// Commits a transaction.
///
/// It is not repeated if its response was lost: a coordinator that was restarted would remember the transaction as
/// aborted, whatever became of it. Ask for its [state](crate::GetTransaction) first.
///
/// Over several DB-Servers a commit is not atomic: it may be done in part.
///
/// # Errors
///
/// 404 with error 1655 and 410 with error 1654 if the transaction has ended by a timeout; 400 with error 1653 if it was
/// aborted; 500 with error 28 while another of its requests is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitTransaction {
    /// The transaction.
    pub id: TransactionId,
}

impl Operation for CommitTransaction {
    type Output = ();

    const METADATA: Metadata = Metadata::put("transaction.commit", "/_api/transaction/{transaction}")
        .without_body()
        .scope(Scope::Database);

    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA)
            .affinity(Affinity::Owner)
            .without_time_sharing()
            .without_measuring()
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("transaction", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        match response.json_result::<TransactionStatus>()?.state {
            TransactionState::Committed => Ok(()),
            state => Err(response.invalid(format_args!("after the commit, the transaction is {state}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};
    use arango_protocol::RequestClass;

    #[test]
    fn only_committed_is_a_success_and_only_the_owner_is_asked_once() {
        let commit = CommitTransaction { id: "7337".into() };
        assert_request(&commit, "PUT", "/_api/transaction/7337");
        assert_eq!(commit.properties().class, RequestClass::NonIdempotent);
        assert_eq!(commit.properties().affinity, Affinity::Owner);
        read(&commit, r#"{"error":false,"code":200,"result":{"id":"7337","status":"committed"}}"#);
        for state in ["running", "aborted", "new"] {
            let body = format!(r#"{{"error":false,"code":200,"result":{{"id":"7337","status":"{state}"}}}}"#);
            assert!(commit.output(response(200, &body)).is_err(), "{state}");
        }
    }
}
