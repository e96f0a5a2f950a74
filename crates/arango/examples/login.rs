//! Logins with tokens, access for one call or one handle, and a new password while the client runs.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example login
//! ```
//!
//! It creates and drops the database `arango_example_login`.

use anyhow::{Result, ensure};
use arango::data::{Access, Password};
use arango::{Client, ClientBuilder, Credentials};

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    client.create_database("arango_example_login").await?;
    let users = client.users();
    users.create("ada", &Password::new("first")).await?;
    users.grant("ada", "arango_example_login", Access::ReadOnly).await?;

    // The same connections, and another user.
    let as_ada = client.db("arango_example_login").jwt_auth("ada", "first");
    anstream::println!("ada reads: {}", as_ada.version().await?);
    if let Err(error) = as_ada.create_collection("mine").await {
        anstream::println!("ada does not write: {error}");
    }

    // A client of ada's. Its password changes while it runs: calls in progress end with the old one.
    let hers = ClientBuilder::from_env()?.jwt_auth("ada", "first").build()?;
    hers.db("arango_example_login").version().await?;
    users.set_password("ada", &Password::new("second")).await?;
    hers.reconfigure().set_credentials(Credentials::jwt("ada", "second"));
    ensure!(hers.db("arango_example_login").version().await.is_ok(), "the new password is accepted");
    anstream::println!("ada has a new password");

    users.remove("ada").await?;
    client.drop_database("arango_example_login").await?;
    Ok(())
}
