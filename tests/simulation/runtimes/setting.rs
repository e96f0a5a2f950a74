//! What the scenario of a seed is made of.

use std::time::Duration;

use arango::protocol::RequestClass;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// The password of `root` in all phases.
pub(crate) const ROOT_PASSWORD: &str = "passwd";
/// The JWT secret of phases in which it has not been changed.
pub(crate) const SECRET: &str = "secret";

/// How the client authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Basic,
    /// With tokens that it signs itself.
    Superuser,
    /// With tokens from the login of a user.
    Jwt,
    /// With tokens from a [`Source`](super::source::Source).
    Source,
}

/// The client and its phases.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) coordinators: usize,
    pub(crate) login: Login,
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
    /// The interval of discovery, if it is on.
    pub(crate) discovery: Option<Duration>,
    pub(crate) phases: Vec<PhaseSetting>,
}

/// One phase: a runtime, a cluster, calls, faults, an end.
#[derive(Debug, Clone)]
pub(crate) struct PhaseSetting {
    /// The time without any runtime before it.
    pub(crate) gap: Duration,
    pub(crate) secret: String,
    pub(crate) faults: Vec<FaultSetting>,
    pub(crate) calls: Vec<Call>,
    pub(crate) end: End,
}

/// How a phase ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All calls have ended.
    Quiet,
    /// Quiet, and then the client is observed until it has recovered. Always the last one.
    Recovered,
    /// The runtime is dropped after this time, whatever it runs.
    Cut(Duration),
    /// The calls are dropped after this time, and the runtime a little later.
    CallsFirst(Duration),
    /// The runtime stops running after this time, and is dropped only in the next phase, after another time there.
    Stopped { after: Duration, dropped: Duration },
}

/// A fault, from `at` to the end of the phase.
#[derive(Debug, Clone)]
pub(crate) struct FaultSetting {
    pub(crate) at: Duration,
    pub(crate) coordinator: usize,
    pub(crate) what: Trouble,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    Kill,
    Pause,
    /// Connects neither succeed nor fail.
    ConnectsHang,
    ConnectsTake(Duration),
    /// Each request takes so long.
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

fn one_of<T: Copy>(random: &mut StdRng, choices: &[T]) -> T {
    *choices.choose(random).expect("there are choices")
}

fn milliseconds(random: &mut StdRng, most: u64) -> Duration {
    Duration::from_millis(random.random_range(0..=most))
}

impl Setting {
    /// The scenario of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let random = &mut StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x7275_6e74);
        let coordinators = random.random_range(1..=3);
        let login = one_of(
            random,
            &[
                Login::Basic,
                Login::Superuser,
                Login::Jwt,
                Login::Jwt,
                Login::Jwt,
                Login::Source,
                Login::Source,
            ],
        );
        let seconds = Duration::from_secs;
        let mut setting = Self {
            seed,
            coordinators,
            login,
            fresh_for: one_of(random, &[None, None, Some(seconds(2))]),
            token_lifetime: seconds(one_of(random, &[20, 3_600])),
            connections: one_of(random, &[1, 1, 2, 128]),
            acquire: seconds(one_of(random, &[1, 10])),
            total: seconds(one_of(random, &[2, 5, 20])),
            attempt: seconds(one_of(random, &[1, 5, 30])),
            connect: Duration::from_millis(one_of(random, &[300, 3_000])),
            http2: random.random_bool(0.3),
            hedges: random.random_bool(0.3),
            round_robin: random.random_bool(0.5),
            discovery: random.random_bool(0.3).then(|| seconds(one_of(random, &[1, 10]))),
            phases: Vec::new(),
        };
        let phases = random.random_range(2..=5);
        let mut secret = SECRET.to_owned();
        for number in 1..=phases {
            if matches!(login, Login::Jwt | Login::Source) && random.random_bool(0.4) {
                secret = format!("secret-{number}");
            }
            let phase = setting.phase(random, secret.clone(), number == phases);
            setting.phases.push(phase);
        }
        setting
    }

    fn phase(&self, random: &mut StdRng, secret: String, last: bool) -> PhaseSetting {
        let quiet = last || random.random_bool(0.1);
        let span = one_of(random, &[0, 200, 3_000]);
        let pinned = |random: &mut StdRng| {
            let known = if self.discovery.is_some() { 1 } else { self.coordinators };
            random.random_bool(0.15).then(|| random.random_range(0..known))
        };
        let classes = [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent];
        let calls = (0..random.random_range(1..=12))
            .map(|_| Call {
                at: milliseconds(random, span),
                class: one_of(random, &classes),
                pinned: pinned(random),
            })
            .collect();
        let faults = if quiet { 0 } else { random.random_range(0..=4) };
        let faults = (0..faults).map(|_| self.fault(random, span)).collect();
        let most = one_of(random, &[5, 500, 8_000]);
        let end = match (last, quiet) {
            (true, _) => End::Recovered,
            (_, true) => End::Quiet,
            _ => match random.random_range(0..10) {
                0..3 => End::CallsFirst(milliseconds(random, most)),
                3..6 => {
                    End::Stopped { after: milliseconds(random, most), dropped: milliseconds(random, 3_000) }
                }
                _ => End::Cut(milliseconds(random, most)),
            },
        };
        let gap = Duration::from_millis(one_of(random, &[0, 0, 500, 2_000, 60_000]));
        PhaseSetting { gap, secret, faults, calls, end }
    }

    fn fault(&self, random: &mut StdRng, span: u64) -> FaultSetting {
        let what = match random.random_range(0..14) {
            _ if self.login == Login::Source && random.random_bool(0.3) => Trouble::SourcePanics,
            _ if self.login == Login::Jwt && random.random_bool(0.2) => Trouble::LoginsHang,
            0 | 1 => Trouble::Kill,
            2 => Trouble::Pause,
            3 => Trouble::ConnectsHang,
            4 => Trouble::ConnectsTake(milliseconds(random, 1_000)),
            5 | 6 => Trouble::Latency(milliseconds(random, 3_000)),
            7 => Trouble::WritesClosed,
            8 | 9 => Trouble::LoginsHang,
            10 => Trouble::LoginsTake(milliseconds(random, 3_000)),
            11 => Trouble::SourcePanics,
            12 => Trouble::ProbesHang,
            _ => Trouble::ListsHang,
        };
        let at = if random.random_bool(0.5) { Duration::ZERO } else { milliseconds(random, span) };
        FaultSetting { at, coordinator: random.random_range(0..self.coordinators), what }
    }
}
