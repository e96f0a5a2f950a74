//! Tokens: what a login gives, and what a program has.

use arango::Credentials;
use arango::protocol::{ApiResponse, LogIn, Operation, token_lifetime};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};

pub(crate) fn token(input: &[u8]) {
    // As what a token claims, in either alphabet.
    let url_safe = token_lifetime(&format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(input)));
    let standard = token_lifetime(&format!("e30.{}.c2ln", BASE64_STANDARD.encode(input)));
    assert_eq!(url_safe, standard);

    // As the answer to a login.
    let answer = ApiResponse::new(StatusCode::OK, HeaderMap::new(), input.to_vec().into());
    let login = LogIn { user: "root", password: "s3cret" };
    if let Ok(token) = login.output(answer) {
        read(&token.expect("only a server without authentication gives none"));
    }

    // As the token itself.
    if let Ok(text) = std::str::from_utf8(input) {
        read(text);
    }
}

fn read(token: &str) {
    let lifetime = token_lifetime(token);
    assert!(lifetime.is_none() || token.contains('.'));
    if let Ok(credentials) = Credentials::token(token) {
        assert_eq!(format!("{credentials:?}"), "Credentials(token)");
    }
}
