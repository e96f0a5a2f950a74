//! A token for a token that ends soon.

use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};

/// Exchanges the user's token that the request carries for a new one, if it ends within 150 seconds.
///
/// The server does not document it. Has no effect on the server, which keeps no list of tokens.
///
/// # Errors
///
/// 404 with error 1703 if the request carries no token of a user, but a password or a superuser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenewToken;

impl Operation for RenewToken {
    /// The new token, a secret; `None` if the old one holds for longer.
    type Output = Option<String>;

    const METADATA: Metadata = Metadata::post("auth.renew", "/_open/auth/renew").safe();

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Option<String>, DecodeError> {
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
    fn a_token_that_holds_for_long_is_not_renewed() {
        let request = RenewToken.request().unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/_open/auth/renew"));
        let read = |body: &'static str| {
            RenewToken.output(ApiResponse::new(StatusCode::OK, HeaderMap::new(), body.into()))
        };
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"jwt":"a.b.c"}"#).unwrap().as_deref(), Some("a.b.c"));
    }
}
