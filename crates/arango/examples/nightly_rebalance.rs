//! A rebalance within limits, as a nightly job would run it.
//!
//! ```text
//! cargo xtask test-cluster run --skewed -- cargo run -p arango --example nightly_rebalance
//! ```

use std::time::Duration;

use anyhow::{Result, ensure};
use arango::Client;
use arango::cluster::RebalanceOptions;
use arango::long_running::{PollOptions, StopReason};

/// At most this many shards are moved in one night,
const MOVES_PER_NIGHT: usize = 20;
/// this many at a time,
const AT_ONCE: usize = 2;
/// and no move is started after this time.
const WINDOW: Duration = Duration::from_secs(4 * 60 * 60);

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    let cluster = client.cluster();

    let health = cluster.health().await?;
    ensure!(health.all_good(), "nothing is moved while a server is not good:\n{health}");

    let options = RebalanceOptions::new().move_leaders().maximum_moves(MOVES_PER_NIGHT);
    let prepared = cluster.prepare_rebalance(&options).await?;
    anstream::println!("{}", prepared.plan());

    let mut moves = prepared.max_concurrent(AT_ONCE).execute(PollOptions::default().timeout(WINDOW));
    while let Some(step) = moves.next().await {
        anstream::println!("{step}");
    }
    let report = match moves.wait().await {
        Ok(report) => report,
        // The window is over. Moves in progress go on, and the next night makes another plan.
        Err(stopped) if matches!(stopped.reason(), StopReason::TimedOut { .. }) => stopped.into_parts().0,
        Err(stopped) => return Err(stopped.into()),
    };
    anstream::println!("{} of the moves are completed", report.completed.len());
    Ok(())
}
