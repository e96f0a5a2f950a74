//! Certificates and keys, as an operator puts them into files.

use arango::{Client, Tls};

pub(crate) fn pem(input: &[u8]) {
    for tls in [
        Tls::new().ca_pem(input).given_authorities_only(),
        Tls::new().danger_accept_any_certificate().identity_pem(input, input),
    ] {
        let shown = format!("{tls:?}");
        match Client::builder().hosts("https://127.0.0.1:8529").tls(tls).build() {
            Ok(_) => quotes_nothing(&shown, input),
            Err(error) => quotes_nothing(&format!("{shown} {error} {error:?}"), input),
        }
    }
}

/// A line of a key is as good as the key.
fn quotes_nothing(shown: &str, pem: &[u8]) {
    let lines = pem.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| line.len() >= 24);
    for line in lines.filter_map(|line| std::str::from_utf8(line).ok()) {
        assert!(!shown.contains(line), "{shown}");
    }
}
