//! The faults of a bank: those of all scenarios, and those of transactions.

use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::BankScenario;
use crate::sim::responses::{self, ResponseFilter};
use crate::sim::scenario::{FaultFree, seeded_rng};
use crate::sim::schedule::{self, Event, FaultKind, draw_duration, draw_time};

/// Draws all faults, ordered by time.
pub(super) fn draw(scenario: &BankScenario) -> Vec<Event> {
    let base = &scenario.base;
    let mut events = schedule::draw(base);
    let mut rng = seeded_rng(base.seed, 71);
    // A coordinator that is killed loses its commits.
    let kills = rng.random_bool(0.5) || events.iter().any(|event| is_kill(&event.fault));
    // A leader that is lost or moves makes commits fail, too.
    let fails = rng.random_bool(0.5) || scenario.db_server_outages > 0 || scenario.leader_moves > 0;
    let first = usize::from(base.fault_free == FaultFree::FirstCoordinator);
    for _ in 0..scenario.transaction_faults {
        let (at, duration) = (draw_time(base, &mut rng), draw_duration(&mut rng, 200, 15_000));
        let coordinator = rng.random_range(first..base.coordinators);
        events.extend(draw_transaction_faults(&mut rng, kills, fails).into_iter().map(|fault| Event {
            at,
            duration,
            coordinator,
            fault,
        }));
    }
    events.sort_by_key(|event| event.at);
    events
}

fn is_kill(fault: &FaultKind) -> bool {
    matches!(fault, FaultKind::Kill | FaultKind::Leave { stays: false })
}

/// Draws one fault, or several that belong together: slow commits during which the coordinator is killed.
fn draw_transaction_faults(rng: &mut StdRng, kills: bool, fails: bool) -> Vec<FaultKind> {
    let commits = || Match::put("/_api/transaction/*");
    let named = |name: &str, fault: Fault| FaultKind::RequestFault(name.to_owned(), fault.on(commits()));
    let slow = |rng: &mut StdRng| {
        // Commits that fail or are lost take less time, all faults together, than the server has to report them to be believed.
        let time = draw_duration(rng, 10, if kills || fails { 1_000 } else { 20_000 });
        named(&format!("commits take {time:?}"), Fault::slow_commit(time))
    };
    match rng.random_range(0..10) {
        0 => vec![slow(rng)],
        1 if kills => vec![slow(rng), FaultKind::Kill],
        2 if fails => vec![slow(rng), named("commits fail", Fault::failed_commit())],
        3 if kills => vec![named("lost commits", Fault::close(Phase::AfterExecution)), FaultKind::Kill],
        4 => {
            let delay = draw_duration(rng, 50, 40_000);
            vec![named(&format!("late copies after {delay:?} of commits"), Fault::late_copy(delay))]
        }
        _ => {
            let (path, requests) = draw_requests(rng);
            let (effect, fault) = draw_effect(rng);
            let times = rng.random_range(1..=4);
            vec![FaultKind::RequestFault(
                format!("{effect} of {path} ×{times}"),
                fault.on(requests).times(times),
            )]
        }
    }
}

fn draw_requests(rng: &mut StdRng) -> (&'static str, Match) {
    match rng.random_range(0..8) {
        0..=2 => ("commits", Match::put("/_api/transaction/*")),
        3 => ("states of transactions", Match::get("/_api/transaction/*")),
        4 => ("aborts", Match::delete("/_api/transaction/*")),
        5 => ("begins", Match::post("/_api/transaction/begin")),
        6 => ("proofs", Match::post("/_api/document/proofs")),
        _ => ("changes of accounts", Match::method(Method::PUT, "/_api/document/accounts/*")),
    }
}

fn draw_effect(rng: &mut StdRng) -> (String, Fault) {
    let phases = [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    match rng.random_range(0..8) {
        0..=4 => {
            let phase = *phases.choose(rng).expect("there are five");
            (format!("close {phase:?}"), Fault::close(phase))
        }
        5 => {
            let delay = draw_duration(rng, 5, 12_000);
            (format!("latency {delay:?}"), Fault::latency(delay))
        }
        6 => ("hang".to_owned(), Fault::hang()),
        _ => responses::draw(rng, ResponseFilter::Any),
    }
}
