//! Tokens from a login, and tokens from a program.

use arango::Credentials;
use arango::protocol::{ApiResponse, LogIn, Operation, token_lifetime};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};

pub(crate) fn token(input: &[u8]) {
    // As the claims of a token, in either Base64 alphabet.
    let url_safe = token_lifetime(&format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(input)));
    let standard = token_lifetime(&format!("e30.{}.c2ln", BASE64_STANDARD.encode(input)));
    assert_eq!(url_safe, standard);

    // As the response to a login.
    let response = ApiResponse::new(StatusCode::OK, HeaderMap::new(), input.to_vec().into());
    let login = LogIn { user: "root", password: "s3cret" };
    if let Ok(token) = login.output(response) {
        check_token(&token.expect("only a server without authentication returns none"));
    }

    // As the token itself.
    if let Ok(text) = std::str::from_utf8(input) {
        check_token(text);
    }
}

fn check_token(token: &str) {
    let lifetime = token_lifetime(token);
    assert!(lifetime.is_none() || token.contains('.'));
    match Credentials::token(token) {
        Ok(credentials) => assert_eq!(format!("{credentials:?}"), "Credentials(token)"),
        // A shorter one may be a part of the message.
        Err(error) if token.len() >= 24 => {
            let displayed = format!("{error} {error:?}");
            assert!(!displayed.contains(token), "{displayed}");
        }
        Err(_) => {}
    }
}
