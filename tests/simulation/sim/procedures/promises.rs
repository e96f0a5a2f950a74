//! What must hold of a procedure whatever happens meanwhile: I13 to I17.

use std::collections::BTreeMap;
use std::time::Duration;

use arango::Outcome;
use arango::cluster::{JobType, ServerId, ServerRole, ShardMove};
use arango::follow::Stopped;

use super::super::invariants::{TICK, Violation};
use super::super::seen::Seen;
use super::After;
use super::outages::Outages;
use super::running::{Act, Done, Ended, latest_end};
use super::setting::{ProcedureSetting, Work};

/// For how long what was seen of health may be acted upon, as the documentation says.
const VALID_FOR: Duration = Duration::from_secs(10);

/// What became of a world with a procedure.
pub(crate) struct Evidence<'a> {
    pub(crate) setting: &'a ProcedureSetting,
    pub(crate) ended: &'a Ended,
    pub(crate) acts: &'a [(Duration, Act)],
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) requests: &'a [Seen],
    /// How often a command of the administration was executed.
    pub(crate) executions: &'a dyn Fn(&str) -> usize,
    pub(crate) target: &'a ServerId,
    pub(crate) moves: &'a [ShardMove],
    pub(crate) after: &'a After,
    pub(crate) in_flight: usize,
    pub(crate) open: usize,
}

type Report<'a> = dyn FnMut(&'static str, String) + 'a;

impl Evidence<'_> {
    /// Everything that must not be and is.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |invariant, what| {
            let marker = format!("{:?}", self.setting.work);
            found.push(Violation { seed: self.setting.seed, invariant, marker, what });
        };
        self.nothing_beside_an_outage(&mut report);
        self.begun_once(&mut report);
        self.reports_are_true(&mut report);
        self.in_time(&mut report);
        self.nothing_is_left(&mut report);
        found
    }

    /// I13: nothing is done while another server is known to be away.
    fn nothing_beside_an_outage(&self, report: &mut Report<'_>) {
        for (at, act) in self.acts {
            let lost = self.outages.lost(*at, VALID_FOR);
            if let Act::Restart(server) = act
                && !lost.is_empty()
            {
                report("I13", format!("{server} was restarted at {at:?} while {lost:?} were away"));
            }
        }
        let stopped = self.acts.iter().find(|(_, act)| matches!(act, Act::Stopped)).map(|(at, _)| *at);
        for request in self.requests {
            let (at, valid_for) = (request.at, VALID_FOR + self.setting.total);
            let mut lost = self.outages.lost(at, valid_for);
            if !self.is_restart() {
                // A drain asks for the other DB-Servers alone.
                lost.retain(|server| server != self.target && server.kind() == Some(ServerRole::DbServer));
            }
            if is_start(request) && !lost.is_empty() {
                report("I13", format!("{} at {at:?} while {lost:?} were away", request.what));
            }
            if request.what.ends_with("/removeServer") && stopped.is_none_or(|stopped| at < stopped) {
                report("I13", format!("a removal was asked for at {at:?} while the server ran"));
            }
        }
    }

    fn is_restart(&self) -> bool {
        matches!(self.setting.work, Work::RestartDbServers | Work::RestartCoordinators)
    }

    /// I14: each start is executed once, and nothing is restarted twice.
    fn begun_once(&self, report: &mut Report<'_>) {
        let mut jobs = BTreeMap::new();
        // Those that another job has asked for begin with its id.
        let own = self.after.jobs.iter().filter(|job| !job.id.to_string().contains('-'));
        for job in own {
            let about = job.from_server.as_ref().or(job.server.as_ref()).map(ToString::to_string);
            let shard = (job.database.clone(), job.shard.clone());
            let what = format!("{:?} {about:?} {shard:?} to {:?}", job.kind, job.to_server);
            *jobs.entry(what).or_insert(0) += 1;
        }
        for (what, count) in jobs.into_iter().filter(|(_, count)| *count > 1) {
            report("I14", format!("{count} jobs of {what}"));
        }
        let mut restarts = BTreeMap::new();
        for (_, act) in self.acts {
            if let Act::Restart(server) = act {
                *restarts.entry(server).or_insert(0) += 1;
            }
        }
        for (server, count) in restarts.into_iter().filter(|(_, count)| *count > 1) {
            report("I14", format!("{server} was restarted {count} times"));
        }
        let most = match self.setting.work {
            Work::RestartDbServers => [self.setting.db_servers, 0, 0],
            Work::RestartCoordinators => [0; 3],
            Work::Drain | Work::DrainAndRemove => [1, 1, 0],
            Work::Move => [0, 0, 1],
            Work::Rebalance => [0, 0, self.moves.len()],
        };
        for (command, most) in ["resignLeadership", "cleanOutServer", "moveShard"].into_iter().zip(most) {
            let executed = (self.executions)(command);
            if executed > most {
                report("I14", format!("{command} was executed {executed} times, and {most} were wanted"));
            }
        }
    }

    /// I15: what it says it has done is done, and what it says was not executed was not.
    fn reports_are_true(&self, report: &mut Report<'_>) {
        let (done, why) = match &self.ended.result {
            None => return,
            Some(Ok(done)) => (done, None),
            Some(Err((done, why))) => (done, Some(why)),
        };
        let is_finished = why.is_none();
        match done {
            Done::Restarted(servers) => self.restarts_are_true(servers, is_finished, report),
            Done::Drained(drain) => {
                let is_known = self.after.servers.contains(self.target);
                if drain.removed && is_known || is_finished && !drain.removed {
                    report("I15", format!("{drain:?}, and the cluster knows the server: {is_known}"));
                }
                if drain.cleaned_out && self.after.held > 0 {
                    report("I15", format!("{drain:?}, and it holds {} shards", self.after.held));
                }
                let is_not_begun = drain.job.is_none() && is_not_executed(why);
                if is_not_begun && self.has_job(&JobType::ResignLeadership) {
                    report("I15", "a resignation that was not executed has a job".to_owned());
                }
            }
            Done::Moved => {
                if is_not_executed(why) && self.has_job(&JobType::MoveShard) {
                    report("I15", "a move that was not executed has a job".to_owned());
                }
                let is_there = |copies: &Vec<ServerId>| copies.contains(&self.moves[0].to);
                if is_finished && !self.after.copies[0].as_ref().is_some_and(is_there) {
                    report(
                        "I15",
                        format!("a move is finished, and the copies are {:?}", self.after.copies[0]),
                    );
                }
            }
            Done::Rebalanced(rebalanced) => {
                if is_finished && (!rebalanced.not_made.is_empty() || !rebalanced.not_begun.is_empty()) {
                    report("I15", format!("it is finished, and {rebalanced:?}"));
                }
                let is_job = |step: &&ShardMove| {
                    let same = |job: &&arango::cluster::AgencyJob| {
                        job.shard.as_ref() == Some(&step.shard) && job.to_server.as_ref() == Some(&step.to)
                    };
                    self.after.jobs.iter().any(|job| same(&job))
                };
                for step in rebalanced.not_begun.iter().filter(is_job) {
                    report("I15", format!("{step:?} was not begun, and has a job"));
                }
            }
        }
    }

    fn restarts_are_true(&self, servers: &[ServerId], is_finished: bool, report: &mut Report<'_>) {
        let restarts = self.acts.iter().filter_map(|(_, act)| match act {
            Act::Restart(server) => Some(server.clone()),
            Act::Stopped => None,
        });
        let restarts: Vec<ServerId> = restarts.collect();
        let wanted = if self.setting.work == Work::RestartDbServers {
            self.setting.db_servers
        } else {
            super::COORDINATORS
        };
        let is_true = if is_finished {
            servers.len() == wanted && restarts == servers
        } else {
            restarts.starts_with(servers) && restarts.len() <= servers.len() + 1
        };
        if !is_true {
            report("I15", format!("it tells of {servers:?}, and restarted were {restarts:?}"));
        }
    }

    fn has_job(&self, kind: &JobType) -> bool {
        self.after.jobs.iter().any(|job| job.kind == *kind)
    }

    /// I16: it ends within its limit and that of its last call.
    fn in_time(&self, report: &mut Report<'_>) {
        let latest = latest_end(self.setting, self.ended.began) + TICK;
        if self.ended.over > latest {
            report("I16", format!("it ended at {:?}, and not by {latest:?}", self.ended.over));
        }
    }

    /// I17: nothing is in flight and no server is in maintenance long after its end.
    fn nothing_is_left(&self, report: &mut Report<'_>) {
        let Self { in_flight, open, .. } = self;
        if *in_flight > 0 || *open > 0 {
            report("I17", format!("{in_flight} calls are in flight, {open} connections are open"));
        }
        if !self.after.in_maintenance.is_empty() {
            report("I17", format!("{:?} are in maintenance", self.after.in_maintenance));
        }
    }
}

fn is_not_executed(why: Option<&Stopped>) -> bool {
    matches!(why, Some(Stopped::Call(error)) if error.outcome() == Outcome::NotExecuted)
}

/// Whether a request begins what health is looked at for.
fn is_start(request: &Seen) -> bool {
    let command = request.what.strip_prefix("POST /_admin/cluster/");
    matches!(command, Some("resignLeadership" | "cleanOutServer"))
}
