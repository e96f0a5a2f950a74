//! Certificates and keys, as an operator writes them to files.

use arango::{Client, Tls};

pub(crate) fn pem(input: &[u8]) {
    for tls in [
        Tls::new().ca_pem(input).given_authorities_only(),
        Tls::new().danger_accept_any_certificate().identity_pem(input, input),
    ] {
        let displayed = format!("{tls:?}");
        match Client::builder().hosts("https://127.0.0.1:8529").tls(tls).build() {
            Ok(_) => assert_not_leaked(&displayed, input),
            Err(error) => assert_not_leaked(&format!("{displayed} {error} {error:?}"), input),
        }
    }
}

/// Checks that no line is displayed: a part of a key is as sensitive as the key.
fn assert_not_leaked(displayed: &str, pem: &[u8]) {
    let lines = pem.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| line.len() >= 24);
    for line in lines.filter_map(|line| std::str::from_utf8(line).ok()) {
        assert!(!displayed.contains(line), "{displayed}");
    }
}
