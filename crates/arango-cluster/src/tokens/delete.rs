//! Ending an access token.

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;
use http::Request;

use crate::no_payload;

/// Ends an access token of a user, for good. Since 3.12.5.
///
/// Users may end their own; those of others take an administrator.
///
/// # Errors
///
/// 404 if there is no such user or token, which is also the answer to a second time; 403 if the user may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteAccessToken<'a> {
    /// Whose it is.
    pub user: &'a str,
    /// The [id](crate::AccessToken::id) of the token.
    pub id: u64,
}

impl Operation for DeleteAccessToken<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("user.delete_access_token", "/_api/token/{user}/{id}")
        .idempotent() // a named thing is gone
        .since("3.12.5");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("user", self.user)
            .path_param("id", &self.id.to_string())
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        no_payload::nothing(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn a_token_is_ended_by_its_id() {
        let delete = DeleteAccessToken { user: "ada", id: 7 };
        assert_asks(&delete, "DELETE", "/_api/token/ada/7");
        read(&delete, "{}");
    }
}
