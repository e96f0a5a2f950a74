//! Runs the procedure and acts as its caller.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango::Client;
use arango::cluster::{AgencyJob, MoveShard, ServerId, ServerRole, ShardMove};
use arango::long_running::{
    DecommissionReport, DecommissionStep, PollOptions, RebalanceReport, RebalanceStep, RestartStep,
    StopReason,
};
use arango_test_cluster::TestCluster;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout_at};

use super::super::trace::Trace;
use super::outages::{Outages, start, stop};
use super::scenario::{CallerBehavior, Procedure, ProcedureScenario};

/// Time for which a server that the procedure restarts is down.
pub(crate) const RESTART_TIME: Duration = Duration::from_secs(3);

/// Report of a procedure.
#[derive(Debug)]
pub(crate) enum ProcedureReport {
    Restarted(Vec<ServerId>),
    Decommissioned(DecommissionReport),
    Moved,
    Rebalanced(RebalanceReport),
}

/// A procedure that has ended.
pub(crate) struct CompletedProcedure {
    pub(crate) began: Duration,
    pub(crate) ended_at: Duration,
    /// `None` if its handle was dropped.
    pub(crate) result: Option<Result<ProcedureReport, (ProcedureReport, StopReason)>>,
}

/// An action on a server outside the cluster's API, on request of the procedure.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// The restart closure was called for this server.
    Restart(ServerId),
    /// The server was stopped after it had been cleaned out.
    Stopped,
}

/// All actions, with their times.
#[derive(Clone, Default)]
pub(crate) struct ActionLog(Arc<Mutex<Vec<(Duration, Action)>>>);

impl ActionLog {
    fn record(&self, at: Duration, action: Action) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, action));
    }

    pub(crate) fn all(&self) -> Vec<(Duration, Action)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A procedure and its environment.
pub(crate) struct ProcedureRunner<'a> {
    pub(crate) scenario: &'a ProcedureScenario,
    pub(crate) cluster: &'a Arc<TestCluster>,
    pub(crate) client: &'a Client,
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) actions: &'a ActionLog,
    pub(crate) trace: &'a Trace,
    /// The DB-Server that is decommissioned.
    pub(crate) target: &'a ServerId,
    pub(crate) moves: &'a [ShardMove],
}

/// Polls an operation until it ends or its handle is dropped, and logs each step.
macro_rules! poll_to_end {
    ($runner:expr, $work:expr, $step:pat => $on_step:expr) => {{
        let mut work = $work;
        let at = match $runner.scenario.caller {
            CallerBehavior::Waits => None,
            CallerBehavior::DropsAfter(after) | CallerBehavior::CancelsAfter(after) => {
                Some($runner.trace.instant_at(after))
            }
        };
        loop {
            let next = match at {
                None => Ok(work.next().await),
                Some(at) => timeout_at(at, work.next()).await,
            };
            match next {
                Ok(Some(step)) => {
                    $runner.trace.log(format_args!("STEP {}", step.trace_line()));
                    let $step = step;
                    $on_step
                }
                Ok(None) => break Some(work.wait().await.map_err(|ended| ended.into_parts())),
                Err(_) if matches!($runner.scenario.caller, CallerBehavior::DropsAfter(_)) => {
                    $runner.trace.log(format_args!("DROPPED"));
                    break None;
                }
                Err(_) => {
                    $runner.trace.log(format_args!("CANCELLED"));
                    break Some(work.cancel().await.map_err(|ended| ended.into_parts()));
                }
            }
        }
    }};
}

impl ProcedureRunner<'_> {
    /// Runs the procedure until it has ended, or its handle is dropped.
    pub(crate) async fn run(&self) -> CompletedProcedure {
        let began = self.trace.now();
        let result = match self.scenario.procedure {
            Procedure::RestartDbServers => self.restart(ServerRole::DbServer).await,
            Procedure::RestartCoordinators => self.restart(ServerRole::Coordinator).await,
            Procedure::Decommission | Procedure::DecommissionAndRemove => self.decommission().await,
            Procedure::Move => self.move_shard().await,
            Procedure::Rebalance => self.rebalance().await,
        };
        CompletedProcedure { began, ended_at: self.trace.now(), result }
    }

    fn poll_options(&self) -> PollOptions {
        PollOptions::default().timeout(self.scenario.limit)
    }

    async fn restart(
        &self,
        role: ServerRole,
    ) -> Option<Result<ProcedureReport, (ProcedureReport, StopReason)>> {
        let plan = self.client.cluster().rolling_restart().roles([role]);
        let plan = plan.restart_timeout(self.scenario.restart_timeout).maintenance(self.scenario.maintenance);
        // Restarts are requested over a channel, because the closure must be `'static`.
        let (restart_requests, mut to_restart) = mpsc::unbounded_channel::<(ServerId, mpsc::Sender<()>)>();
        let (actions, trace) = (self.actions.clone(), self.trace.clone());
        let work = plan.run(self.poll_options(), move |server| {
            actions.record(trace.now(), Action::Restart(server.clone()));
            let (done, mut is_done) = mpsc::channel(1);
            let is_requested = restart_requests.send((server, done)).is_ok();
            async move {
                assert!(is_requested, "the receiver outlives the procedure");
                is_done.recv().await;
                Ok(())
            }
        });
        let restarts = async {
            while let Some((server, done)) = to_restart.recv().await {
                self.trace.log(format_args!("{server} RESTARTED"));
                self.outages.reserve(&server);
                stop(self.cluster, &server);
                sleep(RESTART_TIME).await;
                start(self.cluster, &server).await;
                self.outages.release(&server);
                // The receiver is gone if the handle was dropped.
                drop(done);
            }
            std::future::pending::<()>().await;
        };
        let polled = async { poll_to_end!(self, work, _ => {}) };
        let mut restarts = std::pin::pin!(restarts);
        let ended = tokio::select! {
            biased;
            ended = polled => ended,
            () = &mut restarts => unreachable!("the restarts never end"),
        };
        // A restart that has begun is completed.
        drop(tokio::time::timeout(RESTART_TIME + Duration::from_secs(1), restarts).await);
        ended.map(|ended| {
            ended
                .map(ProcedureReport::Restarted)
                .map_err(|(done, reason)| (ProcedureReport::Restarted(done), reason))
        })
    }

    async fn decommission(&self) -> Option<Result<ProcedureReport, (ProcedureReport, StopReason)>> {
        let work = self.client.cluster().decommission_server(self.target, self.poll_options());
        let ended = poll_to_end!(self, work, step => {
            if step == DecommissionStep::CleanedOut && self.scenario.procedure == Procedure::DecommissionAndRemove {
                self.actions.record(self.trace.now(), Action::Stopped);
                stop(self.cluster, self.target);
            }
        });
        ended.map(|ended| {
            ended
                .map(ProcedureReport::Decommissioned)
                .map_err(|(done, reason)| (ProcedureReport::Decommissioned(done), reason))
        })
    }

    async fn move_shard(&self) -> Option<Result<ProcedureReport, (ProcedureReport, StopReason)>> {
        let shard = MoveShard::from_plan(&self.moves[0]);
        let work = match self.client.cluster().move_shard_and_watch(shard, self.poll_options()).await {
            Ok(work) => work,
            Err(error) => return Some(Err((ProcedureReport::Moved, StopReason::Call(error)))),
        };
        let ended = poll_to_end!(self, work, _ => {});
        ended.map(|ended| {
            ended.map(|_| ProcedureReport::Moved).map_err(|(_, reason)| (ProcedureReport::Moved, reason))
        })
    }

    async fn rebalance(&self) -> Option<Result<ProcedureReport, (ProcedureReport, StopReason)>> {
        let options = arango::cluster::RebalanceOptions::new().move_leaders().move_followers();
        let prepared = match self.client.cluster().prepare_rebalance(&options).await {
            Ok(prepared) => prepared,
            Err(error) => {
                return Some(Err((
                    ProcedureReport::Rebalanced(RebalanceReport::default()),
                    StopReason::Call(error),
                )));
            }
        };
        let work = prepared.max_concurrent(self.scenario.max_concurrent).execute(self.poll_options());
        let ended = poll_to_end!(self, work, _ => {});
        ended.map(|ended| {
            ended
                .map(ProcedureReport::Rebalanced)
                .map_err(|(done, reason)| (ProcedureReport::Rebalanced(done), reason))
        })
    }
}

/// Latest end of a procedure that began at `began`.
pub(crate) fn latest_end(scenario: &ProcedureScenario, began: Duration) -> Duration {
    // A lost start is looked for up to 25 s after its own limit; a server restart that has begun may exceed the limit.
    let start = scenario.total + Duration::from_secs(25);
    let server = match scenario.procedure {
        Procedure::RestartDbServers | Procedure::RestartCoordinators => {
            RESTART_TIME * 2 + scenario.restart_timeout + scenario.total * 2
        }
        _ => Duration::ZERO,
    };
    began + scenario.limit + start + server + Duration::from_secs(1)
}

/// Formats a step for the trace, without the times of jobs, which come from the system clock.
trait TraceLine {
    fn trace_line(&self) -> String;
}

impl TraceLine for AgencyJob {
    fn trace_line(&self) -> String {
        format!("{:?} {} {:?} {:?}", self.kind, self.id, self.status, self.reason)
    }
}

impl TraceLine for DecommissionStep {
    fn trace_line(&self) -> String {
        match self {
            Self::JobUpdated(job) => job.trace_line(),
            other => format!("{other:?}"),
        }
    }
}

impl TraceLine for RebalanceStep {
    fn trace_line(&self) -> String {
        format!("{self:?}")
    }
}

impl TraceLine for RestartStep {
    fn trace_line(&self) -> String {
        format!("{self:?}")
    }
}
