//! Clusters in which there is something to do.

use std::sync::{Arc, Mutex};

use arango::cluster::{RebalanceOptions, ServerId, ShardMove};
use arango::follow::Known;
use arango::protocol::DatabaseName;
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use super::Work;
use crate::follow::{SECOND, a_move, skewed};
use crate::support::{CreateCollection, CreateDatabase, client};

/// A cluster in which there is something to do, and what is known of how far that has come.
pub(super) struct World {
    pub(super) cluster: Arc<TestCluster>,
    /// What is moved, where one move is the work.
    pub(super) step: Option<ShardMove>,
    /// How many moves there are to make, where a rebalance is.
    pub(super) planned: usize,
    pub(super) server: ServerId,
    /// Whose processes were ended, each time.
    pub(super) restarted: Arc<Mutex<Vec<ServerId>>>,
    pub(super) back: Mutex<Vec<ServerId>>,
    /// Who knew of what was waited for, at the end of the wait.
    pub(super) known: Mutex<Option<Known>>,
}

pub(super) fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

impl World {
    pub(super) async fn of(work: Work) -> Self {
        let cluster = Arc::new(skewed().await);
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 4);
        let (mut step, mut planned) = (None, 0);
        match work {
            Work::Move => step = Some(a_move(&client).await),
            Work::Rebalance => {
                planned = client.cluster().rebalance_plan(&options()).await.unwrap().moves.len();
            }
            Work::Healthy => {
                cluster.stop_db_server(1);
                sleep(SECOND * 15).await;
                let cluster = Arc::clone(&cluster);
                tokio::spawn(async move {
                    sleep(SECOND * 30).await;
                    cluster.start_db_server(1);
                });
            }
            Work::InSync => {
                cluster.set_sync_time(SECOND * 30);
                cluster.stop_db_server(1);
                cluster.start_db_server(1);
            }
            Work::Idle => drop(client.cluster().rebalance(&options()).await.unwrap()),
            Work::Known => {
                cluster.set_propagation(SECOND * 30);
                let name = DatabaseName::new("new").unwrap();
                client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
            }
            Work::Collection => {
                cluster.set_propagation(SECOND * 30);
                client.db("shop").execute(CreateCollection("new")).await.unwrap();
            }
            _ => {}
        }
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        cluster.journal().clear();
        Self {
            cluster,
            step,
            planned,
            server,
            restarted: Arc::default(),
            back: Mutex::default(),
            known: Mutex::default(),
        }
    }
}
