//! Moves the leader of all documents to other DB-Servers.

use std::time::Duration;

use arango::Client;
use arango::cluster::{MoveShard, ServerId};
use arango_test_cluster::TestCluster;
use rand::seq::IndexedRandom as _;
use tokio::time::sleep_until;

use super::BankScenario;
use super::setup::ACCOUNTS;
use crate::sim::scenario::seeded_rng;
use crate::sim::schedule::draw_time;
use crate::sim::trace::Trace;

/// How long it may take to start a move.
const START_LIMIT: Duration = Duration::from_secs(5);

/// Starts all moves, one after the other.
pub(super) async fn run(scenario: &BankScenario, cluster: &TestCluster, admin: &Client, trace: &Trace) {
    let mut rng = seeded_rng(scenario.base.seed, 74);
    let mut moves: Vec<(Duration, String)> = (0..scenario.leader_moves)
        .map(|_| {
            let at = draw_time(&scenario.base, &mut rng);
            (at, cluster.db_server_ids().choose(&mut rng).expect("there are three").clone())
        })
        .collect();
    moves.sort_unstable();
    for (at, to) in moves {
        sleep_until(trace.instant_at(at)).await;
        // It may fail while coordinators or DB-Servers are down, or if it is the leader already.
        let result = start_move(admin, &to).await;
        trace.log(format_args!("LEADER MOVES {}", result.map_or_else(|error| error.to_string(), |()| to)));
    }
}

async fn start_move(admin: &Client, to: &str) -> arango::Result<()> {
    let bank = admin.db("_system").timeout(START_LIMIT);
    for (shard, replicas) in bank.collection(ACCOUNTS).shards().await? {
        let Some(leader) = replicas.leader else { continue };
        let (from, to) = (ServerId::from(leader.as_str()), ServerId::from(to));
        bank.execute(MoveShard::new(ACCOUNTS, &shard, &from, &to)).await?;
    }
    Ok(())
}
