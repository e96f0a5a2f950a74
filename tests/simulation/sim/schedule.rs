//! What goes wrong, when, where, and for how long.

use std::net::SocketAddr;
use std::time::Duration;

use arango_test_cluster::{Fault, Handshake, Match, Phase};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::answers::{self, Which};
use super::changes;
use super::link::{Direction, Opening};
use super::setting::{Pace, Peace, Setting, chance};

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    Kill,
    Pause,
    /// The coordinator listens no more, and keeps the connections it has.
    Refuse,
    /// A coordinator treats requests otherwise than it should.
    Fault(String, Fault),
    /// On links to the coordinator: all clients', or one's.
    Weather(Option<usize>, Storm),
    /// One client's names are resolved no more.
    Mute(usize),
    /// The coordinator's handshakes come to nothing.
    Handshake(Handshake),
    /// It is listed no more, and at the end of this it ends too, unless it stays.
    Leave {
        stays: bool,
    },
    /// It is there and listed, and takes requests from the end of this on.
    Join,
    /// It is here too, and listed so, and from the end of this on nowhere else.
    Move(SocketAddr),
}

/// What goes wrong on a link.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Storm {
    Latency(Duration),
    Hold,
    Opening(Opening),
    /// The connection breaks that carries the byte after these.
    Fuse(Direction, usize),
    /// All connections break at once.
    Cut,
}

/// Trouble at a time.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
    pub(crate) coordinator: usize,
    pub(crate) trouble: Trouble,
}

/// Everything that goes wrong in a world, in its order.
pub(crate) fn draw(setting: &Setting) -> Vec<Event> {
    let mut drawn = if setting.peace == Peace::Everywhere { slow(setting) } else { troubles(setting) };
    if setting.kind.is_encrypted() {
        drawn.extend(handshakes(setting));
    }
    if setting.kind.is_changing() {
        drawn.extend(changes::draw(setting));
    }
    drawn.sort_by_key(|event| event.at);
    drawn
}

fn troubles(setting: &Setting) -> Vec<Event> {
    let mut chance = chance(setting.seed, 2);
    let first = usize::from(setting.peace == Peace::AtTheFirst);
    let events = chance.random_range(4..=24) * if setting.kind.is_changing() { 2 } else { 1 };
    let mut drawn: Vec<Event> = (0..events)
        .map(|_| Event {
            at: beginning(setting, &mut chance),
            lasts: milliseconds(&mut chance, 50, 15_000),
            coordinator: chance.random_range(first..setting.coordinators),
            trouble: trouble(setting, &mut chance),
        })
        .collect();
    if setting.pace == Pace::Rush {
        drawn.extend((first..setting.coordinators).map(|coordinator| Event {
            at: Duration::ZERO,
            lasts: milliseconds(&mut chance, 4_000, 8_000),
            coordinator,
            trouble: Trouble::Fault("R22 rush".to_owned(), Fault::answer(503, 21_003, "queue is full")),
        }));
    }
    drawn
}

/// Coordinators that take their time, and do everything.
fn slow(setting: &Setting) -> Vec<Event> {
    let mut chance = chance(setting.seed, 2);
    let mut event = || Event {
        at: beginning(setting, &mut chance),
        lasts: milliseconds(&mut chance, 1_000, 30_000),
        coordinator: chance.random_range(0..setting.coordinators),
        trouble: {
            let delay = milliseconds(&mut chance, 50, 5_000);
            let fault = Fault::latency(delay).on(Match::post("/_api/document/*"));
            Trouble::Fault(format!("latency {delay:?} of writes"), fault)
        },
    };
    (0..8).map(|_| event()).collect()
}

/// Handshakes that come to nothing.
fn handshakes(setting: &Setting) -> Vec<Event> {
    let mut chance = chance(setting.seed, 9);
    let first = usize::from(setting.peace == Peace::AtTheFirst);
    let wrong =
        [Handshake::Close, Handshake::Hang, Handshake::Expired, Handshake::Untrusted, Handshake::WrongName];
    let mut event = || Event {
        at: beginning(setting, &mut chance),
        lasts: milliseconds(&mut chance, 50, 15_000),
        coordinator: chance.random_range(first..setting.coordinators),
        trouble: Trouble::Handshake(*wrong.choose(&mut chance).expect("there are five")),
    };
    (0..4).filter(|_| setting.coordinators > first).map(|_| event()).collect()
}

/// A time at which trouble may begin: before the first call, before the first one after the pause, or at any time. Tokens
/// are fetched by first calls.
fn beginning(setting: &Setting, chance: &mut StdRng) -> Duration {
    match chance.random_range(0..8) {
        0 => Duration::ZERO,
        1 => setting.span / 2 + setting.pause,
        _ => moment(setting, chance),
    }
}

/// A time at which something may happen.
pub(crate) fn moment(setting: &Setting, chance: &mut StdRng) -> Duration {
    let at = chance.random_range(Duration::ZERO..setting.span);
    // What is after the middle is after the pause.
    if at > setting.span / 2 { at + setting.pause } else { at }
}

fn trouble(setting: &Setting, chance: &mut StdRng) -> Trouble {
    let clients = setting.clients.len();
    let peaceful = setting.peace == Peace::AtTheFirst;
    match chance.random_range(0..22) {
        0..=1 => Trouble::Kill,
        2..=3 => Trouble::Pause,
        4 => Trouble::Refuse,
        5..=8 => {
            let which = if peaceful { Which::Passing } else { Which::Any };
            let (name, fault) = answers::draw(chance, which);
            aimed(name, fault, chance)
        }
        9..=11 => {
            let (name, fault) = misdeed(chance, peaceful);
            aimed(name, fault, chance)
        }
        12 if !peaceful => {
            let (name, fault) = login_trouble(chance);
            Trouble::Fault(name, fault)
        }
        20 | 21 => {
            let (name, fault) = answers::another_service(chance);
            Trouble::Fault(name, fault)
        }
        // A name that nobody resolves is nobody's that is reachable.
        13 if !peaceful => Trouble::Mute(chance.random_range(0..clients)),
        _ => {
            let whose = chance.random_bool(0.5).then(|| chance.random_range(0..clients));
            Trouble::Weather(whose, storm(setting, chance))
        }
    }
}

fn storm(setting: &Setting, chance: &mut StdRng) -> Storm {
    match chance.random_range(0..7) {
        0 => Storm::Latency(milliseconds(chance, 5, 2_000)),
        1 | 2 => Storm::Hold,
        3 => Storm::Opening(Opening::Refused),
        4 => Storm::Opening(Opening::Swallowed),
        5 => Storm::Cut,
        _ => {
            let direction = if chance.random_bool(0.5) { Direction::Up } else { Direction::Down };
            // A handshake takes more bytes than most requests.
            let most = if setting.kind.is_encrypted() { 6_000 } else { 2_000 };
            Storm::Fuse(direction, chance.random_range(0..most))
        }
    }
}

/// What a coordinator may do to a request, whatever it is.
fn misdeed(chance: &mut StdRng, peaceful: bool) -> (String, Fault) {
    let phases = [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    match chance.random_range(0..if peaceful { 7 } else { 8 }) {
        0..=3 => {
            let phase = *phases.choose(chance).expect("there are five");
            (format!("close {phase:?}"), Fault::close(phase))
        }
        4 | 5 => {
            let delay = milliseconds(chance, 5, 8_000);
            (format!("latency {delay:?}"), Fault::latency(delay))
        }
        6 => ("hang".to_owned(), Fault::hang()),
        // Two of them in a row end a call, wherever else it could go.
        _ => ("garbage".to_owned(), Fault::garbage()),
    }
}

/// What may happen to a login, or to the token that came of it.
fn login_trouble(chance: &mut StdRng) -> (String, Fault) {
    let (name, fault) = match chance.random_range(0..5) {
        0 => ("401/401", Fault::answer(401, 401, "Wrong credentials")),
        1 => ("503/503", Fault::answer(503, 503, "starting")),
        2 => ("hang", Fault::hang()),
        3 => ("lost", Fault::close(Phase::AfterExecution)),
        _ => {
            let refused = Fault::answer(401, 11, "not authorized").on(Match::post("/_api/document/*"));
            return ("R12 401/11 ×6".to_owned(), refused.times(6));
        }
    };
    (format!("login {name}"), fault.on(Match::post("/_open/auth")))
}

/// Aims a fault at some requests, and lets it strike a few times or as long as it lasts.
fn aimed(mut name: String, mut fault: Fault, chance: &mut StdRng) -> Trouble {
    if chance.random_bool(0.5) {
        fault = fault.on(Match::post("/_api/document/*"));
        name += " of writes";
    }
    if chance.random_bool(0.6) {
        let times = chance.random_range(1..=4);
        fault = fault.times(times);
        name = format!("{name} ×{times}");
    }
    Trouble::Fault(name, fault)
}

/// A time between the two; short ones are as likely as long ones.
pub(crate) fn milliseconds(chance: &mut StdRng, least: u32, most: u32) -> Duration {
    let power = chance.random_range(f64::from(least).ln()..f64::from(most).ln());
    // Whole ones: the clock has no others.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between two of u32")]
    let whole = power.exp().round() as u64;
    Duration::from_millis(whole)
}
