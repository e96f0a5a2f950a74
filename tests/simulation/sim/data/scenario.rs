//! The initial state of a scenario with documents, drawn from its seed.

use rand::RngExt as _;

use super::super::kind::Kind;
use super::super::scenario::{Scenario, seeded_rng};

/// A scenario with documents.
#[derive(Debug, Clone)]
pub(super) struct DataScenario {
    /// Clients, coordinators, and the faults that all scenarios have.
    pub(super) base: Scenario,
    pub(super) calls: usize,
    /// The number of faults of documents and cursors.
    pub(super) data_faults: usize,
    pub(super) db_server_outages: usize,
}

impl DataScenario {
    /// Draws the scenario of a seed.
    pub(super) fn from_seed(seed: u64) -> Self {
        let mut rng = seeded_rng(seed, 60);
        Self {
            base: Scenario::of_kind(seed, Kind::Data),
            calls: rng.random_range(30..=60),
            data_faults: rng.random_range(4..=20),
            db_server_outages: if rng.random_bool(0.3) { rng.random_range(1..=2) } else { 0 },
        }
    }
}
