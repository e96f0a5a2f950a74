//! I13 to I17: invariants of a procedure.

use std::collections::BTreeMap;
use std::time::Duration;

use arango::Outcome;
use arango::cluster::{JobType, ServerId, ServerRole, ShardMove};
use arango::long_running::StopReason;

use super::super::invariants::{TICK, Violation};
use super::super::observation::Observation;
use super::FinalState;
use super::outages::Outages;
use super::runner::{Action, CompletedProcedure, ProcedureReport, latest_end};
use super::scenario::{Procedure, ProcedureScenario};

/// Time for which a health response may be acted upon, as documented.
const VALID_FOR: Duration = Duration::from_secs(10);

/// What was observed of a run with a procedure.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a ProcedureScenario,
    pub(crate) ended: &'a CompletedProcedure,
    pub(crate) actions: &'a [(Duration, Action)],
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) requests: &'a [Observation],
    /// Returns how often an administration command was executed.
    pub(crate) executions: &'a dyn Fn(&str) -> usize,
    pub(crate) target: &'a ServerId,
    pub(crate) moves: &'a [ShardMove],
    pub(crate) final_state: &'a FinalState,
    pub(crate) in_flight: usize,
    pub(crate) open_connections: usize,
}

type ReportFn<'a> = dyn FnMut(&'static str, String) + 'a;

impl Evidence<'_> {
    /// Checks all invariants.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |invariant, what| {
            let marker = format!("{:?}", self.scenario.procedure);
            found.push(Violation { seed: self.scenario.seed, invariant, marker, what });
        };
        self.no_action_during_an_outage(&mut report);
        self.started_once(&mut report);
        self.reports_are_correct(&mut report);
        self.within_limit(&mut report);
        self.nothing_leaks(&mut report);
        found
    }

    /// I13: nothing is done while another server is known to be down.
    fn no_action_during_an_outage(&self, report: &mut ReportFn<'_>) {
        for (at, action) in self.actions {
            let down = self.outages.known_outages(*at, VALID_FOR);
            if let Action::Restart(server) = action
                && !down.is_empty()
            {
                report("I13", format!("{server} was restarted at {at:?} while {down:?} were down"));
            }
        }
        let stopped =
            self.actions.iter().find(|(_, action)| matches!(action, Action::Stopped)).map(|(at, _)| *at);
        for request in self.requests {
            let (at, valid_for) = (request.sent_at, VALID_FOR + self.scenario.total);
            let mut down = self.outages.known_outages(at, valid_for);
            if !self.is_restart() {
                // A decommission requires only the other DB-Servers.
                down.retain(|server| server != self.target && server.kind() == Some(ServerRole::DbServer));
            }
            if is_start(request) && !down.is_empty() {
                report("I13", format!("{} at {at:?} while {down:?} were down", request.method_and_path));
            }
            if request.method_and_path.ends_with("/removeServer")
                && stopped.is_none_or(|stopped| at < stopped)
            {
                report("I13", format!("a removal was requested at {at:?} while the server was running"));
            }
        }
    }

    fn is_restart(&self) -> bool {
        matches!(self.scenario.procedure, Procedure::RestartDbServers | Procedure::RestartCoordinators)
    }

    /// I14: each start is executed once, and no server is restarted twice.
    fn started_once(&self, report: &mut ReportFn<'_>) {
        let mut jobs = BTreeMap::new();
        // The ids of follow-up jobs contain the id of the job that created them.
        let own = self.final_state.jobs.iter().filter(|job| !job.id.to_string().contains('-'));
        for job in own {
            let server = job.from_server.as_ref().or(job.server.as_ref()).map(ToString::to_string);
            let shard = (job.database.clone(), job.shard.clone());
            let what = format!("{:?} {server:?} {shard:?} to {:?}", job.kind, job.to_server);
            *jobs.entry(what).or_insert(0) += 1;
        }
        for (what, count) in jobs.into_iter().filter(|(_, count)| *count > 1) {
            report("I14", format!("{count} jobs of {what}"));
        }
        let mut restarts = BTreeMap::new();
        for (_, action) in self.actions {
            if let Action::Restart(server) = action {
                *restarts.entry(server).or_insert(0) += 1;
            }
        }
        for (server, count) in restarts.into_iter().filter(|(_, count)| *count > 1) {
            report("I14", format!("{server} was restarted {count} times"));
        }
        let limits = match self.scenario.procedure {
            Procedure::RestartDbServers => [self.scenario.db_servers, 0, 0],
            Procedure::RestartCoordinators => [0; 3],
            Procedure::Decommission | Procedure::DecommissionAndRemove => [1, 1, 0],
            Procedure::Move => [0, 0, 1],
            Procedure::Rebalance => [0, 0, self.moves.len()],
        };
        for (command, limit) in ["resignLeadership", "cleanOutServer", "moveShard"].into_iter().zip(limits) {
            let executed = (self.executions)(command);
            if executed > limit {
                report("I14", format!("{command} was executed {executed} times, {limit} are allowed"));
            }
        }
    }

    /// I15: what is reported as done is done, and what is reported as not executed was not executed.
    fn reports_are_correct(&self, report: &mut ReportFn<'_>) {
        let (done, reason) = match &self.ended.result {
            None => return,
            Some(Ok(done)) => (done, None),
            Some(Err((done, reason))) => (done, Some(reason)),
        };
        let is_finished = reason.is_none();
        match done {
            ProcedureReport::Restarted(servers) => self.restarts_are_correct(servers, is_finished, report),
            ProcedureReport::Decommissioned(decommission) => {
                let is_known = self.final_state.servers.contains(self.target);
                if decommission.removed && is_known || is_finished && !decommission.removed {
                    report("I15", format!("{decommission:?}, but the cluster knows the server: {is_known}"));
                }
                if decommission.cleaned_out && self.final_state.shards_on_target > 0 {
                    report(
                        "I15",
                        format!("{decommission:?}, but it has {} shards", self.final_state.shards_on_target),
                    );
                }
                let is_not_begun = decommission.job.is_none() && is_not_executed(reason);
                if is_not_begun && self.has_job(&JobType::ResignLeadership) {
                    report("I15", "a resignation that was not executed has a job".to_owned());
                }
            }
            ProcedureReport::Moved => {
                if is_not_executed(reason) && self.has_job(&JobType::MoveShard) {
                    report("I15", "a move that was not executed has a job".to_owned());
                }
                let is_there = |copies: &Vec<ServerId>| copies.contains(&self.moves[0].to);
                if is_finished && !self.final_state.copies[0].as_ref().is_some_and(is_there) {
                    report(
                        "I15",
                        format!("a move has finished, but the copies are {:?}", self.final_state.copies[0]),
                    );
                }
            }
            ProcedureReport::Rebalanced(rebalanced) => {
                if is_finished && (!rebalanced.not_completed.is_empty() || !rebalanced.not_started.is_empty())
                {
                    report("I15", format!("it has finished, but {rebalanced:?}"));
                }
                let is_job = |step: &&ShardMove| {
                    let same = |job: &&arango::cluster::AgencyJob| {
                        job.shard.as_ref() == Some(&step.shard) && job.to_server.as_ref() == Some(&step.to)
                    };
                    self.final_state.jobs.iter().any(|job| same(&job))
                };
                for step in rebalanced.not_started.iter().filter(is_job) {
                    report("I15", format!("{step:?} was reported as not started, but has a job"));
                }
            }
        }
    }

    fn restarts_are_correct(&self, servers: &[ServerId], is_finished: bool, report: &mut ReportFn<'_>) {
        let restarts = self.actions.iter().filter_map(|(_, action)| match action {
            Action::Restart(server) => Some(server.clone()),
            Action::Stopped => None,
        });
        let restarts: Vec<ServerId> = restarts.collect();
        let expected = if self.scenario.procedure == Procedure::RestartDbServers {
            self.scenario.db_servers
        } else {
            super::COORDINATORS
        };
        let is_correct = if is_finished {
            servers.len() == expected && restarts == servers
        } else {
            restarts.starts_with(servers) && restarts.len() <= servers.len() + 1
        };
        if !is_correct {
            report("I15", format!("reported as restarted: {servers:?}, but restarted: {restarts:?}"));
        }
    }

    fn has_job(&self, kind: &JobType) -> bool {
        self.final_state.jobs.iter().any(|job| job.kind == *kind)
    }

    /// I16: it ends within its limit plus that of its last call.
    fn within_limit(&self, report: &mut ReportFn<'_>) {
        let latest = latest_end(self.scenario, self.ended.began) + TICK;
        if self.ended.ended_at > latest {
            report("I16", format!("it ended at {:?}, but had to end by {latest:?}", self.ended.ended_at));
        }
    }

    /// I17: long after its end nothing is in flight and no server is in maintenance.
    fn nothing_leaks(&self, report: &mut ReportFn<'_>) {
        let Self { in_flight, open_connections: open, .. } = self;
        if *in_flight > 0 || *open > 0 {
            report("I17", format!("{in_flight} calls are in flight, {open} connections are open"));
        }
        if !self.final_state.in_maintenance.is_empty() {
            report("I17", format!("{:?} are in maintenance", self.final_state.in_maintenance));
        }
    }
}

fn is_not_executed(reason: Option<&StopReason>) -> bool {
    matches!(reason, Some(StopReason::Call(error)) if error.outcome() == Outcome::NotExecuted)
}

/// Whether a request starts an action that requires a health check.
fn is_start(request: &Observation) -> bool {
    let command = request.method_and_path.strip_prefix("POST /_admin/cluster/");
    matches!(command, Some("resignLeadership" | "cleanOutServer"))
}
