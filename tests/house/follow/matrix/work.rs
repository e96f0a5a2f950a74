//! The long operations, each begun or taken up again in the way that is documented for it.

use std::sync::{Arc, Mutex};

use arango::cluster::{JobStatus, JobType, Leaders, MoveShard, RebalanceOptions, ServerId, ShardMove};
use arango::follow::{DrainStep, FollowedJob, Following, Pace, RestartStep, Stopped, Unfinished};
use arango::protocol::DatabaseName;
use arango::{Client, Cluster, Error};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use crate::follow::{SECOND, a_move, executions, skewed, start, start_again};
use crate::support::{CreateCollection, CreateDatabase, client};

/// A long operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Move,
    CleanOut,
    Resignation,
    Rebalance,
    Drain,
    Restart,
    Healthy,
    InSync,
    Idle,
    Known,
    Collection,
    Maintenance,
    ServerMaintenance,
    EachCoordinator,
    EachDbServer,
}

use Work::{
    CleanOut, Collection, Drain, EachCoordinator, EachDbServer, Healthy, Idle, InSync, Known, Maintenance,
    Move, Rebalance, Resignation, Restart, ServerMaintenance,
};

impl Work {
    pub(super) const ALL: [Self; 15] = [
        Move,
        CleanOut,
        Resignation,
        Rebalance,
        Drain,
        Restart,
        Healthy,
        InSync,
        Idle,
        Known,
        Collection,
        Maintenance,
        ServerMaintenance,
        EachCoordinator,
        EachDbServer,
    ];

    /// Those that consist of jobs of the agency.
    pub(super) const OF_JOBS: [Self; 6] = [Move, CleanOut, Resignation, Rebalance, Drain, Restart];
}

/// A cluster in which there is something to do, and what is known of how far that has come.
pub(super) struct World {
    pub(super) cluster: Arc<TestCluster>,
    /// What is moved, where one move is the work.
    step: Option<ShardMove>,
    /// How many moves there are to make, where a rebalance is.
    planned: usize,
    server: ServerId,
    /// Whose processes were ended, each time.
    restarted: Arc<Mutex<Vec<ServerId>>>,
    back: Mutex<Vec<ServerId>>,
}

fn pace() -> Pace {
    Pace::default().limit(SECOND * 900)
}

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

impl World {
    pub(super) async fn of(work: Work) -> Self {
        let cluster = Arc::new(skewed().await);
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 4);
        let (mut step, mut planned) = (None, 0);
        match work {
            Move => step = Some(a_move(&client).await),
            Rebalance => {
                planned = client.cluster().rebalance_plan(&options()).await.unwrap().moves.len();
            }
            Healthy => {
                cluster.stop_db_server(1);
                sleep(SECOND * 15).await;
                let cluster = Arc::clone(&cluster);
                tokio::spawn(async move {
                    sleep(SECOND * 30).await;
                    cluster.start_db_server(1);
                });
            }
            InSync => {
                cluster.set_sync_time(SECOND * 30);
                cluster.stop_db_server(1);
                cluster.start_db_server(1);
            }
            Idle => drop(client.cluster().rebalance(&options()).await.unwrap()),
            Known => {
                cluster.set_propagation(SECOND * 30);
                let name = DatabaseName::new("new").unwrap();
                client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
            }
            Collection => {
                cluster.set_propagation(SECOND * 30);
                client.db("shop").execute(CreateCollection("new")).await.unwrap();
            }
            _ => {}
        }
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        cluster.journal().clear();
        Self { cluster, step, planned, server, restarted: Arc::default(), back: Mutex::default() }
    }

    /// Does the work, or goes on with it; cancels it after so many steps.
    pub(super) async fn run(
        &self,
        work: Work,
        client: &Client,
        cancel: Option<usize>,
    ) -> Result<(), Stopped> {
        let (admin, server) = (client.cluster(), &self.server);
        match work {
            Move => {
                let step = self.step.as_ref().expect("the world of a move has one");
                let start = admin.follow_move(MoveShard::of(step), pace());
                self.job(&admin, &JobType::MoveShard, start, cancel).await
            }
            CleanOut => {
                let start = admin.follow_clean_out(server, pace());
                self.job(&admin, &JobType::CleanOutServer, start, cancel).await
            }
            Resignation => {
                let start = admin.follow_resignation(server, Leaders::Stay, pace());
                self.job(&admin, &JobType::ResignLeadership, start, cancel).await
            }
            Rebalance => {
                admin.wait_until_idle(pace()).await.map_err(why)?;
                let prepared = admin.prepare_rebalance(&options()).await.map_err(Stopped::Call)?;
                to_the_end(prepared.at_once(3).execute(pace()), cancel, |_| ()).await
            }
            Drain => {
                let stop = |step| {
                    if step == DrainStep::CleanedOut {
                        self.cluster.stop_db_server(0);
                    }
                };
                to_the_end(admin.drain_server(server, pace()), cancel, stop).await
            }
            Restart => self.restart(&admin, cancel).await,
            Healthy => admin.wait_until_healthy(pace()).await.map(drop).map_err(why),
            InSync => admin.wait_until_in_sync(pace()).await.map_err(why),
            Idle => admin.wait_until_idle(pace()).await.map(drop).map_err(why),
            Known => client.db("new").wait_until_known(pace()).await.map(drop).map_err(why),
            Collection => client.db("shop").wait_for_collection("new", pace()).await.map(drop).map_err(why),
            Maintenance => hold(admin.hold_maintenance(SECOND * 60).await).await,
            ServerMaintenance => hold(admin.hold_server_maintenance(server, SECOND * 60).await).await,
            EachCoordinator => {
                let ids = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
                assert_eq!(ids.results().len(), 3);
                ids.all().map(drop).map_err(Stopped::Call)
            }
            EachDbServer => {
                let ask = |cluster: Cluster, id| async move { cluster.server_version(&id).await };
                let versions = admin.on_each_db_server(ask).await.map_err(Stopped::Call)?;
                versions.all().map(drop).map_err(Stopped::Call)
            }
        }
    }

    /// Follows the job if somebody has begun it, and begins it if not.
    async fn job(
        &self,
        admin: &Cluster,
        kind: &JobType,
        start: impl Future<Output = Result<FollowedJob, Error>>,
        cancel: Option<usize>,
    ) -> Result<(), Stopped> {
        let jobs = admin.agency_jobs().await.map_err(Stopped::Call)?;
        let there = jobs.iter().find(|job| job.kind == *kind && job.status != JobStatus::Failed);
        let mut job = match there {
            Some(job) => admin.follow_job(&job.id, pace()),
            None => start.await.map_err(Stopped::Call)?,
        };
        if let Some(steps) = cancel {
            for _ in 0..steps {
                job.next().await;
            }
            return job.cancel().await.map(drop).map_err(why);
        }
        job.finished().await.map(drop).map_err(why)
    }

    async fn restart(&self, admin: &Cluster, cancel: Option<usize>) -> Result<(), Stopped> {
        let last = self.restarted.lock().unwrap().last().cloned();
        if let Some(last) = last.filter(|last| !self.back.lock().unwrap().contains(last)) {
            start(&self.cluster, &last).await;
            self.back.lock().unwrap().push(last);
        }
        admin.wait_until_healthy(pace()).await.map_err(why)?;
        admin.wait_until_in_sync(pace()).await.map_err(why)?;
        let done = self.back.lock().unwrap().clone();
        let (cluster, restarted) = (Arc::clone(&self.cluster), Arc::clone(&self.restarted));
        let restart = admin.rolling_restart().skipping(done).run(pace(), move |id: ServerId| {
            let (cluster, restarted) = (Arc::clone(&cluster), Arc::clone(&restarted));
            async move {
                restarted.lock().unwrap().push(id.clone());
                start_again(&cluster, &id).await;
                Ok(())
            }
        });
        let note = |step| {
            if let RestartStep::Back(server) = step {
                self.back.lock().unwrap().push(server);
            }
        };
        to_the_end(restart, cancel, note).await
    }

    /// Asserts that the work is done, and that nothing was begun more often than it failed or was cancelled.
    pub(super) fn assert_done_once(&self, work: Work, again: usize, what: &str) {
        let begun = |command| executions(&self.cluster, command);
        let at_most = |command, once: usize| {
            let begun = begun(command);
            assert!(
                (once..=once + again).contains(&begun),
                "{what}: {command} {begun} times, not {once} + {again}"
            );
        };
        match work {
            Move => at_most("moveShard", 1),
            CleanOut => at_most("cleanOutServer", 1),
            Resignation => at_most("resignLeadership", 1),
            Rebalance => at_most("moveShard", self.planned),
            Drain => {
                at_most("cleanOutServer", 1);
                assert!(!self.cluster.db_server_ids().contains(&self.server.as_str().to_owned()), "{what}");
            }
            Restart => {
                let mut restarted = self.restarted.lock().unwrap().clone();
                assert_eq!(restarted.len(), 6, "{what}: {restarted:?}");
                restarted.sort_by(|one, other| one.as_str().cmp(other.as_str()));
                restarted.dedup();
                assert_eq!(restarted.len(), 6, "{what}: {restarted:?}");
            }
            _ => assert_eq!(
                begun("moveShard") + begun("cleanOutServer") + begun("resignLeadership"),
                0,
                "{what}"
            ),
        }
    }
}

async fn hold(held: Result<arango::follow::MaintenanceGuard, Error>) -> Result<(), Stopped> {
    let held = held.map_err(Stopped::Call)?;
    sleep(SECOND * 100).await;
    held.end().await.map_err(Stopped::Call)
}

async fn to_the_end<S, D>(
    mut work: Following<S, D>,
    cancel: Option<usize>,
    mut each: impl FnMut(S),
) -> Result<(), Stopped> {
    let mut steps = 0;
    while cancel.is_none_or(|cancel| steps < cancel) {
        let Some(step) = work.next().await else { break };
        steps += 1;
        each(step);
    }
    let ended = if cancel.is_some() { work.cancel().await } else { work.finished().await };
    ended.map(drop).map_err(why)
}

fn why<D>(unfinished: Unfinished<D>) -> Stopped {
    unfinished.into_parts().1
}
