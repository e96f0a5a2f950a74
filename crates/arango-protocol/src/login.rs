//! Logging in: exchanges a password for a token.

use std::time::Duration;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::SERVER;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api_response::ApiResponse;
use crate::build_error::BuildError;
use crate::error::object::ErrorObject;
use crate::metadata::{Metadata, Permission};
use crate::operation::Operation;
use crate::output_error::OutputError;
use crate::request_builder::RequestBuilder;

/// Exchanges a user's password for a token, valid on every coordinator.
///
/// Has no effect on the server, which keeps no list of tokens.
#[derive(Clone, Copy)]
pub struct LogIn<'a> {
    /// The user.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
}

impl Operation for LogIn<'_> {
    /// The token; `None` if authentication is disabled on the server.
    type Output = Option<String>;

    const METADATA: Metadata = Metadata::post("auth.log_in", "/_open/auth")
        .safe()
        .permission(Permission::None)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            username: &'a str,
            password: &'a str,
        }
        RequestBuilder::new(Self::METADATA)
            .json(&Body { username: self.user, password: self.password })
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<String>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            jwt: String,
        }
        if response.status() == StatusCode::NOT_FOUND && is_from_arangodb(&response) {
            return Ok(None);
        }
        let body = if response.status().is_success() { response.json::<Body>().ok() } else { None };
        body.map(|body| Some(body.jwt)).ok_or_else(|| foreign_response(&response))
    }
}

/// Returns whether ArangoDB wrote a response: by its error object, or by its headers if the body is empty.
fn is_from_arangodb(response: &ApiResponse) -> bool {
    if !response.bytes().is_empty() {
        return ErrorObject::parse(response.bytes()).is_some();
    }
    let headers = response.headers();
    headers.get(SERVER).is_some_and(|server| server == "ArangoDB")
        || headers.keys().any(|name| name.as_str().starts_with("x-arango-"))
}

/// Returns the error for a login response that is not from ArangoDB.
fn foreign_response(response: &ApiResponse) -> OutputError {
    OutputError::decode(response, ".".to_owned(), &serde::de::Error::custom("the response contains no token"))
}

impl std::fmt::Debug for LogIn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Returns a token's lifetime from its claims; `None` if it has none.
///
/// It is the difference of the claims `exp` and `iat`, since the server's clock may differ from the client's. The
/// token is not verified, which only the server can do. Servers encode the parts of a token in either base64
/// alphabet, with padding or without.
#[must_use]
pub fn token_lifetime(token: &str) -> Option<Duration> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
        iat: f64,
    }
    let payload = token.split('.').nth(1)?;
    let decoded = GeneralPurpose::new(&URL_SAFE, LENIENT)
        .decode(payload)
        .or_else(|_| GeneralPurpose::new(&STANDARD, LENIENT).decode(payload))
        .ok()?;
    let claims: Claims = serde_json::from_slice(&decoded).ok()?;
    Duration::try_from_secs_f64(claims.exp - claims.iat).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    #[test]
    fn a_login_is_a_post_without_effect_whose_password_is_not_printed() {
        let login = LogIn { user: "ada", password: "s3cret" };
        let request = login.request().unwrap();
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/_open/auth"));
        assert_eq!(request.body(), r#"{"username":"ada","password":"s3cret"}"#);
        assert!(!format!("{login:?}").contains("s3cret"));
    }

    #[test]
    fn a_server_without_authentication_returns_no_token() {
        let unknown = r#"{"code":404,"error":true,"errorMessage":"unknown path","errorNum":404}"#;
        assert_eq!(login(404, &[], unknown).unwrap(), None);
        assert_eq!(login(404, &[("server", "ArangoDB")], "").unwrap(), None);
        assert_eq!(login(404, &[("x-arango-queue-time-seconds", "0.0")], "").unwrap(), None);
        assert_eq!(login(200, &[], r#"{"jwt":"a.b.c"}"#).unwrap().as_deref(), Some("a.b.c"));
    }

    #[test]
    fn a_foreign_response_is_neither_a_token_nor_its_absence() {
        let nginx = [("server", "nginx"), ("content-type", "text/html")];
        for (status, headers, body) in [
            (404, &nginx[..], "<html>"),
            (404, &nginx, ""),
            (404, &[], ""),
            (404, &nginx, r#"{"message":"no such route"}"#),
            (404, &nginx, r#"{"jwt":"a.b.c"}"#),
            (404, &[("server", "ArangoDB")], "<html>"),
            (200, &nginx, "<html>"),
            (200, &[], "{}"),
            (200, &[], ""),
        ] {
            assert_eq!(login(status, headers, body).unwrap_err().status(), status);
        }
    }

    fn login(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Option<String>, OutputError> {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (parts, body) = response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap().into_parts();
        LogIn { user: "", password: "" }.output(ApiResponse::new(parts.status, parts.headers, body))
    }

    #[test]
    fn a_lifetime_is_read_in_either_alphabet_or_is_none() {
        let claims = r#"{"preferred_username":"??>>","exp":4600.5,"iat":1000}"#;
        for payload in [BASE64_STANDARD.encode(claims), BASE64_URL_SAFE_NO_PAD.encode(claims)] {
            let lifetime = token_lifetime(&format!("head.{payload}.signature"));
            assert_eq!(lifetime, Some(Duration::from_millis(3_600_500)));
        }
        let backwards = BASE64_STANDARD.encode(r#"{"exp":1,"iat":2}"#);
        for token in ["", "a.b", "a..c", &format!("a.{backwards}.c"), "a.e30.c"] {
            assert_eq!(token_lifetime(token), None, "{token}");
        }
    }

    proptest! {
        #[test]
        fn a_lifetime_is_the_time_between_the_claims(iat in 0..1_u64 << 40, lifetime in 0..1_u64 << 40, other: String) {
            let claims = serde_json::json!({ "sub": other, "iat": iat, "exp": iat + lifetime }).to_string();
            let token = format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims));
            prop_assert_eq!(token_lifetime(&token), Some(Duration::from_secs(lifetime)));
        }

        #[test]
        fn no_claims_make_the_parser_panic(token: String, exp: f64, iat: f64, payload: Vec<u8>) {
            _ = token_lifetime(&token);
            _ = token_lifetime(&format!("a.{}.c", BASE64_STANDARD.encode(payload)));
            _ = token_lifetime(&format!("a.{}.c", BASE64_STANDARD.encode(format!(r#"{{"exp":{exp:e},"iat":{iat:e}}}"#))));
        }
    }
}
