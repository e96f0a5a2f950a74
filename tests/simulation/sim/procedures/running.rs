//! The procedure itself, as a caller runs it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango::Client;
use arango::cluster::{AgencyJob, MoveShard, ServerId, ServerRole, ShardMove};
use arango::follow::{Drain, DrainStep, MoveStep, Pace, RebalanceReport, RestartStep, Stopped};
use arango_test_cluster::TestCluster;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout_at};

use super::super::trace::Trace;
use super::outages::{Outages, start, stop};
use super::setting::{Handle, ProcedureSetting, Work};

/// How long a server is away that the procedure has restarted.
pub(crate) const RESTART: Duration = Duration::from_secs(3);

/// What was done.
#[derive(Debug)]
pub(crate) enum Done {
    Restarted(Vec<ServerId>),
    Drained(Drain),
    Moved,
    Rebalanced(RebalanceReport),
}

/// A procedure that has ended.
pub(crate) struct Ended {
    pub(crate) began: Duration,
    pub(crate) over: Duration,
    /// `None` if its handle was dropped.
    pub(crate) result: Option<Result<Done, (Done, Stopped)>>,
}

/// What was done to servers outside the cluster because the procedure said so.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// The closure was called that restarts this server; these were known to be away for too long.
    Restart(ServerId),
    /// The server that was cleaned out was stopped.
    Stopped,
}

/// All acts, with their times.
#[derive(Clone, Default)]
pub(crate) struct Acts(Arc<Mutex<Vec<(Duration, Act)>>>);

impl Acts {
    fn note(&self, at: Duration, act: Act) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, act));
    }

    pub(crate) fn all(&self) -> Vec<(Duration, Act)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A procedure and the world in which it runs.
pub(crate) struct Running<'a> {
    pub(crate) setting: &'a ProcedureSetting,
    pub(crate) cluster: &'a Arc<TestCluster>,
    pub(crate) client: &'a Client,
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) acts: &'a Acts,
    pub(crate) trace: &'a Trace,
    /// The DB-Server that is drained.
    pub(crate) target: &'a ServerId,
    pub(crate) moves: &'a [ShardMove],
}

/// Follows a handle to its end, unless it is dropped before; tells each step.
macro_rules! follow {
    ($running:expr, $work:expr, $step:pat => $on_step:expr) => {{
        let mut work = $work;
        let at = match $running.setting.handle {
            Handle::Followed => None,
            Handle::DroppedAfter(after) | Handle::CancelledAfter(after) => Some($running.trace.moment(after)),
        };
        loop {
            let next = match at {
                None => Ok(work.next().await),
                Some(at) => timeout_at(at, work.next()).await,
            };
            match next {
                Ok(Some(step)) => {
                    $running.trace.note(format_args!("STEP {}", step.told()));
                    let $step = step;
                    $on_step
                }
                Ok(None) => break Some(work.finished().await.map_err(|ended| ended.into_parts())),
                Err(_) if matches!($running.setting.handle, Handle::DroppedAfter(_)) => {
                    $running.trace.note(format_args!("DROPPED"));
                    break None;
                }
                Err(_) => {
                    $running.trace.note(format_args!("CANCELLED"));
                    break Some(work.cancel().await.map_err(|ended| ended.into_parts()));
                }
            }
        }
    }};
}

impl Running<'_> {
    /// Runs it until it has ended, or its handle is dropped.
    pub(crate) async fn to_the_end(&self) -> Ended {
        let began = self.trace.now();
        let result = match self.setting.work {
            Work::RestartDbServers => self.restart(ServerRole::DbServer).await,
            Work::RestartCoordinators => self.restart(ServerRole::Coordinator).await,
            Work::Drain | Work::DrainAndRemove => self.drain().await,
            Work::Move => self.one_move().await,
            Work::Rebalance => self.rebalance().await,
        };
        Ended { began, over: self.trace.now(), result }
    }

    fn pace(&self) -> Pace {
        Pace::default().limit(self.setting.limit)
    }

    async fn restart(&self, role: ServerRole) -> Option<Result<Done, (Done, Stopped)>> {
        let plan = self.client.cluster().rolling_restart().roles([role]);
        let plan = plan.back_within(self.setting.back_within).maintenance(self.setting.maintenance);
        // What restarts servers is asked over a channel, since what is handed over outlives nothing here.
        let (asked, mut to_restart) = mpsc::unbounded_channel::<(ServerId, mpsc::Sender<()>)>();
        let (acts, trace) = (self.acts.clone(), self.trace.clone());
        let work = plan.run(self.pace(), move |server| {
            acts.note(trace.now(), Act::Restart(server.clone()));
            let (done, mut is_done) = mpsc::channel(1);
            let is_asked = asked.send((server, done)).is_ok();
            async move {
                assert!(is_asked, "the world goes on as long as the procedure");
                is_done.recv().await;
                Ok(())
            }
        });
        let restarts = async {
            while let Some((server, done)) = to_restart.recv().await {
                self.trace.note(format_args!("{server} RESTARTED"));
                self.outages.reserve(&server);
                stop(self.cluster, &server);
                sleep(RESTART).await;
                start(self.cluster, &server).await;
                self.outages.release(&server);
                // Nobody waits for it any more if the handle was dropped.
                drop(done);
            }
            std::future::pending::<()>().await;
        };
        let followed = async { follow!(self, work, _ => {}) };
        let mut restarts = std::pin::pin!(restarts);
        let ended = tokio::select! {
            biased;
            ended = followed => ended,
            () = &mut restarts => unreachable!("it never ends"),
        };
        // A restart that was begun comes to its end.
        drop(tokio::time::timeout(RESTART + Duration::from_secs(1), restarts).await);
        ended.map(|ended| ended.map(Done::Restarted).map_err(|(done, why)| (Done::Restarted(done), why)))
    }

    async fn drain(&self) -> Option<Result<Done, (Done, Stopped)>> {
        let work = self.client.cluster().drain_server(self.target, self.pace());
        let ended = follow!(self, work, step => {
            if step == DrainStep::CleanedOut && self.setting.work == Work::DrainAndRemove {
                self.acts.note(self.trace.now(), Act::Stopped);
                stop(self.cluster, self.target);
            }
        });
        ended.map(|ended| ended.map(Done::Drained).map_err(|(done, why)| (Done::Drained(done), why)))
    }

    async fn one_move(&self) -> Option<Result<Done, (Done, Stopped)>> {
        let shard = MoveShard::of(&self.moves[0]);
        let work = match self.client.cluster().follow_move(shard, self.pace()).await {
            Ok(work) => work,
            Err(error) => return Some(Err((Done::Moved, Stopped::Call(error)))),
        };
        let ended = follow!(self, work, _ => {});
        ended.map(|ended| ended.map(|_| Done::Moved).map_err(|(_, why)| (Done::Moved, why)))
    }

    async fn rebalance(&self) -> Option<Result<Done, (Done, Stopped)>> {
        let options = arango::cluster::RebalanceOptions::new().move_leaders().move_followers();
        let prepared = match self.client.cluster().prepare_rebalance(&options).await {
            Ok(prepared) => prepared,
            Err(error) => {
                return Some(Err((Done::Rebalanced(RebalanceReport::default()), Stopped::Call(error))));
            }
        };
        let work = prepared.at_once(self.setting.at_once).execute(self.pace());
        let ended = follow!(self, work, _ => {});
        ended.map(|ended| ended.map(Done::Rebalanced).map_err(|(done, why)| (Done::Rebalanced(done), why)))
    }
}

/// When a procedure has to be over that began at `began`.
pub(crate) fn latest_end(setting: &ProcedureSetting, began: Duration) -> Duration {
    // A start is looked for for 25 seconds after its own limit; a server that was begun has its time beyond the limit.
    let start = setting.total + Duration::from_secs(25);
    let server = match setting.work {
        Work::RestartDbServers | Work::RestartCoordinators => {
            RESTART * 2 + setting.back_within + setting.total * 2
        }
        _ => Duration::ZERO,
    };
    began + setting.limit + start + server + Duration::from_secs(1)
}

/// A step as a trace shows it: without the times of jobs, which are those of the system's clock.
trait Told {
    fn told(&self) -> String;
}

impl Told for AgencyJob {
    fn told(&self) -> String {
        format!("{:?} {} {:?} {:?}", self.kind, self.id, self.status, self.reason)
    }
}

impl Told for DrainStep {
    fn told(&self) -> String {
        match self {
            Self::Job(job) => job.told(),
            other => format!("{other:?}"),
        }
    }
}

impl Told for MoveStep {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for RestartStep {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}
