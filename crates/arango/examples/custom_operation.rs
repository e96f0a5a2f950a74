//! A custom operation: a call that the client does not have.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run --example custom_operation
//! ```

use anyhow::{Context, Result};
use arango::Client;
use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Lists the collections of a database.
struct ListCollections {
    /// Whether system collections are excluded.
    exclude_system: bool,
}

/// One collection; other fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    name: String,
    is_system: bool,
}

impl Operation for ListCollections {
    type Output = Vec<Collection>;

    // The metadata decides about retries: a `GET` is safe, so it is retried on another coordinator after any failure.
    const METADATA: Metadata = Metadata::get("collection.list", "/_api/collection")
        .scope(Scope::Database)
        .permission(Permission::Authenticated);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .query("excludeSystem", if self.exclude_system { "true" } else { "false" })
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<Vec<Collection>, OutputError> {
        response.json_result()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS is not set")?;
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
