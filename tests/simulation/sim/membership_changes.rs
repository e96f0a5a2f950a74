//! Draws coordinators that join, leave and move, and faults of the list of coordinators.

use std::collections::BTreeSet;
use std::time::Duration;

use arango_test_cluster::{Fault, Match};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;

use super::address_book::{LISTED_UNTRUSTED_HOSTS, address_of};
use super::scenario::{FaultFree, Scenario, seeded_rng};
use super::schedule::{Event, FaultKind, draw_duration, draw_time};

/// Duration of a write at a coordinator that is leaving, in scenarios without other faults.
const DRAINING_WRITE_LATENCY: Duration = Duration::from_secs(15);

/// Members while changes are drawn.
struct MembershipState {
    present: BTreeSet<usize>,
    absent: BTreeSet<usize>,
    /// Number of moves, by coordinator.
    moves: Vec<usize>,
    /// End of slow writes, by coordinator.
    slow_until: Vec<Duration>,
}

/// Draws all membership changes of a scenario.
pub(crate) fn draw(scenario: &Scenario) -> Vec<Event> {
    let mut rng = seeded_rng(scenario.seed, 8);
    let mut members = MembershipState {
        present: (0..scenario.initial_coordinators).collect(),
        absent: (scenario.initial_coordinators..scenario.coordinators).collect(),
        moves: vec![0; scenario.coordinators],
        slow_until: vec![Duration::ZERO; scenario.coordinators],
    };
    let mut times: Vec<Duration> =
        (0..rng.random_range(3..=8)).map(|_| draw_time(scenario, &mut rng)).collect();
    times.sort_unstable();
    let mut events = Vec::new();
    for at in times {
        match rng.random_range(0..8) {
            0 | 1 => events.extend(members.leave(scenario, at, &mut rng)),
            2 | 3 => events.extend(members.join(at, &mut rng)),
            // One coordinator replaces another.
            4 => {
                events.extend(members.leave(scenario, at, &mut rng));
                events.extend(members.join(at, &mut rng));
            }
            5 => events.extend(members.change_address(scenario, at, &mut rng)),
            _ => events.push(members.list_fault(scenario, at, &mut rng)),
        }
    }
    events
}

impl MembershipState {
    /// Chooses a coordinator that may leave or move: never the fault-free one, and never the last one.
    fn random_present(&self, scenario: &Scenario, rng: &mut StdRng) -> Option<usize> {
        let first = usize::from(scenario.fault_free != FaultFree::NoCoordinator);
        let movable = self.present.iter().copied().filter(|index| *index >= first);
        movable.choose(rng).filter(|_| self.present.len() > 1)
    }

    fn leave(&mut self, scenario: &Scenario, at: Duration, rng: &mut StdRng) -> Vec<Event> {
        let Some(coordinator) = self.random_present(scenario, rng) else { return Vec::new() };
        self.present.remove(&coordinator);
        // It ends at once, while requests are still in flight, or never. If never, it does not join again, since that
        // takes a restart.
        let duration = draw_duration(rng, 50, 60_000);
        let stays = scenario.fault_free == FaultFree::AllCoordinators;
        if !stays {
            self.absent.insert(coordinator);
        }
        let mut events = vec![Event { at, duration, coordinator, fault: FaultKind::Leave { stays } }];
        // A call has time for a few slow coordinators, not for most of them.
        let are_slow = self.slow_until.iter().filter(|until| **until > at).count();
        if stays && are_slow * 3 < self.slow_until.len() {
            self.slow_until[coordinator] = at + DRAINING_WRITE_LATENCY * 8;
            // So that requests are in flight when it is removed.
            let fault = Fault::latency(DRAINING_WRITE_LATENCY).on(Match::post("/_api/document/*"));
            let kind =
                FaultKind::RequestFault(format!("latency {DRAINING_WRITE_LATENCY:?} of writes"), fault);
            events.push(Event { at, duration: DRAINING_WRITE_LATENCY * 8, coordinator, fault: kind });
        }
        events
    }

    fn join(&mut self, at: Duration, rng: &mut StdRng) -> Option<Event> {
        let coordinator = self.absent.iter().copied().choose(rng)?;
        self.absent.remove(&coordinator);
        self.present.insert(coordinator);
        Some(Event { at, duration: draw_duration(rng, 5, 20_000), coordinator, fault: FaultKind::Join })
    }

    /// Moves a coordinator: it has both addresses for a while, and then only the new one.
    fn change_address(&mut self, scenario: &Scenario, at: Duration, rng: &mut StdRng) -> Option<Event> {
        let coordinator = self.random_present(scenario, rng)?;
        self.moves[coordinator] += 1;
        let to = address_of(coordinator, self.moves[coordinator]);
        Some(Event { at, duration: draw_duration(rng, 1, 60_000), coordinator, fault: FaultKind::Move(to) })
    }

    /// Draws a fault of the response to a request for the list.
    fn list_fault(&self, scenario: &Scenario, at: Duration, rng: &mut StdRng) -> Event {
        let (name, fault) = self.list_response(scenario, rng);
        let first = usize::from(scenario.fault_free == FaultFree::FirstCoordinator);
        let coordinator = rng.random_range(first..scenario.coordinators);
        let kind =
            FaultKind::RequestFault(format!("list {name}"), fault.on(Match::get("/_api/cluster/endpoints")));
        Event { at, duration: draw_duration(rng, 20_000, 90_000), coordinator, fault: kind }
    }

    fn list_response(&self, scenario: &Scenario, rng: &mut StdRng) -> (&'static str, Fault) {
        let all_addresses = || self.present.iter().map(|index| address_of(*index, self.moves[*index]));
        let raw = |text: String| Fault::raw_response(200, "application/json", text);
        let list_of = |addresses: Vec<std::net::SocketAddr>| {
            let endpoints: Vec<_> = addresses
                .iter()
                .map(|address| serde_json::json!({ "endpoint": format!("tcp://{address}") }))
                .collect();
            raw(serde_json::json!({ "error": false, "code": 200, "endpoints": endpoints }).to_string())
        };
        // A coordinator that hangs is ejected, which is more than a wrong list.
        let last = if scenario.fault_free == FaultFree::AllCoordinators { 8 } else { 9 };
        match rng.random_range(0..last) {
            0 => ("500/4", Fault::response(500, 4, "internal")),
            1 => ("nonsense", raw("nonsense".to_owned())),
            2 => ("empty", list_of(Vec::new())),
            3 => ("incomplete", list_of(all_addresses().filter(|_| rng.random_bool(0.5)).collect())),
            4..=7 => {
                ("with untrusted hosts", list_of(all_addresses().chain(LISTED_UNTRUSTED_HOSTS).collect()))
            }
            _ => ("hang", Fault::hang()),
        }
    }
}
