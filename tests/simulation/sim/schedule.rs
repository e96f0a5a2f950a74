//! The schedule of faults: what, when, where, and for how long.

use std::net::SocketAddr;
use std::time::Duration;

use arango_test_cluster::{Fault, HandshakeFault, Match, Phase};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::link::{ConnectBehavior, Direction};
use super::membership_changes;
use super::responses::{self, ResponseFilter};
use super::scenario::{FaultFree, LoadLevel, Scenario, seeded_rng};

/// A kind of fault.
#[derive(Debug, Clone)]
pub(crate) enum FaultKind {
    Kill,
    Pause,
    /// The coordinator accepts no new connections, and keeps those it has.
    Refuse,
    /// A fault of requests at a coordinator, with a description for the trace.
    RequestFault(String, Fault),
    /// A fault of the links to the coordinator: of one client, or of all.
    Link(Option<usize>, LinkFault),
    /// Name resolution fails for one client.
    DnsDown(usize),
    /// The coordinator's TLS handshakes fail.
    Handshake(HandshakeFault),
    /// It is removed from the list. At the end of the event it is killed, unless it stays.
    Leave {
        stays: bool,
    },
    /// It is started and listed, and becomes available at the end of the event.
    Join,
    /// It gets a second, listed address. At the end of the event the old one is closed.
    Move(SocketAddr),
}

/// A fault of a link.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LinkFault {
    Latency(Duration),
    Hold,
    Connect(ConnectBehavior),
    /// The connection that carries the byte after these is cut.
    CutAfterBytes(Direction, usize),
    /// All connections are cut.
    Cut,
}

/// A fault with its time and coordinator.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Duration,
    pub(crate) duration: Duration,
    pub(crate) coordinator: usize,
    pub(crate) fault: FaultKind,
}

/// Draws all faults of a scenario, ordered by time.
pub(crate) fn draw(scenario: &Scenario) -> Vec<Event> {
    let mut events = if scenario.fault_free == FaultFree::AllCoordinators {
        draw_slow_writes(scenario)
    } else {
        draw_faults(scenario)
    };
    if scenario.kind.is_encrypted() {
        events.extend(draw_handshake_faults(scenario));
    }
    if scenario.kind.has_membership_changes() {
        events.extend(membership_changes::draw(scenario));
    }
    events.sort_by_key(|event| event.at);
    events
}

fn draw_faults(scenario: &Scenario) -> Vec<Event> {
    let mut rng = seeded_rng(scenario.seed, 2);
    let first = usize::from(scenario.fault_free == FaultFree::FirstCoordinator);
    let count = rng.random_range(4..=24) * if scenario.kind.has_membership_changes() { 2 } else { 1 };
    let mut events: Vec<Event> = (0..count)
        .map(|_| Event {
            at: draw_start(scenario, &mut rng),
            duration: draw_duration(&mut rng, 50, 15_000),
            coordinator: rng.random_range(first..scenario.coordinators),
            fault: draw_fault(scenario, &mut rng),
        })
        .collect();
    if scenario.load == LoadLevel::Overload {
        events.extend((first..scenario.coordinators).map(|coordinator| Event {
            at: Duration::ZERO,
            duration: draw_duration(&mut rng, 4_000, 8_000),
            coordinator,
            fault: FaultKind::RequestFault(
                "R22 rush".to_owned(),
                Fault::response(503, 21_003, "queue is full"),
            ),
        }));
    }
    events
}

/// Draws delays of writes that succeed.
fn draw_slow_writes(scenario: &Scenario) -> Vec<Event> {
    let mut rng = seeded_rng(scenario.seed, 2);
    let mut event = || Event {
        at: draw_start(scenario, &mut rng),
        duration: draw_duration(&mut rng, 1_000, 30_000),
        coordinator: rng.random_range(0..scenario.coordinators),
        fault: {
            let delay = draw_duration(&mut rng, 50, 5_000);
            let fault = Fault::latency(delay).on(Match::post("/_api/document/*"));
            FaultKind::RequestFault(format!("latency {delay:?} of writes"), fault)
        },
    };
    (0..8).map(|_| event()).collect()
}

/// Draws failing TLS handshakes.
fn draw_handshake_faults(scenario: &Scenario) -> Vec<Event> {
    let mut rng = seeded_rng(scenario.seed, 9);
    let first = usize::from(scenario.fault_free == FaultFree::FirstCoordinator);
    let faults = [
        HandshakeFault::Close,
        HandshakeFault::Hang,
        HandshakeFault::Expired,
        HandshakeFault::Untrusted,
        HandshakeFault::WrongName,
    ];
    let mut event = || Event {
        at: draw_start(scenario, &mut rng),
        duration: draw_duration(&mut rng, 50, 15_000),
        coordinator: rng.random_range(first..scenario.coordinators),
        fault: FaultKind::Handshake(*faults.choose(&mut rng).expect("there are five")),
    };
    (0..4).filter(|_| scenario.coordinators > first).map(|_| event()).collect()
}

/// Draws the start of a fault: before the first call, before the first call after the pause, or at any time.
///
/// The first calls are those that request tokens.
fn draw_start(scenario: &Scenario, rng: &mut StdRng) -> Duration {
    match rng.random_range(0..8) {
        0 => Duration::ZERO,
        1 => scenario.span / 2 + scenario.pause,
        _ => draw_time(scenario, rng),
    }
}

/// Draws a time outside the pause.
pub(crate) fn draw_time(scenario: &Scenario, rng: &mut StdRng) -> Duration {
    let at = rng.random_range(Duration::ZERO..scenario.span);
    // The pause is in the middle.
    if at > scenario.span / 2 { at + scenario.pause } else { at }
}

fn draw_fault(scenario: &Scenario, rng: &mut StdRng) -> FaultKind {
    let clients = scenario.clients.len();
    let has_fault_free_coordinator = scenario.fault_free == FaultFree::FirstCoordinator;
    match rng.random_range(0..22) {
        0..=1 => FaultKind::Kill,
        2..=3 => FaultKind::Pause,
        4 => FaultKind::Refuse,
        5..=8 => {
            let filter =
                if has_fault_free_coordinator { ResponseFilter::Retryable } else { ResponseFilter::Any };
            let (name, fault) = responses::draw(rng, filter);
            restrict(name, fault, rng)
        }
        9..=11 => {
            let (name, fault) = draw_request_fault(rng, has_fault_free_coordinator);
            restrict(name, fault, rng)
        }
        12 if !has_fault_free_coordinator => {
            let (name, fault) = draw_login_fault(rng);
            FaultKind::RequestFault(name, fault)
        }
        20 | 21 => {
            let (name, fault) = responses::another_service(rng);
            FaultKind::RequestFault(name, fault)
        }
        // A client that cannot resolve names reaches no coordinator.
        13 if !has_fault_free_coordinator => FaultKind::DnsDown(rng.random_range(0..clients)),
        _ => {
            let client = rng.random_bool(0.5).then(|| rng.random_range(0..clients));
            FaultKind::Link(client, draw_link_fault(scenario, rng))
        }
    }
}

fn draw_link_fault(scenario: &Scenario, rng: &mut StdRng) -> LinkFault {
    match rng.random_range(0..7) {
        0 => LinkFault::Latency(draw_duration(rng, 5, 2_000)),
        1 | 2 => LinkFault::Hold,
        3 => LinkFault::Connect(ConnectBehavior::Refused),
        4 => LinkFault::Connect(ConnectBehavior::BlackHoled),
        5 => LinkFault::Cut,
        _ => {
            let direction = if rng.random_bool(0.5) { Direction::Up } else { Direction::Down };
            // A handshake takes more bytes than most requests.
            let most = if scenario.kind.is_encrypted() { 6_000 } else { 2_000 };
            LinkFault::CutAfterBytes(direction, rng.random_range(0..most))
        }
    }
}

/// Draws a fault that a coordinator can apply to any request.
fn draw_request_fault(rng: &mut StdRng, has_fault_free_coordinator: bool) -> (String, Fault) {
    let phases = [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    match rng.random_range(0..if has_fault_free_coordinator { 7 } else { 8 }) {
        0..=3 => {
            let phase = *phases.choose(rng).expect("there are five");
            (format!("close {phase:?}"), Fault::close(phase))
        }
        4 | 5 => {
            let delay = draw_duration(rng, 5, 8_000);
            (format!("latency {delay:?}"), Fault::latency(delay))
        }
        6 => ("hang".to_owned(), Fault::hang()),
        // Two of them in a row end a call, although other coordinators are left.
        _ => ("garbage".to_owned(), Fault::garbage()),
    }
}

/// Draws a fault of logins, or of the token that they return.
fn draw_login_fault(rng: &mut StdRng) -> (String, Fault) {
    let (name, fault) = match rng.random_range(0..5) {
        0 => ("401/401", Fault::response(401, 401, "Wrong credentials")),
        1 => ("503/503", Fault::response(503, 503, "starting")),
        2 => ("hang", Fault::hang()),
        3 => ("lost", Fault::close(Phase::AfterExecution)),
        _ => {
            let rejected = Fault::response(401, 11, "not authorized").on(Match::post("/_api/document/*"));
            return ("R12 401/11 ×6".to_owned(), rejected.times(6));
        }
    };
    (format!("login {name}"), fault.on(Match::post("/_open/auth")))
}

/// Restricts a fault to some requests, and to a number of times or the duration of the event.
fn restrict(mut name: String, mut fault: Fault, rng: &mut StdRng) -> FaultKind {
    if rng.random_bool(0.5) {
        fault = fault.on(Match::post("/_api/document/*"));
        name += " of writes";
    }
    if rng.random_bool(0.6) {
        let times = rng.random_range(1..=4);
        fault = fault.times(times);
        name = format!("{name} ×{times}");
    }
    FaultKind::RequestFault(name, fault)
}

/// Draws a duration in milliseconds from a logarithmic distribution, so that short ones are as likely as long ones.
pub(crate) fn draw_duration(rng: &mut StdRng, least: u32, most: u32) -> Duration {
    let exponent = rng.random_range(f64::from(least).ln()..f64::from(most).ln());
    // Whole milliseconds, the resolution of the clock.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between two u32 values"
    )]
    let whole = exponent.exp().round() as u64;
    Duration::from_millis(whole)
}
