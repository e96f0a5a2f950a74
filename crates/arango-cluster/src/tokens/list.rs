//! Listing access tokens.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use super::PATH;
use crate::tokens::AccessToken;

/// Lists the access tokens of a user. Since 3.12.5.
///
/// Users can list tokens of their account; those of other users require an administrator.
///
/// # Errors
///
/// 404 if there is no such user; 403 without permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListAccessTokens<'a> {
    /// The user of the tokens.
    pub user: &'a str,
}

impl Operation for ListAccessTokens<'_> {
    type Output = Vec<AccessToken>;

    const METADATA: Metadata = Metadata::get("user.access_tokens", PATH).since("3.12.5");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", self.user).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<AccessToken>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            tokens: Vec<AccessToken>,
        }
        response.json::<Body>().map(|body| body.tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn tokens_are_listed_without_their_secrets() {
        let list = ListAccessTokens { user: "ada/b" };
        assert_request(&list, "GET", "/_api/token/ada%2Fb");
        let tokens = read(
            &list,
            r#"{"tokens":[{"id":7,"name":"ci","valid_until":1800000000,"created_at":1763632800,
                "fingerprint":"v1...abc","active":false}]}"#,
        );
        assert_eq!((tokens[0].id, tokens[0].fingerprint.as_str(), tokens[0].active), (7, "v1...abc", false));
        assert_rejected(&ListAccessTokens { user: "" }, "the path segment `user` is empty");
    }
}
