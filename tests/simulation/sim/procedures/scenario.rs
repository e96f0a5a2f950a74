//! The initial state of a scenario with a procedure, drawn from its seed.

use std::time::Duration;

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::super::scenario::{AuthMethod, seeded_rng};

/// The procedure that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Procedure {
    RestartDbServers,
    RestartCoordinators,
    /// The server is stopped when it is cleaned out, and then removed.
    DecommissionAndRemove,
    /// The server keeps running, so it is never removed.
    Decommission,
    Move,
    Rebalance,
}

/// What the caller does with the handle before the procedure has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerBehavior {
    Waits,
    DropsAfter(Duration),
    CancelsAfter(Duration),
}

/// One scenario with a procedure.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureScenario {
    pub(crate) seed: u64,
    pub(crate) procedure: Procedure,
    pub(crate) caller: CallerBehavior,
    pub(crate) db_servers: usize,
    pub(crate) login: AuthMethod,
    /// The limit of a call.
    pub(crate) total: Duration,
    pub(crate) attempt: Duration,
    /// Lifetime of a token.
    pub(crate) token_lifetime: Duration,
    /// The limit of the procedure.
    pub(crate) limit: Duration,
    pub(crate) restart_timeout: Duration,
    pub(crate) maintenance: Duration,
    pub(crate) move_time: Duration,
    /// Time for which a job waits before the supervision starts it.
    pub(crate) todo_time: Duration,
    pub(crate) max_concurrent: usize,
}

/// Whether the scenario of a seed has a procedure: one of fifteen has.
pub(crate) fn runs_a_procedure(seed: u64) -> bool {
    seeded_rng(seed, 40).random_range(0..15) == 0
}

impl ProcedureScenario {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut rng = seeded_rng(seed, 41);
        let procedures = [
            Procedure::RestartDbServers,
            Procedure::RestartDbServers,
            Procedure::RestartCoordinators,
            Procedure::DecommissionAndRemove,
            Procedure::DecommissionAndRemove,
            Procedure::Decommission,
            Procedure::Move,
            Procedure::Rebalance,
        ];
        let seconds = |rng: &mut rand::rngs::StdRng, choices: &[u64]| {
            Duration::from_secs(*choices.choose(rng).expect("there are choices"))
        };
        let after = Duration::from_millis(rng.random_range(0..240_000));
        Self {
            seed,
            procedure: *procedures.choose(&mut rng).expect("there are some"),
            caller: match rng.random_range(0..10) {
                0 | 1 => CallerBehavior::DropsAfter(after),
                2 => CallerBehavior::CancelsAfter(after),
                _ => CallerBehavior::Waits,
            },
            db_servers: rng.random_range(3..=4),
            login: if rng.random_bool(0.5) { AuthMethod::Jwt } else { AuthMethod::Basic },
            total: seconds(&mut rng, &[5, 5, 20, 60]),
            attempt: seconds(&mut rng, &[2, 30]),
            token_lifetime: seconds(&mut rng, &[60, 150, 3_600]),
            limit: seconds(&mut rng, &[300, 900, 1_800]),
            restart_timeout: seconds(&mut rng, &[60, 120]),
            maintenance: seconds(&mut rng, &[30, 120, 600]),
            move_time: seconds(&mut rng, &[0, 5, 20]),
            todo_time: seconds(&mut rng, &[0, 0, 10, 40]),
            max_concurrent: rng.random_range(1..=3),
        }
    }
}
