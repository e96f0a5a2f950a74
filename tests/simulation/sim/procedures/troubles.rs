//! What goes wrong while a procedure runs, drawn from the seed as it goes.

use std::time::Duration;

use arango::cluster::ServerId;
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::time::sleep;

use super::super::answers;
use super::super::setting::chance;
use super::super::trace::Trace;
use super::outages::Outages;

/// What begins a job, removes a server or holds maintenance.
const ACTS: [&str; 4] = ["resignLeadership", "cleanOutServer", "moveShard", "removeServer"];

/// Everything that goes wrong, until it is dropped.
pub(crate) struct Troubles<'a> {
    pub(crate) seed: u64,
    pub(crate) cluster: &'a TestCluster,
    pub(crate) outages: &'a Outages<'a>,
    pub(crate) trace: &'a Trace,
    /// The servers that may die.
    pub(crate) victims: Vec<ServerId>,
}

impl Troubles<'_> {
    /// Goes on for ever.
    pub(crate) async fn go_on(&self) {
        tokio::join!(self.servers(42), self.looks(43), self.answers(44));
    }

    /// Servers die, or freeze, and come back.
    async fn servers(&self, purpose: u64) {
        let mut chance = chance(self.seed, purpose);
        loop {
            within(&mut chance, 60).await;
            let victim = self.victims.choose(&mut chance).expect("there are some");
            let is_frozen = chance.random_bool(0.3);
            let lasts = if chance.random_bool(0.3) { 8 } else { 100 };
            if self.outages.begin(victim, is_frozen) {
                within(&mut chance, lasts).await;
                self.outages.end(victim, is_frozen).await;
            }
        }
    }

    /// The agency and health are slow, or not to be asked.
    async fn looks(&self, purpose: u64) {
        let mut chance = chance(self.seed, purpose);
        let dump = || Match::get("/_api/cluster/agency-dump");
        let health = || Match::get("/_admin/cluster/health");
        loop {
            within(&mut chance, 40).await;
            let late = Duration::from_millis(chance.random_range(500..28_000));
            let fault = match chance.random_range(0..8) {
                0 => Fault::latency(late).on(dump()),
                1 => Fault::answer(503, 503, "starting").on(dump()),
                2..=4 => {
                    self.death_behind_the_agency(&mut chance).await;
                    continue;
                }
                // What it says is old when it can be read.
                5 => Fault::slow_body(900, late / 5).on(health()).times(2),
                6 => Fault::latency(late).on(health()).times(2),
                _ => {
                    self.trace.note(format_args!("TROUBLE the agency is down"));
                    let down = self.cluster.agency_down();
                    within(&mut chance, 30).await;
                    drop(down);
                    self.outages.agency_is_back();
                    self.trace.note(format_args!("END the agency is down"));
                    continue;
                }
            };
            self.trace.note(format_args!("TROUBLE {fault:?}"));
            let guards = self.everywhere(&fault);
            within(&mut chance, 120).await;
            drop(guards);
            self.trace.note(format_args!("END {fault:?}"));
        }
    }

    /// A server dies while no dump of the agency can be read, and is still away when one can be read again.
    async fn death_behind_the_agency(&self, chance: &mut StdRng) {
        let fault = Fault::answer(503, 503, "starting").on(Match::get("/_api/cluster/agency-dump"));
        self.trace.note(format_args!("TROUBLE no dump can be read"));
        let guards = self.everywhere(&fault);
        within(chance, 40).await;
        let victim = self.victims.choose(chance).expect("there are some");
        let is_away = self.outages.begin(victim, false);
        within(chance, 60).await;
        drop(guards);
        self.trace.note(format_args!("END no dump can be read"));
        if is_away {
            within(chance, 40).await;
            self.outages.end(victim, false).await;
        }
    }

    /// Answers are lost, other services answer, and logins fail.
    async fn answers(&self, purpose: u64) {
        let mut chance = chance(self.seed, purpose);
        loop {
            within(&mut chance, 40).await;
            let phases = [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
            let act = ACTS.choose(&mut chance).expect("there are four");
            let start = Match::post(format!("/_admin/cluster/{act}"));
            let (name, guards) = match chance.random_range(0..6) {
                0..=2 => {
                    let phase = *phases.choose(&mut chance).expect("there are four");
                    let fault = Fault::close(phase).on(start).times(1);
                    (format!("{act} is lost {phase:?}"), self.everywhere(&fault))
                }
                3 => {
                    let fault = Fault::answer(503, 503, "starting").on(start).times(1);
                    (format!("{act} is refused"), self.everywhere(&fault))
                }
                4 => {
                    let coordinators = self.cluster.coordinators();
                    let one = coordinators.choose(&mut chance).expect("there are some");
                    let (name, fault) = answers::another_service(&mut chance);
                    (format!("{}: {name}", one.id()), vec![one.inject(fault)])
                }
                _ => {
                    let fault = Fault::answer(503, 503, "starting").on(Match::post("/_open/auth"));
                    ("logins fail".to_owned(), self.everywhere(&fault))
                }
            };
            self.trace.note(format_args!("TROUBLE {name}"));
            within(&mut chance, 40).await;
            drop(guards);
            self.trace.note(format_args!("END {name}"));
        }
    }

    fn everywhere(&self, fault: &Fault) -> Vec<FaultGuard> {
        self.cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
    }
}

/// Waits for a part of so many seconds.
async fn within(chance: &mut StdRng, seconds: u64) {
    sleep(Duration::from_millis(chance.random_range(0..seconds * 1_000))).await;
}
