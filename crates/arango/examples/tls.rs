//! TLS with an authority of the deployment, and a login whose token is renewed.
//!
//! ```text
//! cargo xtask test-cluster run --tls -- cargo run -p arango --example tls
//! ```

use anyhow::{Context, Result};
use arango::{Client, Tls, TlsVersion};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS is not set")?;
    let password = std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default();
    let authority =
        std::env::var("ARANGO_CA_FILE").context("ARANGO_CA_FILE is not set: run it with --tls")?;

    let client = Client::builder()
        .hosts(&endpoints)
        // Beside the authorities of the system. The file is read by `build`, which names it if it cannot be used.
        .tls(Tls::new().ca_file(authority).minimum_version(TlsVersion::Tls13))
        // The password is sent once, to log in; then the token, which is renewed before it expires.
        .jwt_auth("root", password)
        .build()?;
    anstream::println!("over TLS: ArangoDB {}", client.db("_system").version().await?);

    // Without the authority no certificate is accepted, and the error says why.
    let untrusting = Client::builder().hosts(&endpoints).build()?;
    if let Err(error) = untrusting.db("_system").version().await {
        anstream::println!("without the authority: {error}");
    }
    Ok(())
}
