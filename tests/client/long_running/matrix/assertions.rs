//! Assertions on the state after each operation.

use arango::Client;
use arango::cluster::{AgencyJob, CollectionShards, SupervisionMode};

use super::scenario::rebalance_options;
use super::{LongOperation, Scenario};
use crate::long_running::executions;
use crate::support::{InMemoryConnector, client};

impl Scenario {
    /// Asserts that the operation is complete and that nothing was started twice. `again` is the number of jobs that
    /// failed or were cancelled.
    pub(super) async fn assert_done_once(&self, operation: LongOperation, again: usize, case: &str) {
        let client = client(&self.cluster);
        let admin = client.cluster();
        self.assert_started_once(operation, again, case);
        match operation {
            LongOperation::Move | LongOperation::CleanOut | LongOperation::Resignation => {
                let jobs = admin.agency_jobs().await.unwrap();
                assert!(jobs.iter().all(AgencyJob::is_over), "{case}: {jobs:?}");
            }
            LongOperation::Rebalance => {
                assert!(admin.imbalance().await.unwrap().is_idle(), "{case}");
                assert!(
                    admin.rebalance_plan_with(&rebalance_options()).await.unwrap().moves.is_empty(),
                    "{case}"
                );
            }
            LongOperation::Decommission => {
                assert!(!self.cluster.db_server_ids().contains(&self.server.as_str().to_owned()), "{case}");
            }
            LongOperation::Restart => {
                self.assert_each_was_restarted_once(case);
                self.assert_in_sync(&client, case).await;
            }
            LongOperation::WaitHealthy => assert!(admin.health().await.unwrap().all_good(), "{case}"),
            LongOperation::WaitInSync => self.assert_in_sync(&client, case).await,
            LongOperation::WaitIdle => assert!(admin.imbalance().await.unwrap().is_idle(), "{case}"),
            LongOperation::WaitDatabase | LongOperation::WaitCollection => {
                self.assert_propagated(operation, case).await;
            }
            LongOperation::HoldMaintenance => {
                assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Normal, "{case}");
            }
            LongOperation::HoldServerMaintenance => {
                assert!(admin.server_maintenance(&self.server).await.unwrap().is_none(), "{case}");
            }
            // Their results were asserted by `run`.
            LongOperation::OnEachCoordinator | LongOperation::OnEachDbServer => {}
        }
    }

    fn assert_started_once(&self, operation: LongOperation, again: usize, case: &str) {
        let mut once = [("moveShard", 0), ("cleanOutServer", 0), ("resignLeadership", 0)];
        match operation {
            LongOperation::Move => once[0].1 = 1,
            LongOperation::Rebalance => once[0].1 = self.planned_moves,
            LongOperation::CleanOut => once[1].1 = 1,
            LongOperation::Resignation => once[2].1 = 1,
            LongOperation::Decommission => (once[1].1, once[2].1) = (1, 1),
            LongOperation::Restart => once[2].1 = 3,
            _ => {}
        }
        for (command, once) in once {
            let started = executions(&self.cluster, command);
            let max = match (operation, command) {
                _ if once == 0 => 0,
                // An operation lost between the resignation and its next step resigns once more.
                (LongOperation::Decommission | LongOperation::Restart, "resignLeadership") => {
                    once + again.max(1)
                }
                _ => once + again,
            };
            assert!(
                (once..=max).contains(&started),
                "{case}: {command} {started} times, not {once} to {max}"
            );
        }
    }

    fn assert_each_was_restarted_once(&self, case: &str) {
        let mut restarted = self.restarted.lock().unwrap().clone();
        assert_eq!(restarted.len(), 6, "{case}: {restarted:?}");
        restarted.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        restarted.dedup();
        assert_eq!(restarted.len(), 6, "{case}: {restarted:?}");
    }

    async fn assert_in_sync(&self, client: &Client, case: &str) {
        for database in client.cluster().shard_statistics_by_database().await.unwrap().into_keys() {
            let shards = client.db(&database).cluster().shard_distribution().await.unwrap();
            assert!(shards.collections.values().all(CollectionShards::is_in_sync), "{case}: {database}");
        }
    }

    /// Asserts that all running coordinators know the database or collection. One coordinator may be down.
    async fn assert_propagated(&self, operation: LongOperation, case: &str) {
        let status =
            self.propagation.lock().unwrap().take().expect("waiting for propagation records the status");
        let alive: Vec<_> = self.cluster.coordinators().iter().filter(|one| one.is_up()).collect();
        let dead = 3 - alive.len();
        assert_eq!(
            (status.known_to.len(), status.unknown_to.len(), status.unreachable.len()),
            (3 - dead, 0, dead),
            "{case}: {status:?}"
        );
        if operation == LongOperation::WaitCollection {
            return;
        }
        for one in alive {
            let builder = Client::builder()
                .hosts([one.url()])
                .basic_auth("root", self.cluster.root_password())
                .connect(InMemoryConnector::new(&self.cluster));
            let version = builder.build().unwrap().db("new").version().await;
            assert!(version.is_ok(), "{case}: {version:?}");
        }
    }
}
