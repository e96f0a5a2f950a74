//! The long-running operations, each started or resumed as documented.

use std::sync::Arc;

use arango::cluster::{JobStatus, JobType, MoveShard, ResignedLeaders, ServerId, SupervisionMode};
use arango::long_running::{
    DecommissionStep, Incomplete, JobPoller, PollOptions, Poller, PropagationStatus as KnownBy, RestartStep,
    StopReason,
};
use arango::{Client, Cluster, Error};
use tokio::time::sleep;

use super::Scenario;
use super::scenario::rebalance_options;
use crate::long_running::{SECOND, drop_after_polls, restart_server, start};

/// A long-running operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LongOperation {
    Move,
    CleanOut,
    Resignation,
    Rebalance,
    Decommission,
    Restart,
    WaitHealthy,
    WaitInSync,
    WaitIdle,
    WaitDatabase,
    WaitCollection,
    HoldMaintenance,
    HoldServerMaintenance,
    OnEachCoordinator,
    OnEachDbServer,
}

use LongOperation::{
    CleanOut, Decommission, HoldMaintenance, HoldServerMaintenance, Move, OnEachCoordinator, OnEachDbServer,
    Rebalance, Resignation, Restart, WaitCollection, WaitDatabase, WaitHealthy, WaitIdle, WaitInSync,
};

impl LongOperation {
    pub(super) const ALL: [Self; 15] = [
        Move,
        CleanOut,
        Resignation,
        Rebalance,
        Decommission,
        Restart,
        WaitHealthy,
        WaitInSync,
        WaitIdle,
        WaitDatabase,
        WaitCollection,
        HoldMaintenance,
        HoldServerMaintenance,
        OnEachCoordinator,
        OnEachDbServer,
    ];

    /// Operations that consist of jobs of the agency.
    pub(super) const WITH_JOBS: [Self; 6] = [Move, CleanOut, Resignation, Rebalance, Decommission, Restart];
}

/// Point at which an operation is cancelled.
#[derive(Debug, Clone, Copy)]
pub(super) enum CancelPoint {
    AfterSteps(usize),
    /// After this number of polls of the future, at any await point.
    AfterPolls(usize),
}

fn poll_options() -> PollOptions {
    PollOptions::default().timeout(SECOND * 1200)
}

impl Scenario {
    /// Starts or resumes the operation, or cancels it.
    pub(super) async fn run(
        &self,
        operation: LongOperation,
        client: &Client,
        cancel: Option<CancelPoint>,
    ) -> Result<(), StopReason> {
        let (admin, server) = (client.cluster(), &self.server);
        match operation {
            Move => {
                let step = self.shard_move.as_ref().expect("the scenario of a move has one");
                let start = admin.move_shard_and_watch(MoveShard::from_plan(step), poll_options());
                self.run_job(&admin, &JobType::MoveShard, start, cancel).await
            }
            CleanOut => {
                let start = admin.clean_out_server_and_watch(server, poll_options());
                self.run_job(&admin, &JobType::CleanOutServer, start, cancel).await
            }
            Resignation => {
                let start = admin.resign_leadership_and_watch(server, ResignedLeaders::Stay, poll_options());
                self.run_job(&admin, &JobType::ResignLeadership, start, cancel).await
            }
            Rebalance => {
                admin.wait_until_idle(poll_options()).await.map_err(stop_reason)?;
                let prepared =
                    admin.prepare_rebalance(&rebalance_options()).await.map_err(StopReason::Call)?;
                run_to_completion(prepared.max_concurrent(3).execute(poll_options()), cancel, |_| ()).await
            }
            Decommission => {
                let stop = |step| {
                    if step == DecommissionStep::CleanedOut {
                        self.cluster.stop_db_server(0);
                    }
                };
                run_to_completion(admin.decommission_server(server, poll_options()), cancel, stop).await
            }
            Restart => self.run_restart(&admin, cancel).await,
            WaitHealthy => admin.wait_until_healthy(poll_options()).await.map(drop).map_err(stop_reason),
            WaitInSync => admin.wait_until_in_sync(poll_options()).await.map_err(stop_reason),
            WaitIdle => admin.wait_until_idle(poll_options()).await.map(drop).map_err(stop_reason),
            WaitDatabase => {
                self.record_propagation(client.db("new").wait_until_propagated(poll_options()).await)
            }
            WaitCollection => {
                self.record_propagation(client.db("shop").wait_for_collection("new", poll_options()).await)
            }
            HoldMaintenance => {
                let guard = admin.hold_maintenance(SECOND * 60).await.map_err(StopReason::Call)?;
                sleep(SECOND * 100).await;
                assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Maintenance);
                guard.end().await.map_err(StopReason::Call)
            }
            HoldServerMaintenance => {
                let guard =
                    admin.hold_server_maintenance(server, SECOND * 60).await.map_err(StopReason::Call)?;
                sleep(SECOND * 100).await;
                assert!(admin.server_maintenance(server).await.unwrap().is_some());
                guard.end().await.map_err(StopReason::Call)
            }
            OnEachCoordinator => {
                let ids = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
                assert_eq!(ids.results().len(), 3);
                let ids = ids.all().map_err(StopReason::Call)?;
                let coordinators = self.cluster.coordinators();
                assert!(coordinators.iter().all(|one| ids.iter().any(|(_, id)| id.as_str() == one.id())));
                Ok(())
            }
            OnEachDbServer => {
                let version = |cluster: Cluster, id| async move { cluster.server_version(&id).await };
                let versions = admin.on_each_db_server(version).await.map_err(StopReason::Call)?;
                let versions = versions.all().map_err(StopReason::Call)?;
                let servers = self.cluster.db_server_ids();
                assert_eq!(versions.len(), servers.len());
                assert!(versions.iter().all(|(id, _)| servers.iter().any(|server| server == id.as_str())));
                Ok(())
            }
        }
    }

    fn record_propagation(&self, result: Result<KnownBy, Incomplete<KnownBy>>) -> Result<(), StopReason> {
        *self.propagation.lock().unwrap() = Some(result.map_err(stop_reason)?);
        Ok(())
    }

    /// Polls the job if it exists, otherwise starts it.
    async fn run_job(
        &self,
        admin: &Cluster,
        kind: &JobType,
        start: impl Future<Output = Result<JobPoller, Error>>,
        cancel: Option<CancelPoint>,
    ) -> Result<(), StopReason> {
        let jobs = admin.agency_jobs().await.map_err(StopReason::Call)?;
        let existing = jobs.iter().find(|job| job.kind == *kind && job.status != JobStatus::Failed);
        let mut job = match existing {
            Some(job) => admin.watch_job(&job.id, poll_options()),
            None => start.await.map_err(StopReason::Call)?,
        };
        match cancel {
            None => return job.wait().await.map(drop).map_err(stop_reason),
            Some(CancelPoint::AfterSteps(steps)) => {
                for _ in 0..steps {
                    job.next().await;
                }
            }
            Some(CancelPoint::AfterPolls(polls)) => {
                drop_after_polls(polls, async { while job.next().await.is_some() {} }).await;
            }
        }
        job.cancel().await.map(drop).map_err(stop_reason)
    }

    async fn run_restart(&self, admin: &Cluster, cancel: Option<CancelPoint>) -> Result<(), StopReason> {
        let last = self.restarted.lock().unwrap().last().cloned();
        if let Some(last) = last.filter(|last| !self.restarts_done.lock().unwrap().contains(last)) {
            start(&self.cluster, &last).await;
            self.restarts_done.lock().unwrap().push(last);
        }
        admin.wait_until_healthy(poll_options()).await.map_err(stop_reason)?;
        admin.wait_until_in_sync(poll_options()).await.map_err(stop_reason)?;
        let done = self.restarts_done.lock().unwrap().clone();
        let (cluster, restarted) = (Arc::clone(&self.cluster), Arc::clone(&self.restarted));
        let restart = admin.rolling_restart().skip(done).run(poll_options(), move |id: ServerId| {
            let (cluster, restarted) = (Arc::clone(&cluster), Arc::clone(&restarted));
            async move {
                restarted.lock().unwrap().push(id.clone());
                restart_server(&cluster, &id).await;
                Ok(())
            }
        });
        let record_restart = |step| {
            if let RestartStep::Restarted(server) = step {
                self.restarts_done.lock().unwrap().push(server);
            }
        };
        run_to_completion(restart, cancel, record_restart).await
    }
}

async fn run_to_completion<S, D>(
    mut operation: Poller<S, D>,
    cancel: Option<CancelPoint>,
    mut each: impl FnMut(S),
) -> Result<(), StopReason> {
    let mut remaining = if let Some(CancelPoint::AfterSteps(steps)) = cancel { steps } else { usize::MAX };
    let steps = async {
        while remaining > 0 {
            let Some(step) = operation.next().await else { break };
            remaining -= 1;
            each(step);
        }
    };
    match cancel {
        Some(CancelPoint::AfterPolls(polls)) => drop(drop_after_polls(polls, steps).await),
        _ => steps.await,
    }
    let result = if cancel.is_some() { operation.cancel().await } else { operation.wait().await };
    result.map(drop).map_err(stop_reason)
}

fn stop_reason<D>(incomplete: Incomplete<D>) -> StopReason {
    incomplete.into_parts().1
}
