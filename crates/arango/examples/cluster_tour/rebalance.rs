//! Rebalances shards and waits for the moves.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use arango::Client;
use arango::cluster::{Imbalance, RebalanceOptions};

use crate::terminal::{TourOutput, plain};

/// The time limit of the moves.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) async fn run(output: &mut TourOutput, client: &Client) -> Result<()> {
    output.step("Rebalance the shards, and wait for the moves");
    let cluster = client.cluster();
    let before = cluster.imbalance().await?;
    // The factor that the server itself uses, so that plan and result can be compared.
    let options = RebalanceOptions::new().move_leaders().move_followers().pi_factor(256e6);
    let plan = cluster.rebalance_plan_with(&options).await?;
    let rows = plan
        .moves
        .iter()
        .take(5)
        .map(|one| {
            let what = if one.is_leader { "leader" } else { "follower" };
            vec![
                one.shard.clone(),
                one.database.clone(),
                what.to_owned(),
                one.from.to_string(),
                one.to.to_string(),
            ]
        })
        .collect();
    output.table(&["shard", "database", "moves", "from", "to"], rows, plain);
    output.entry("planned", &format!("{} moves", plan.moves.len()));

    cluster.execute_moves(&plan.moves).await?;
    let total = plan.moves.len() as u64;
    let bar = output.progress(total, "moving");
    let started_at = Instant::now();
    let after = loop {
        let now = cluster.imbalance().await?;
        let left = (now.pending_moves + now.todo_moves) as u64;
        bar.set_position(total.saturating_sub(left));
        if now.is_idle() {
            break now;
        }
        if started_at.elapsed() > TIMEOUT {
            bail!("{left} moves are still under way after {TIMEOUT:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    bar.finish_and_clear();
    output.entry("moved", &format!("{total} shards in {:.1?}", started_at.elapsed()));
    output.table(
        &["imbalance", "of leaders", "of shards", "leaders per DB-Server", "shards per DB-Server"],
        vec![row("before", &before), row("after", &after)],
        plain,
    );
    let worse = after.leader.imbalance > before.leader.imbalance;
    ensure!(!worse || plan.moves.is_empty(), "the leaders are spread less evenly than before");
    Ok(())
}

fn row(when: &str, imbalance: &Imbalance) -> Vec<String> {
    vec![
        when.to_owned(),
        format!("{:.4e}", imbalance.leader.imbalance),
        format!("{:.4e}", imbalance.shards.imbalance),
        format!("{:?}", imbalance.leader.number_shards),
        format!("{:?}", imbalance.shards.number_shards),
    ]
}
