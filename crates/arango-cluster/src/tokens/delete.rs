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
/// 404 if there is no such user or token, which is also the response to a repeated request; 403 without permission.
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
        no_payload::expect_empty(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_token_is_deleted_by_id() {
        let delete = DeleteAccessToken { user: "ada", id: 7 };
        assert_request(&delete, "DELETE", "/_api/token/ada/7");
        read(&delete, "{}");
    }
}
