//! What each work leaves behind once it is done.

use arango::Client;
use arango::cluster::{AgencyJob, CollectionShards, SupervisionMode};

use super::world::options;
use super::{Work, World};
use crate::follow::executions;
use crate::support::{Memory, client};

impl World {
    /// Asserts that the work has come to its end, and that nothing was begun more often than it failed or was cancelled.
    pub(super) async fn assert_done_once(&self, work: Work, again: usize, what: &str) {
        let client = client(&self.cluster);
        let admin = client.cluster();
        self.assert_begun_once(work, again, what);
        match work {
            Work::Move | Work::CleanOut | Work::Resignation => {
                let jobs = admin.agency_jobs().await.unwrap();
                assert!(jobs.iter().all(AgencyJob::is_over), "{what}: {jobs:?}");
            }
            Work::Rebalance => {
                assert!(admin.imbalance().await.unwrap().is_idle(), "{what}");
                assert!(admin.rebalance_plan(&options()).await.unwrap().moves.is_empty(), "{what}");
            }
            Work::Drain => {
                assert!(!self.cluster.db_server_ids().contains(&self.server.as_str().to_owned()), "{what}");
            }
            Work::Restart => {
                self.assert_each_was_restarted_once(what);
                self.assert_in_sync(&client, what).await;
            }
            Work::Healthy => assert!(admin.health().await.unwrap().all_good(), "{what}"),
            Work::InSync => self.assert_in_sync(&client, what).await,
            Work::Idle => assert!(admin.imbalance().await.unwrap().is_idle(), "{what}"),
            Work::Known | Work::Collection => self.assert_known(work, what).await,
            Work::Maintenance => {
                assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Normal, "{what}");
            }
            Work::ServerMaintenance => {
                assert!(admin.server_maintenance(&self.server).await.unwrap().is_none(), "{what}");
            }
            // What came of them was asserted on the way.
            Work::EachCoordinator | Work::EachDbServer => {}
        }
    }

    fn assert_begun_once(&self, work: Work, again: usize, what: &str) {
        let mut once = [("moveShard", 0), ("cleanOutServer", 0), ("resignLeadership", 0)];
        match work {
            Work::Move => once[0].1 = 1,
            Work::Rebalance => once[0].1 = self.planned,
            Work::CleanOut => once[1].1 = 1,
            Work::Resignation => once[2].1 = 1,
            Work::Drain => (once[1].1, once[2].1) = (1, 1),
            Work::Restart => once[2].1 = 3,
            _ => {}
        }
        for (command, once) in once {
            let begun = executions(&self.cluster, command);
            let most = match (work, command) {
                _ if once == 0 => 0,
                // What is lost between a resignation and what comes after it resigns once more.
                (Work::Drain | Work::Restart, "resignLeadership") => once + again.max(1),
                _ => once + again,
            };
            assert!((once..=most).contains(&begun), "{what}: {command} {begun} times, not {once} to {most}");
        }
    }

    fn assert_each_was_restarted_once(&self, what: &str) {
        let mut restarted = self.restarted.lock().unwrap().clone();
        assert_eq!(restarted.len(), 6, "{what}: {restarted:?}");
        restarted.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        restarted.dedup();
        assert_eq!(restarted.len(), 6, "{what}: {restarted:?}");
    }

    async fn assert_in_sync(&self, client: &Client, what: &str) {
        for database in client.cluster().shard_statistics_by_database().await.unwrap().into_keys() {
            let shards = client.db(&database).cluster().shard_distribution().await.unwrap();
            assert!(shards.collections.values().all(CollectionShards::is_in_sync), "{what}: {database}");
        }
    }

    /// One of the coordinators may be dead.
    async fn assert_known(&self, work: Work, what: &str) {
        let told = self.known.lock().unwrap().take().expect("who waits until it is known notes who knows it");
        let alive: Vec<_> = self.cluster.coordinators().iter().filter(|one| one.is_up()).collect();
        let dead = 3 - alive.len();
        assert_eq!(
            (told.by.len(), told.unknown_to.len(), told.unasked.len()),
            (3 - dead, 0, dead),
            "{what}: {told:?}"
        );
        if work == Work::Collection {
            return;
        }
        for one in alive {
            let its = Client::builder()
                .hosts([one.url()])
                .basic_auth("root", self.cluster.root_password())
                .connect(Memory::of(&self.cluster));
            let answer = its.build().unwrap().db("new").version().await;
            assert!(answer.is_ok(), "{what}: {answer:?}");
        }
    }
}
