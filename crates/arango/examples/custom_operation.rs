//! A custom operation: a call that the client does not have.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example custom_operation
//! ```

use anyhow::Result;
use arango::Client;
use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::Deserialize;

/// Returns which queries the coordinator that responds tracks.
struct GetQueryTracking;

/// The settings; other fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryTracking {
    enabled: bool,
    /// In seconds.
    slow_query_threshold: f64,
    max_slow_queries: u64,
}

impl Operation for GetQueryTracking {
    type Output = QueryTracking;

    // The metadata decides about retries: a `GET` is safe, so it is retried on another coordinator after any failure.
    const METADATA: Metadata = Metadata::get("query.tracking", "/_api/query/properties")
        .scope(Scope::Database)
        .permission(Permission::Authenticated);

    fn output(&self, response: ApiResponse) -> Result<QueryTracking, OutputError> {
        response.json()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;

    let tracking = client.db("_system").execute(GetQueryTracking).await?;
    anstream::println!("queries are tracked: {}", tracking.enabled);
    anstream::println!(
        "slow ones take longer than {} s; the latest {} are kept",
        tracking.slow_query_threshold,
        tracking.max_slow_queries
    );
    Ok(())
}
