//! Spreading shards evenly, followed to the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use arango::Client;
use arango::cluster::{Imbalance, RebalanceOptions};

use crate::terminal::{Guide, plain};

/// The longest that the moves of the tour may take.
const LONGEST: Duration = Duration::from_secs(120);

pub(crate) async fn to_its_end(guide: &mut Guide, client: &Client) -> Result<()> {
    guide.step("Rebalance the shards, and follow the moves to their end");
    let cluster = client.cluster();
    let before = cluster.imbalance().await?;
    // The factor by which the server itself judges imbalance, so that plan and outcome compare.
    let options = RebalanceOptions::new().move_leaders().move_followers().pi_factor(256e6);
    let plan = cluster.rebalance_plan(&options).await?;
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
    guide.table(&["shard", "database", "moves", "from", "to"], rows, plain);
    guide.fact("planned", &format!("{} moves", plan.moves.len()));

    cluster.execute_moves(&plan.moves).await?;
    let total = plan.moves.len() as u64;
    let bar = guide.progress(total, "moving");
    let began = Instant::now();
    let after = loop {
        let now = cluster.imbalance().await?;
        let left = (now.pending_moves + now.todo_moves) as u64;
        bar.set_position(total.saturating_sub(left));
        if now.is_idle() {
            break now;
        }
        if began.elapsed() > LONGEST {
            bail!("{left} moves are still under way after {LONGEST:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    bar.finish_and_clear();
    guide.fact("moved", &format!("{total} shards in {:.1?}", began.elapsed()));
    guide.table(
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
