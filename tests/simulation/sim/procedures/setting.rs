//! What a world with a procedure looks like before anything happens in it, drawn from its seed.

use std::time::Duration;

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::super::setting::{Login, chance};

/// Which procedure is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    RestartDbServers,
    RestartCoordinators,
    /// The server is stopped once it is cleaned out, and then removed.
    DrainAndRemove,
    /// The server goes on running, so that it is never removed.
    Drain,
    Move,
    Rebalance,
}

/// What is done with the handle of the procedure before it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handle {
    Followed,
    DroppedAfter(Duration),
    CancelledAfter(Duration),
}

/// One world with a procedure.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureSetting {
    pub(crate) seed: u64,
    pub(crate) work: Work,
    pub(crate) handle: Handle,
    pub(crate) db_servers: usize,
    pub(crate) login: Login,
    /// The limit of a call.
    pub(crate) total: Duration,
    pub(crate) attempt: Duration,
    /// How long a token holds.
    pub(crate) token: Duration,
    /// The limit of the procedure.
    pub(crate) limit: Duration,
    pub(crate) back_within: Duration,
    pub(crate) maintenance: Duration,
    pub(crate) move_time: Duration,
    /// How long a job waits before the supervision begins it.
    pub(crate) wait: Duration,
    pub(crate) at_once: usize,
}

/// Whether the world of a seed is one with a procedure: one of fifteen is.
pub(crate) fn is_one(seed: u64) -> bool {
    chance(seed, 40).random_range(0..15) == 0
}

impl ProcedureSetting {
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = chance(seed, 41);
        let works = [
            Work::RestartDbServers,
            Work::RestartDbServers,
            Work::RestartCoordinators,
            Work::DrainAndRemove,
            Work::DrainAndRemove,
            Work::Drain,
            Work::Move,
            Work::Rebalance,
        ];
        let seconds = |chance: &mut rand::rngs::StdRng, choices: &[u64]| {
            Duration::from_secs(*choices.choose(chance).expect("there are choices"))
        };
        let after = Duration::from_millis(chance.random_range(0..240_000));
        Self {
            seed,
            work: *works.choose(&mut chance).expect("there are some"),
            handle: match chance.random_range(0..10) {
                0 | 1 => Handle::DroppedAfter(after),
                2 => Handle::CancelledAfter(after),
                _ => Handle::Followed,
            },
            db_servers: chance.random_range(3..=4),
            login: if chance.random_bool(0.5) { Login::Jwt } else { Login::Basic },
            total: seconds(&mut chance, &[5, 5, 20, 60]),
            attempt: seconds(&mut chance, &[2, 30]),
            token: seconds(&mut chance, &[60, 150, 3_600]),
            limit: seconds(&mut chance, &[300, 900, 1_800]),
            back_within: seconds(&mut chance, &[60, 120]),
            maintenance: seconds(&mut chance, &[30, 120, 600]),
            move_time: seconds(&mut chance, &[0, 5, 20]),
            wait: seconds(&mut chance, &[0, 0, 10, 40]),
            at_once: chance.random_range(1..=3),
        }
    }
}
