//! The state of one transaction.

use arango_protocol::{
    Affinity, ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestProperties,
    Scope,
};
use bytes::Bytes;
use http::Request;

use super::id::{TransactionId, TransactionState, TransactionStatus};

/// Returns whether a transaction is open.
///
/// The coordinator remembers one that has ended for 10 minutes.
///
/// # Errors
///
/// 404 with error 1655 if the coordinator does not know it: it ended earlier, or the coordinator was restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetTransaction {
    /// The transaction.
    pub id: TransactionId,
}

impl Operation for GetTransaction {
    type Output = TransactionState;

    const METADATA: Metadata =
        Metadata::get("transaction.get", "/_api/transaction/{transaction}").scope(Scope::Database);

    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).affinity(Affinity::OwnerThenForward)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("transaction", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<TransactionState, OutputError> {
        response.json_result::<TransactionStatus>().map(|status| status.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_state_may_be_unknown() {
        let get = GetTransaction { id: "7337".into() };
        assert_request(&get, "GET", "/_api/transaction/7337");
        for (text, state) in [
            ("running", TransactionState::Running),
            ("committed", TransactionState::Committed),
            ("aborted", TransactionState::Aborted),
            ("paused", TransactionState::Unknown("paused".to_owned())),
        ] {
            let body = format!(r#"{{"error":false,"code":200,"result":{{"id":"7337","status":"{text}"}}}}"#);
            assert_eq!(read(&get, &body), state);
        }
    }
}
