//! A map of the shards, before and after a rebalance: which DB-Server leads how many shards of each collection.
//!
//! ```text
//! cargo xtask test-cluster run --skewed -- cargo run -p arango --example shard_map
//! cargo xtask test-cluster run --skewed -- cargo run -p arango --example shard_map -- --picture shards.svg
//! ```

mod map;
mod picture;
mod terminal;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use arango::Client;
use arango::cluster::RebalanceOptions;
use arango::long_running::PollOptions;
use clap::Parser;

use crate::map::ShardMap;

/// No move is started after this time.
const LIMIT: Duration = Duration::from_secs(120);

/// Rebalances the shards, and shows them before and after.
#[derive(Debug, Parser)]
struct Arguments {
    /// Also write both maps as a picture, an SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let client = Client::from_env()?;

    let before = ShardMap::read(&client).await?;
    anstream::println!("before\n{}", terminal::table(&before));

    // The factor keeps the leaders of each collection apart, not only all leaders together.
    let options = RebalanceOptions::new().move_leaders().move_followers().pi_factor(256e6);
    let moves = client.cluster().prepare_rebalance(&options).await?;
    let report = moves.execute(PollOptions::default().timeout(LIMIT)).wait().await?;

    let after = ShardMap::read(&client).await?;
    anstream::println!("after {} moves\n{}", report.completed.len(), terminal::table(&after));
    if let Some(path) = arguments.picture {
        let title = format!("after {} moves", report.completed.len());
        let picture = picture::svg(&[("before the rebalance", &before), (&title, &after)]);
        fs::write(&path, picture).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
