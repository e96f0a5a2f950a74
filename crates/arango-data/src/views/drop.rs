//! Dropping a view.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};

use super::info::{GetView, ViewInfo};
use crate::drop_status::DropStatus;
use crate::expected_error::{accept_error, is_response_lost};

/// Drops a view. The documents of its collections stay.
///
/// It is not repeated if its response was lost, since a late copy would drop the next view of that name. A view that is
/// not there is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropView {
    /// The name.
    pub name: String,
}

impl Operation for DropView {
    type Output = DropStatus;

    const METADATA: Metadata = Metadata::delete("view.drop", "/_api/view/{view}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("view", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DropStatus, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, ErrorNumber::DATA_SOURCE_NOT_FOUND)
                .map(|()| DropStatus::NotFound);
        }
        response.json_result::<bool>().map(|_| DropStatus::Dropped)
    }
}

impl Resolve for DropView {
    type Question = GetView;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetView> {
        is_response_lost(failure).then(|| GetView { name: self.name.clone() })
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<ViewInfo>, &ErrorObject>,
    ) -> Conclusion<DropStatus> {
        DropStatus::conclude(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_missing_view_is_no_error_and_a_lost_drop_is_not_repeated() {
        let drop = DropView { name: "v".to_owned() };
        assert_request(&drop, "DELETE", "/_api/view/v");
        assert_eq!(drop.properties().class, RequestClass::NonIdempotent);
        let output = |status, body: &str| drop.output(response(status, body));
        assert_eq!(output(200, r#"{"error":false,"code":200,"result":true}"#).unwrap(), DropStatus::Dropped);
        let missing = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"not found"}"#;
        assert_eq!(output(404, missing).unwrap(), DropStatus::NotFound);
        assert!(output(404, &missing.replace("1203", "1228")).is_err());
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(drop.question(&lost).is_some());
        assert_eq!(drop.conclusion(&lost, Ok(None)), Conclusion::Executed(DropStatus::Dropped));
    }
}
