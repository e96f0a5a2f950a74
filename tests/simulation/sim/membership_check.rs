//! Checks the members of each client after every event.

use std::cell::RefCell;

use arango::{Client, Coordinator as Address, CoordinatorOrigin};

use super::trace::Trace;

/// Checks that no client loses a seed.
pub(crate) struct MembershipCheck<'a> {
    clients: &'a [Client],
    seeds: Vec<Vec<Address>>,
    trace: &'a Trace,
    lost_seeds: RefCell<Vec<String>>,
}

impl<'a> MembershipCheck<'a> {
    /// Records the members before the first event: these are the seeds.
    pub(crate) fn begin(clients: &'a [Client], trace: &'a Trace) -> Self {
        let seeds = clients.iter().map(|client| client.coordinators().into_iter().map(|state| state.address));
        Self { clients, seeds: seeds.map(Iterator::collect).collect(), trace, lost_seeds: RefCell::default() }
    }

    /// Whether an address is a seed of a client.
    pub(crate) fn is_seed(&self, client: usize, address: &str) -> bool {
        self.seeds[client].iter().any(|seed| seed.as_str() == address)
    }

    /// Returns the seeds of a client.
    pub(crate) fn seeds(&self, client: usize) -> &[Address] {
        &self.seeds[client]
    }

    /// Records the seeds that are missing now.
    pub(crate) fn run(&self) {
        for (index, client) in self.clients.iter().enumerate() {
            let members = client.coordinators();
            for seed in &self.seeds[index] {
                let is_kept = |state: &arango::CoordinatorState| {
                    state.address == *seed && state.origin == CoordinatorOrigin::Seed
                };
                if !members.iter().any(is_kept) {
                    let what = format!("c{index} of {seed} at {:?}", self.trace.now());
                    self.lost_seeds.borrow_mut().push(what);
                }
            }
        }
    }

    /// Returns the seeds that were missing.
    pub(crate) fn lost_seeds(&self) -> Vec<String> {
        self.lost_seeds.borrow().clone()
    }
}
