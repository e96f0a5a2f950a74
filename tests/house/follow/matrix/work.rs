//! The long operations, each begun or taken up again in the way that is documented for it.

use std::sync::Arc;

use arango::cluster::{JobStatus, JobType, Leaders, MoveShard, ServerId, SupervisionMode};
use arango::follow::{
    DrainStep, FollowedJob, Following, Known as KnownBy, Pace, RestartStep, Stopped, Unfinished,
};
use arango::{Client, Cluster, Error};
use tokio::time::sleep;

use super::World;
use super::world::options;
use crate::follow::{SECOND, dropped_after, start, start_again};

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

/// When work is cancelled.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cancel {
    AfterSteps(usize),
    /// After it was woken so often, wherever it waits then.
    AfterPolls(usize),
}

fn pace() -> Pace {
    Pace::default().limit(SECOND * 1200)
}

impl World {
    /// Does the work, or goes on with it, or cancels it.
    pub(super) async fn run(
        &self,
        work: Work,
        client: &Client,
        cancel: Option<Cancel>,
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
            Known => self.note(client.db("new").wait_until_known(pace()).await),
            Collection => self.note(client.db("shop").wait_for_collection("new", pace()).await),
            Maintenance => {
                let held = admin.hold_maintenance(SECOND * 60).await.map_err(Stopped::Call)?;
                sleep(SECOND * 100).await;
                assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Maintenance);
                held.end().await.map_err(Stopped::Call)
            }
            ServerMaintenance => {
                let held = admin.hold_server_maintenance(server, SECOND * 60).await.map_err(Stopped::Call)?;
                sleep(SECOND * 100).await;
                assert!(admin.server_maintenance(server).await.unwrap().is_some());
                held.end().await.map_err(Stopped::Call)
            }
            EachCoordinator => {
                let ids = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
                assert_eq!(ids.results().len(), 3);
                let ids = ids.all().map_err(Stopped::Call)?;
                let coordinators = self.cluster.coordinators();
                assert!(coordinators.iter().all(|one| ids.iter().any(|(_, id)| id.as_str() == one.id())));
                Ok(())
            }
            EachDbServer => {
                let ask = |cluster: Cluster, id| async move { cluster.server_version(&id).await };
                let versions = admin.on_each_db_server(ask).await.map_err(Stopped::Call)?;
                let versions = versions.all().map_err(Stopped::Call)?;
                let servers = self.cluster.db_server_ids();
                assert_eq!(versions.len(), servers.len());
                assert!(versions.iter().all(|(id, _)| servers.iter().any(|server| server == id.as_str())));
                Ok(())
            }
        }
    }

    fn note(&self, ended: Result<KnownBy, Unfinished<KnownBy>>) -> Result<(), Stopped> {
        *self.known.lock().unwrap() = Some(ended.map_err(why)?);
        Ok(())
    }

    /// Follows the job if somebody has begun it, and begins it if not.
    async fn job(
        &self,
        admin: &Cluster,
        kind: &JobType,
        start: impl Future<Output = Result<FollowedJob, Error>>,
        cancel: Option<Cancel>,
    ) -> Result<(), Stopped> {
        let jobs = admin.agency_jobs().await.map_err(Stopped::Call)?;
        let there = jobs.iter().find(|job| job.kind == *kind && job.status != JobStatus::Failed);
        let mut job = match there {
            Some(job) => admin.follow_job(&job.id, pace()),
            None => start.await.map_err(Stopped::Call)?,
        };
        match cancel {
            None => return job.finished().await.map(drop).map_err(why),
            Some(Cancel::AfterSteps(steps)) => {
                for _ in 0..steps {
                    job.next().await;
                }
            }
            Some(Cancel::AfterPolls(polls)) => {
                dropped_after(polls, async { while job.next().await.is_some() {} }).await;
            }
        }
        job.cancel().await.map(drop).map_err(why)
    }

    async fn restart(&self, admin: &Cluster, cancel: Option<Cancel>) -> Result<(), Stopped> {
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
}

async fn to_the_end<S, D>(
    mut work: Following<S, D>,
    cancel: Option<Cancel>,
    mut each: impl FnMut(S),
) -> Result<(), Stopped> {
    let mut left = if let Some(Cancel::AfterSteps(steps)) = cancel { steps } else { usize::MAX };
    let steps = async {
        while left > 0 {
            let Some(step) = work.next().await else { break };
            left -= 1;
            each(step);
        }
    };
    match cancel {
        Some(Cancel::AfterPolls(polls)) => drop(dropped_after(polls, steps).await),
        _ => steps.await,
    }
    let ended = if cancel.is_some() { work.cancel().await } else { work.finished().await };
    ended.map(drop).map_err(why)
}

fn why<D>(unfinished: Unfinished<D>) -> Stopped {
    unfinished.into_parts().1
}
