//! The scenario of a seed: the client and its phases.

use std::time::Duration;

use arango::protocol::RequestClass;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// The password of `root` in all phases.
pub(crate) const ROOT_PASSWORD: &str = "passwd";
/// The JWT secret of phases in which it has not changed.
pub(crate) const SECRET: &str = "secret";

/// How the client authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthMethod {
    Basic,
    /// With tokens that it signs itself.
    Superuser,
    /// With tokens from the login of a user.
    Jwt,
    /// With tokens from a [`TestTokenSource`](super::token_source::TestTokenSource).
    Source,
}

/// The client and its phases.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) coordinators: usize,
    pub(crate) login: AuthMethod,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) token_lifetime: Duration,
    pub(crate) connections: usize,
    pub(crate) acquire: Duration,
    pub(crate) total: Duration,
    pub(crate) attempt: Duration,
    pub(crate) connect: Duration,
    pub(crate) http2: bool,
    pub(crate) hedges: bool,
    pub(crate) round_robin: bool,
    /// The interval of discovery, if it is enabled.
    pub(crate) discovery: Option<Duration>,
    pub(crate) phases: Vec<PhasePlan>,
}

/// One phase: a runtime, a cluster, calls, faults, an end.
#[derive(Debug, Clone)]
pub(crate) struct PhasePlan {
    /// The time without any runtime before it.
    pub(crate) gap: Duration,
    pub(crate) secret: String,
    pub(crate) faults: Vec<PlannedFault>,
    pub(crate) calls: Vec<Call>,
    pub(crate) end: PhaseEnd,
}

/// How a phase ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PhaseEnd {
    /// All calls have ended.
    Quiet,
    /// Quiet; then the client is observed until it has recovered. Always the last phase.
    Recovered,
    /// The runtime is dropped after this time, with all its tasks.
    Cut(Duration),
    /// The calls are dropped after this time, and the runtime a little later.
    CallsFirst(Duration),
    /// The runtime stops running after `after`, and is dropped in the next phase, `dropped` after its start.
    Stopped { after: Duration, dropped: Duration },
}

/// A fault, from `at` to the end of the phase.
#[derive(Debug, Clone)]
pub(crate) struct PlannedFault {
    pub(crate) at: Duration,
    pub(crate) coordinator: usize,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum FaultKind {
    Kill,
    Pause,
    /// Connects neither succeed nor fail.
    ConnectsHang,
    ConnectsTake(Duration),
    /// The latency of each request.
    Latency(Duration),
    WritesClosed,
    /// Logins hang at all coordinators, and so does the token source.
    LoginsHang,
    LoginsTake(Duration),
    SourcePanics,
    ProbesHang,
    ListsHang,
}

/// One call: an insert.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) at: Duration,
    pub(crate) class: RequestClass,
    /// The coordinator that it is pinned to.
    pub(crate) pinned: Option<usize>,
}

fn one_of<T: Copy>(rng: &mut StdRng, choices: &[T]) -> T {
    *choices.choose(rng).expect("there are choices")
}

fn draw_duration(rng: &mut StdRng, max: u64) -> Duration {
    Duration::from_millis(rng.random_range(0..=max))
}

impl Scenario {
    /// Draws the scenario of a seed.
    pub(crate) fn from_seed(seed: u64) -> Self {
        let rng = &mut StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x7275_6e74);
        let coordinators = rng.random_range(1..=3);
        let login = one_of(
            rng,
            &[
                AuthMethod::Basic,
                AuthMethod::Superuser,
                AuthMethod::Jwt,
                AuthMethod::Jwt,
                AuthMethod::Jwt,
                AuthMethod::Source,
                AuthMethod::Source,
            ],
        );
        let seconds = Duration::from_secs;
        let mut scenario = Self {
            seed,
            coordinators,
            login,
            fresh_for: one_of(rng, &[None, None, Some(seconds(2))]),
            token_lifetime: seconds(one_of(rng, &[20, 3_600])),
            connections: one_of(rng, &[1, 1, 2, 128]),
            acquire: seconds(one_of(rng, &[1, 10])),
            total: seconds(one_of(rng, &[2, 5, 20])),
            attempt: seconds(one_of(rng, &[1, 5, 30])),
            connect: Duration::from_millis(one_of(rng, &[300, 3_000])),
            http2: rng.random_bool(0.3),
            hedges: rng.random_bool(0.3),
            round_robin: rng.random_bool(0.5),
            discovery: rng.random_bool(0.3).then(|| seconds(one_of(rng, &[1, 10]))),
            phases: Vec::new(),
        };
        let phases = rng.random_range(2..=5);
        let mut secret = SECRET.to_owned();
        for number in 1..=phases {
            if matches!(login, AuthMethod::Jwt | AuthMethod::Source) && rng.random_bool(0.4) {
                secret = format!("secret-{number}");
            }
            let phase = scenario.phase(rng, secret.clone(), number == phases);
            scenario.phases.push(phase);
        }
        scenario
    }

    fn phase(&self, rng: &mut StdRng, secret: String, last: bool) -> PhasePlan {
        let quiet = last || rng.random_bool(0.1);
        let span = one_of(rng, &[0, 200, 3_000]);
        let pinned = |rng: &mut StdRng| {
            let known = if self.discovery.is_some() { 1 } else { self.coordinators };
            rng.random_bool(0.15).then(|| rng.random_range(0..known))
        };
        let classes = [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent];
        let calls = (0..rng.random_range(1..=12))
            .map(|_| Call { at: draw_duration(rng, span), class: one_of(rng, &classes), pinned: pinned(rng) })
            .collect();
        let faults = if quiet { 0 } else { rng.random_range(0..=4) };
        let faults = (0..faults).map(|_| self.fault(rng, span)).collect();
        let max = one_of(rng, &[5, 500, 8_000]);
        let end = match (last, quiet) {
            (true, _) => PhaseEnd::Recovered,
            (_, true) => PhaseEnd::Quiet,
            _ => match rng.random_range(0..10) {
                0..3 => PhaseEnd::CallsFirst(draw_duration(rng, max)),
                3..6 => {
                    PhaseEnd::Stopped { after: draw_duration(rng, max), dropped: draw_duration(rng, 3_000) }
                }
                _ => PhaseEnd::Cut(draw_duration(rng, max)),
            },
        };
        let gap = Duration::from_millis(one_of(rng, &[0, 0, 500, 2_000, 60_000]));
        PhasePlan { gap, secret, faults, calls, end }
    }

    fn fault(&self, rng: &mut StdRng, span: u64) -> PlannedFault {
        let kind = match rng.random_range(0..14) {
            _ if self.login == AuthMethod::Source && rng.random_bool(0.3) => FaultKind::SourcePanics,
            _ if self.login == AuthMethod::Jwt && rng.random_bool(0.2) => FaultKind::LoginsHang,
            0 | 1 => FaultKind::Kill,
            2 => FaultKind::Pause,
            3 => FaultKind::ConnectsHang,
            4 => FaultKind::ConnectsTake(draw_duration(rng, 1_000)),
            5 | 6 => FaultKind::Latency(draw_duration(rng, 3_000)),
            7 => FaultKind::WritesClosed,
            8 | 9 => FaultKind::LoginsHang,
            10 => FaultKind::LoginsTake(draw_duration(rng, 3_000)),
            11 => FaultKind::SourcePanics,
            12 => FaultKind::ProbesHang,
            _ => FaultKind::ListsHang,
        };
        let at = if rng.random_bool(0.5) { Duration::ZERO } else { draw_duration(rng, span) };
        PlannedFault { at, coordinator: rng.random_range(0..self.coordinators), kind }
    }
}
