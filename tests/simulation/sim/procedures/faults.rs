//! Injects random faults while a procedure runs.

use std::time::Duration;

use arango::cluster::ServerId;
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::time::sleep;

use super::super::responses;
use super::super::scenario::seeded_rng;
use super::super::trace::Trace;
use super::outages::Outages;

/// Commands that start a job or remove a server.
const COMMANDS: [&str; 4] = ["resignLeadership", "cleanOutServer", "moveShard", "removeServer"];

/// Injects faults until it is dropped.
pub(crate) struct FaultInjector<'a> {
    pub(crate) seed: u64,
    pub(crate) cluster: &'a TestCluster,
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) trace: &'a Trace,
    /// The servers that may fail.
    pub(crate) victims: Vec<ServerId>,
}

impl FaultInjector<'_> {
    /// Injects faults; never returns.
    pub(crate) async fn run(&self) {
        tokio::join!(self.fail_servers(42), self.fail_health_reads(43), self.fail_responses(44));
    }

    /// Kills or freezes servers, and ends the outages.
    async fn fail_servers(&self, purpose: u64) {
        let mut rng = seeded_rng(self.seed, purpose);
        loop {
            sleep_up_to(&mut rng, 60).await;
            let victim = self.victims.choose(&mut rng).expect("there are some");
            let is_frozen = rng.random_bool(0.3);
            let seconds = if rng.random_bool(0.3) { 8 } else { 100 };
            if self.outages.begin(victim, is_frozen) {
                sleep_up_to(&mut rng, seconds).await;
                self.outages.end(victim, is_frozen).await;
            }
        }
    }

    /// Makes the agency and health slow or unavailable.
    async fn fail_health_reads(&self, purpose: u64) {
        let mut rng = seeded_rng(self.seed, purpose);
        let dump = || Match::get("/_api/cluster/agency-dump");
        let health = || Match::get("/_admin/cluster/health");
        loop {
            sleep_up_to(&mut rng, 40).await;
            let delay = Duration::from_millis(rng.random_range(500..28_000));
            let fault = match rng.random_range(0..8) {
                0 => Fault::latency(delay).on(dump()),
                1 => Fault::response(503, 503, "starting").on(dump()),
                2..=4 => {
                    self.fail_server_while_agency_is_unreadable(&mut rng).await;
                    continue;
                }
                // The response is outdated when it can be read.
                5 => Fault::slow_body(900, delay / 5).on(health()).times(2),
                6 => Fault::latency(delay).on(health()).times(2),
                _ => {
                    self.trace.log(format_args!("FAULT the agency is down"));
                    let down = self.cluster.agency_down();
                    sleep_up_to(&mut rng, 30).await;
                    drop(down);
                    self.outages.record_agency_recovery();
                    self.trace.log(format_args!("END the agency is down"));
                    continue;
                }
            };
            self.trace.log(format_args!("FAULT {fault:?}"));
            let guards = self.inject_everywhere(&fault);
            sleep_up_to(&mut rng, 120).await;
            drop(guards);
            self.trace.log(format_args!("END {fault:?}"));
        }
    }

    /// Kills a server while agency dumps fail, and restarts it some time after dumps succeed again.
    async fn fail_server_while_agency_is_unreadable(&self, rng: &mut StdRng) {
        let fault = Fault::response(503, 503, "starting").on(Match::get("/_api/cluster/agency-dump"));
        self.trace.log(format_args!("FAULT no dump can be read"));
        let guards = self.inject_everywhere(&fault);
        sleep_up_to(rng, 40).await;
        let victim = self.victims.choose(rng).expect("there are some");
        let is_down = self.outages.begin(victim, false);
        sleep_up_to(rng, 60).await;
        drop(guards);
        self.trace.log(format_args!("END no dump can be read"));
        if is_down {
            sleep_up_to(rng, 40).await;
            self.outages.end(victim, false).await;
        }
    }

    /// Loses responses, lets another service respond, and makes logins fail.
    async fn fail_responses(&self, purpose: u64) {
        let mut rng = seeded_rng(self.seed, purpose);
        loop {
            sleep_up_to(&mut rng, 40).await;
            let phases = [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
            let command = COMMANDS.choose(&mut rng).expect("there are four");
            let start = Match::post(format!("/_admin/cluster/{command}"));
            let (name, guards) = match rng.random_range(0..6) {
                0..=2 => {
                    let phase = *phases.choose(&mut rng).expect("there are four");
                    let fault = Fault::close(phase).on(start).times(1);
                    (format!("{command} is lost {phase:?}"), self.inject_everywhere(&fault))
                }
                3 => {
                    let fault = Fault::response(503, 503, "starting").on(start).times(1);
                    (format!("{command} is refused"), self.inject_everywhere(&fault))
                }
                4 => {
                    let coordinators = self.cluster.coordinators();
                    let one = coordinators.choose(&mut rng).expect("there are some");
                    let (name, fault) = responses::another_service(&mut rng);
                    (format!("{}: {name}", one.id()), vec![one.inject(fault)])
                }
                _ => {
                    let fault = Fault::response(503, 503, "starting").on(Match::post("/_open/auth"));
                    ("logins fail".to_owned(), self.inject_everywhere(&fault))
                }
            };
            self.trace.log(format_args!("FAULT {name}"));
            sleep_up_to(&mut rng, 40).await;
            drop(guards);
            self.trace.log(format_args!("END {name}"));
        }
    }

    fn inject_everywhere(&self, fault: &Fault) -> Vec<FaultGuard> {
        self.cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
    }
}

/// Sleeps for a random time up to `seconds`.
async fn sleep_up_to(rng: &mut StdRng, seconds: u64) {
    sleep(Duration::from_millis(rng.random_range(0..seconds * 1_000))).await;
}
