//! Renewing a token that expires soon.

use serde::Deserialize;

use crate::api_response::ApiResponse;
use crate::metadata::Metadata;
use crate::operation::Operation;
use crate::output_error::OutputError;

/// Exchanges the request's user token for a new one.
///
/// Only a token that expires within 150 seconds is exchanged.
///
/// The server does not document it. Has no effect on the server, which keeps no list of tokens.
///
/// # Errors
///
/// 404 with error 1703 if the request carries no user token, but a password or a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenewToken;

impl Operation for RenewToken {
    /// The new token, a secret; `None` if the old one is valid for longer.
    type Output = Option<String>;

    const METADATA: Metadata = Metadata::post("auth.renew", "/_open/auth/renew").without_body().safe();

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<String>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            jwt: Option<String>,
        }
        response.json::<Body>().map(|body| body.jwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    #[test]
    fn a_token_with_a_long_remaining_lifetime_is_not_renewed() {
        let request = RenewToken.request().unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/_open/auth/renew"));
        let read = |body: &'static str| {
            RenewToken.output(ApiResponse::new(StatusCode::OK, HeaderMap::new(), body.into()))
        };
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"jwt":"a.b.c"}"#).unwrap().as_deref(), Some("a.b.c"));
    }
}
