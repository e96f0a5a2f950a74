//! What a world looks like before anything happens in it, drawn from its seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::kind::{self, Kind, Packing, Speaks};

/// How a client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// With user and password on each request.
    Basic,
    /// With a token that does not end.
    Token,
    /// With a token that it fetches and renews.
    Jwt,
}

/// How a client spreads its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    RoundRobin,
    Random,
}

/// How a client knows the coordinators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    Addresses,
    Names,
}

/// One client.
#[derive(Debug, Clone)]
pub(crate) struct ClientSetting {
    pub(crate) login: Login,
    pub(crate) spread: Spread,
    pub(crate) hosts: Hosts,
    pub(crate) total: Duration,
    pub(crate) attempt: Duration,
    pub(crate) connect: Duration,
    /// Connections to each coordinator.
    pub(crate) connections: usize,
    pub(crate) acquire: Duration,
    pub(crate) idle: Duration,
    pub(crate) speaks: Speaks,
    /// Whether it asks a second coordinator when a read takes unusually long.
    pub(crate) hedges: bool,
    pub(crate) packing: Packing,
    /// The coordinators that are named to it.
    pub(crate) seeds: Vec<usize>,
    /// How often it looks for others, if it does.
    pub(crate) looks: Option<Duration>,
}

/// Whether there is a coordinator that nothing happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peace {
    /// Something may happen to each.
    Nowhere,
    /// Nothing happens to coordinator 0 nor to the links to it, and whatever is wrong with the others can be survived
    /// by asking it.
    AtTheFirst,
    /// Nothing goes wrong: what takes long, comes, goes, or is wrong in a list, can be survived by every call.
    Everywhere,
}

/// How much is asked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Calm,
    /// More than the coordinators can take: for seconds they refuse nearly everything.
    Rush,
}

/// One world.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) kind: Kind,
    pub(crate) coordinators: usize,
    /// From this coordinator on they are not there from the beginning.
    pub(crate) absent_from: usize,
    pub(crate) clients: Vec<ClientSetting>,
    pub(crate) peace: Peace,
    pub(crate) calls: usize,
    pub(crate) pace: Pace,
    /// For how long calls are made and things go wrong.
    pub(crate) span: Duration,
    /// Somewhere in the middle nothing happens for this long.
    pub(crate) pause: Duration,
    /// How long the coordinators keep a connection on which nothing happens.
    pub(crate) keep_alive: Duration,
    /// How long a token holds.
    pub(crate) token: Duration,
    /// Whether the coordinators speak HTTP/2.
    pub(crate) http2: bool,
    /// From how many bytes on they compress answers, if they do.
    pub(crate) answers_from: Option<usize>,
}

/// A generator for one purpose, so that a change of what is drawn for one leaves the others as they are.
pub(crate) fn chance(seed: u64, purpose: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose)
}

impl Setting {
    /// The world of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = chance(seed, 1);
        let peaceful = chance.random_bool(0.35);
        let coordinators = if peaceful { chance.random_range(2..=5) } else { chance.random_range(1..=5) };
        let clients = (0..chance.random_range(1..=3)).map(|_| ClientSetting::draw(&mut chance, peaceful));
        let mut clients: Vec<_> = clients.collect();
        let mut ways = self::chance(seed, 5);
        for client in &mut clients {
            client.speaks = if ways.random_bool(0.4) { Speaks::Http2Surely } else { Speaks::Http1 };
            client.hedges = ways.random_bool(0.3);
        }
        let logs_in = clients.iter().any(|client| client.login == Login::Jwt);
        // Around the time in which a token of an hour is renewed, and beyond its end.
        let pace = if chance.random_bool(0.08) { Pace::Rush } else { Pace::Calm };
        let (calls, span) = match pace {
            Pace::Calm => (chance.random_range(40..=120), chance.random_range(8..=40)),
            Pace::Rush => (chance.random_range(250..=350), chance.random_range(8..=14)),
        };
        let pause = if logs_in && chance.random_bool(0.5) { chance.random_range(3_000..4_000) } else { 0 };
        for client in &mut clients {
            client.seeds = (0..coordinators).collect();
        }
        let mut setting = Self {
            seed,
            kind: Kind::of(seed),
            coordinators,
            absent_from: coordinators,
            clients,
            peace: if peaceful { Peace::AtTheFirst } else { Peace::Nowhere },
            calls,
            pace,
            span: Duration::from_secs(span),
            pause: Duration::from_secs(pause),
            keep_alive: Duration::from_secs(*[2, 30, 300].choose(&mut chance).expect("there are three")),
            token: Duration::from_secs(3_600),
            http2: true,
            answers_from: None,
        };
        kind::make(&mut setting);
        setting
    }
}

impl ClientSetting {
    /// Whether its requests cannot be read on the network, so that its attempts are [watched](super::attempts).
    pub(crate) fn is_watched(&self, kind: Kind) -> bool {
        self.speaks != Speaks::Http1 || self.looks.is_some() || kind.is_encrypted()
    }

    fn draw(chance: &mut StdRng, peaceful: bool) -> Self {
        let mut one_of = |choices: &[u64]| *choices.choose(chance).expect("there are choices");
        let login = [Login::Basic, Login::Basic, Login::Token, Login::Jwt, Login::Jwt];
        let spread = [Spread::RoundRobin, Spread::RoundRobin, Spread::Random];
        let hosts = [Hosts::Addresses, Hosts::Addresses, Hosts::Names];
        // Where all calls are to succeed there must be time for each coordinator.
        let total = if peaceful { one_of(&[30, 60]) } else { one_of(&[1, 5, 20, 60]) };
        let attempt = one_of(&[1, 5, 30]);
        let connect = one_of(&[300, 3_000]);
        let connections = one_of(&[1, 2, 4, 128, 128]);
        let acquire = one_of(&[200, 2_000, 10_000]);
        let idle = one_of(&[1, 5, 25]);
        let acquire = if peaceful { 10_000 } else { acquire };
        Self {
            login: *login.choose(chance).expect("there are five"),
            spread: *spread.choose(chance).expect("there are three"),
            hosts: *hosts.choose(chance).expect("there are three"),
            total: Duration::from_secs(total),
            attempt: Duration::from_secs(attempt),
            connect: Duration::from_millis(connect),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            acquire: Duration::from_millis(acquire),
            idle: Duration::from_secs(idle),
            speaks: Speaks::Http1,
            hedges: false,
            packing: Packing::Never,
            seeds: Vec::new(),
            looks: None,
        }
    }
}
