//! Deleting an access token.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use bytes::Bytes;
use http::Request;

use crate::types::no_payload;

/// Deletes an access token of a user. Since 3.12.5.
///
/// Users can delete tokens of their account; those of other users require an administrator.
///
/// # Errors
///
/// 404 with error 1703 if there is no such user; 403 without permission. A token that does not exist counts as deleted,
/// so a repeated request succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteAccessToken<'a> {
    /// The user of the token.
    pub user: &'a str,
    /// The [id](crate::AccessToken::id) of the token.
    pub id: u64,
}

impl Operation for DeleteAccessToken<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("user.delete_access_token", "/_api/token/{user}/{id}")
        .idempotent() // the named token does not exist afterwards
        .since("3.12.5");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("user", self.user)
            .path_param("id", &self.id.to_string())
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        // Servers send no body at all. A proxy does, too, so the head must name ArangoDB.
        no_payload::expect_no_body(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{arangodb_response, assert_request, response};

    #[test]
    fn a_token_is_deleted_by_id() {
        let delete = DeleteAccessToken { user: "ada", id: 7 };
        assert_request(&delete, "DELETE", "/_api/token/ada/7");
    }

    #[test]
    fn an_empty_body_is_a_success_only_of_arangodb() {
        let delete = DeleteAccessToken { user: "ada", id: 7 };
        for body in ["", "{}", r#"{"error":false,"code":200}"#] {
            assert!(delete.output(arangodb_response(200, body)).is_ok(), "{body}");
        }
        assert!(delete.output(response(200, "")).is_err());
        assert!(delete.output(arangodb_response(200, "ok")).is_err());
    }
}
