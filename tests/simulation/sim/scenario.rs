//! The initial state of a scenario, drawn from its seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::kind::{self, CompressionKind, HttpVersion, Kind};

/// How a client authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthMethod {
    /// With user and password on each request.
    Basic,
    /// With a token that does not expire.
    Token,
    /// With a token that it requests and renews.
    Jwt,
}

/// How a client distributes its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    RoundRobin,
    Random,
}

/// How the hosts of a client are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    Addresses,
    Names,
}

/// Configuration of one client.
#[derive(Debug, Clone)]
pub(crate) struct ClientConfig {
    pub(crate) login: AuthMethod,
    pub(crate) policy: PolicyKind,
    pub(crate) hosts: Hosts,
    pub(crate) total: Duration,
    pub(crate) attempt: Duration,
    pub(crate) connect: Duration,
    /// Connections to each coordinator.
    pub(crate) connections: usize,
    pub(crate) acquire: Duration,
    pub(crate) idle: Duration,
    pub(crate) http_version: HttpVersion,
    /// Whether it hedges slow reads.
    pub(crate) hedges: bool,
    pub(crate) compression: CompressionKind,
    /// The coordinators that it is configured with.
    pub(crate) seeds: Vec<usize>,
    /// Interval of discovery, if it is enabled.
    pub(crate) discovery_interval: Option<Duration>,
}

/// Which coordinators are free of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultFree {
    /// Faults may affect every coordinator.
    NoCoordinator,
    /// Coordinator 0 and the links to it have no faults. Every fault of the others can be survived by a request to
    /// coordinator 0.
    FirstCoordinator,
    /// Only faults that every call can survive: latency, membership changes, wrong lists.
    AllCoordinators,
}

/// How many calls run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadLevel {
    Normal,
    /// More than the coordinators can handle: for seconds they reject nearly everything.
    Overload,
}

/// One scenario.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) kind: Kind,
    pub(crate) coordinators: usize,
    /// Number of coordinators that are in the cluster from the beginning.
    pub(crate) initial_coordinators: usize,
    pub(crate) clients: Vec<ClientConfig>,
    pub(crate) fault_free: FaultFree,
    pub(crate) calls: usize,
    pub(crate) load: LoadLevel,
    /// Time during which calls are made and faults occur.
    pub(crate) span: Duration,
    /// A pause in the middle without calls and faults.
    pub(crate) pause: Duration,
    /// Time after which the coordinators close an idle connection.
    pub(crate) keep_alive: Duration,
    /// Lifetime of a token.
    pub(crate) token_lifetime: Duration,
    /// Whether the coordinators support HTTP/2.
    pub(crate) http2: bool,
    /// Minimum size of compressed responses in bytes, if the coordinators compress.
    pub(crate) compress_responses_from: Option<usize>,
}

/// A generator for one purpose, so that a change of one purpose does not affect the others.
pub(crate) fn seeded_rng(seed: u64, purpose: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose)
}

impl Scenario {
    /// Draws the scenario of a seed.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self::of_kind(seed, Kind::of(seed))
    }

    /// Draws the scenario of a seed, as one of this kind.
    pub(crate) fn of_kind(seed: u64, kind: Kind) -> Self {
        let mut rng = seeded_rng(seed, 1);
        let has_fault_free_coordinator = rng.random_bool(0.35);
        let coordinators =
            if has_fault_free_coordinator { rng.random_range(2..=5) } else { rng.random_range(1..=5) };
        let clients =
            (0..rng.random_range(1..=3)).map(|_| ClientConfig::draw(&mut rng, has_fault_free_coordinator));
        let mut clients: Vec<_> = clients.collect();
        let mut feature_rng = seeded_rng(seed, 5);
        for client in &mut clients {
            client.http_version = if feature_rng.random_bool(0.4) {
                HttpVersion::Http2PriorKnowledge
            } else {
                HttpVersion::Http1
            };
            client.hedges = feature_rng.random_bool(0.3);
        }
        let logs_in = clients.iter().any(|client| client.login == AuthMethod::Jwt);
        let load = if rng.random_bool(0.08) { LoadLevel::Overload } else { LoadLevel::Normal };
        let (calls, span) = match load {
            LoadLevel::Normal => (rng.random_range(40..=120), rng.random_range(8..=40)),
            LoadLevel::Overload => (rng.random_range(250..=350), rng.random_range(8..=14)),
        };
        // About an hour, so that calls resume around the renewal and expiry of a token.
        let pause = if logs_in && rng.random_bool(0.5) { rng.random_range(3_000..4_000) } else { 0 };
        for client in &mut clients {
            client.seeds = (0..coordinators).collect();
        }
        let mut scenario = Self {
            seed,
            kind,
            coordinators,
            initial_coordinators: coordinators,
            clients,
            fault_free: if has_fault_free_coordinator {
                FaultFree::FirstCoordinator
            } else {
                FaultFree::NoCoordinator
            },
            calls,
            load,
            span: Duration::from_secs(span),
            pause: Duration::from_secs(pause),
            keep_alive: Duration::from_secs(*[2, 30, 300].choose(&mut rng).expect("there are three")),
            token_lifetime: Duration::from_secs(3_600),
            http2: true,
            compress_responses_from: None,
        };
        kind::apply(&mut scenario);
        scenario
    }
}

impl ClientConfig {
    /// Whether its requests cannot be read on the network, so that its [attempts](super::attempt_layer) are observed.
    pub(crate) fn observes_attempts(&self, kind: Kind) -> bool {
        self.http_version != HttpVersion::Http1
            || self.discovery_interval.is_some()
            || kind.is_encrypted()
            // A request that closes a cursor is looked for even if no connection could be opened.
            || kind == Kind::Data
    }

    fn draw(rng: &mut StdRng, has_fault_free_coordinator: bool) -> Self {
        let mut one_of = |choices: &[u64]| *choices.choose(rng).expect("there are choices");
        let login =
            [AuthMethod::Basic, AuthMethod::Basic, AuthMethod::Token, AuthMethod::Jwt, AuthMethod::Jwt];
        let policies = [PolicyKind::RoundRobin, PolicyKind::RoundRobin, PolicyKind::Random];
        let hosts = [Hosts::Addresses, Hosts::Addresses, Hosts::Names];
        // If all calls must succeed, there must be time for an attempt at each coordinator.
        let total = if has_fault_free_coordinator { one_of(&[30, 60]) } else { one_of(&[1, 5, 20, 60]) };
        let attempt = one_of(&[1, 5, 30]);
        let connect = one_of(&[300, 3_000]);
        let connections = one_of(&[1, 2, 4, 128, 128]);
        let acquire = one_of(&[200, 2_000, 10_000]);
        let idle = one_of(&[1, 5, 25]);
        let acquire = if has_fault_free_coordinator { 10_000 } else { acquire };
        Self {
            login: *login.choose(rng).expect("there are five"),
            policy: *policies.choose(rng).expect("there are three"),
            hosts: *hosts.choose(rng).expect("there are three"),
            total: Duration::from_secs(total),
            attempt: Duration::from_secs(attempt),
            connect: Duration::from_millis(connect),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            acquire: Duration::from_millis(acquire),
            idle: Duration::from_secs(idle),
            http_version: HttpVersion::Http1,
            hedges: false,
            compression: CompressionKind::Disabled,
            seeds: Vec::new(),
            discovery_interval: None,
        }
    }
}
