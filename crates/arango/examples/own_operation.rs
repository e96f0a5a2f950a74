//! A call that the client does not have: what a program writes to add it.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run --example own_operation
//! ```

use anyhow::{Context, Result};
use arango::Client;
use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Lists the collections of a database.
struct ListCollections {
    /// Whether those that the server keeps for itself are left out.
    exclude_system: bool,
}

/// One collection; the fields that are not needed are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    name: String,
    is_system: bool,
}

impl Operation for ListCollections {
    type Output = Vec<Collection>;

    // What the client may do when something goes wrong follows from these: a `GET` is safe, so it is
    // sent again to another coordinator whatever happened to the first one.
    const METADATA: Metadata = Metadata::get("collection.list", "/_api/collection")
        .scope(Scope::Database)
        .permission(Permission::Authenticated);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .query("excludeSystem", if self.exclude_system { "true" } else { "false" })
            .build()
    }

    fn output(&self, answer: ApiResponse) -> Result<Vec<Collection>, DecodeError> {
        answer.json_result()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS names no coordinators")?;
    let password = std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default();
    let client = Client::builder().hosts(&*endpoints).basic_auth("root", &password).build()?;

    let collections = client.db("_system").execute(ListCollections { exclude_system: false }).await?;
    for collection in &collections {
        let kind = if collection.is_system { "system" } else { "user" };
        anstream::println!("{:<24} {kind}", collection.name);
    }
    anstream::println!("{} collections", collections.len());
    Ok(())
}
