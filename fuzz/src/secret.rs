//! The file with the JWT secret, and tokens signed with it.

use std::time::Duration;

use arango::protocol::token_lifetime;
use arango::transport::secrecy::ExposeSecret;
use arango::{Superuser, TokenSource};
use tempfile::NamedTempFile;

use super::peer::runtime;

thread_local! {
    static FILE: NamedTempFile = NamedTempFile::new().expect("a temporary file can be created");
}

pub(crate) fn secret(input: &[u8]) {
    FILE.with(|file| {
        std::fs::write(file, input).expect("the file can be written");
        match runtime().block_on(Superuser::from_file(file.path()).token()) {
            Ok(token) => {
                let text = std::str::from_utf8(input).expect("a secret is UTF-8").trim();
                assert!(!text.is_empty(), "an empty secret signs nothing");
                assert_eq!(token_lifetime(token.expose_secret()), Some(Duration::from_secs(3600)));
                assert_eq!(token.expose_secret().split('.').count(), 3);
            }
            Err(error) => {
                let text = std::str::from_utf8(input).map(str::trim);
                assert!(text.is_err() || text == Ok(""), "{error}");
                assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
            }
        }
    });
}
