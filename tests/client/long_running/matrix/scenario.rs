//! Clusters prepared for the long-running operations.

use std::sync::{Arc, Mutex};

use arango::cluster::{RebalanceOptions, ServerId, ShardMove};
use arango::long_running::PropagationStatus;
use arango::protocol::DatabaseName;
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use super::LongOperation;
use crate::long_running::{SECOND, first_move, skewed_cluster};
use crate::support::{CreateCollection, CreateDatabase, client};

/// A cluster prepared for an operation, with the progress of that operation.
pub(super) struct Scenario {
    pub(super) cluster: Arc<TestCluster>,
    /// The move to make, if the operation is a move.
    pub(super) shard_move: Option<ShardMove>,
    /// Number of planned moves, if the operation is a rebalance.
    pub(super) planned_moves: usize,
    pub(super) server: ServerId,
    /// Servers whose processes were stopped, once for each stop.
    pub(super) restarted: Arc<Mutex<Vec<ServerId>>>,
    pub(super) restarts_done: Mutex<Vec<ServerId>>,
    /// Propagation status at the end of a wait.
    pub(super) propagation: Mutex<Option<PropagationStatus>>,
}

pub(super) fn rebalance_options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

impl Scenario {
    pub(super) async fn new(operation: LongOperation) -> Self {
        let cluster = Arc::new(skewed_cluster().await);
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 4);
        let (mut shard_move, mut planned_moves) = (None, 0);
        match operation {
            LongOperation::Move => shard_move = Some(first_move(&client).await),
            LongOperation::Rebalance => {
                planned_moves =
                    client.cluster().rebalance_plan_with(&rebalance_options()).await.unwrap().moves.len();
            }
            LongOperation::WaitHealthy => {
                cluster.stop_db_server(1);
                sleep(SECOND * 15).await;
                let cluster = Arc::clone(&cluster);
                tokio::spawn(async move {
                    sleep(SECOND * 30).await;
                    cluster.start_db_server(1);
                });
            }
            LongOperation::WaitInSync => {
                cluster.set_sync_time(SECOND * 30);
                cluster.stop_db_server(1);
                cluster.start_db_server(1);
            }
            LongOperation::WaitIdle => {
                drop(client.cluster().rebalance_with(&rebalance_options()).await.unwrap());
            }
            LongOperation::WaitDatabase => {
                cluster.set_propagation(SECOND * 30);
                let name = DatabaseName::new("new").unwrap();
                client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
            }
            LongOperation::WaitCollection => {
                cluster.set_propagation(SECOND * 30);
                client.db("shop").execute(CreateCollection("new")).await.unwrap();
            }
            _ => {}
        }
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        cluster.journal().clear();
        Self {
            cluster,
            shard_move,
            planned_moves,
            server,
            restarted: Arc::default(),
            restarts_done: Mutex::default(),
            propagation: Mutex::default(),
        }
    }
}
