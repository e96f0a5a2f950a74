//! Creating an access token.

use std::time::{SystemTime, UNIX_EPOCH};

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use super::PATH;
use crate::tokens::{AccessToken, AccessTokenSecret};

/// A newly created access token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct NewAccessToken {
    /// The properties of the token, without its secret.
    #[serde(flatten)]
    pub info: AccessToken,
    /// The secret. **It is not returned again.**
    pub token: AccessTokenSecret,
}

/// Creates an access token for a user. Since 3.12.5.
///
/// Users can create tokens of their account; those of other users require an administrator.
///
/// # Errors
///
/// 409 if the user has a token of that name, possibly created by this call if its response was lost; 404 if there is
/// no such user; 403 without permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateAccessToken<'a> {
    /// The user of the token.
    pub user: &'a str,
    /// Its name, unique among the user's tokens.
    pub name: &'a str,
    /// When it expires; the server counts whole seconds.
    pub valid_until: SystemTime,
}

impl Operation for CreateAccessToken<'_> {
    type Output = NewAccessToken;

    // Not idempotent: a repeated request is refused with 409, and the secret of the first token cannot be read any
    // more.
    const METADATA: Metadata = Metadata::post("user.create_access_token", PATH).since("3.12.5");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            name: &'a str,
            valid_until: u64,
        }
        let since_1970 = self.valid_until.duration_since(UNIX_EPOCH);
        let Ok(valid_until) = since_1970.map(|time| time.as_secs()) else {
            return Err(BuildError::Field { field: "valid_until", reason: "is before 1970" });
        };
        RequestBuilder::new(Self::METADATA)
            .path_param("user", self.user)
            .json(&Body { name: self.name, valid_until })
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<NewAccessToken, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, read_secret};
    use std::time::Duration;

    #[test]
    fn the_token_is_returned_once_and_not_printed() {
        let valid_until = UNIX_EPOCH + Duration::from_millis(1_800_000_000_900);
        let create = CreateAccessToken { user: "ada", name: "ci", valid_until };
        assert_request_with_body(
            &create,
            "POST",
            "/_api/token/ada",
            r#"{"name":"ci","valid_until":1800000000}"#,
        );
        let new = read_secret(
            &create,
            r#"{"id":7,"name":"ci","valid_until":1800000000,"created_at":1763632800,"fingerprint":"v1...abc",
                "active":true,"token":"v1.s3cret"}"#,
        );
        assert_eq!((new.info.id, new.info.name.as_str(), new.info.active), (7, "ci", true));
        assert_eq!(
            (new.token.expose(), new.info.valid_until.time()),
            ("v1.s3cret", Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)))
        );
        assert!(!format!("{new:?}").contains("s3cret"));
        let early = CreateAccessToken { valid_until: UNIX_EPOCH - Duration::from_secs(1), ..create };
        assert_rejected(&early, "`valid_until` is before 1970");
    }
}
