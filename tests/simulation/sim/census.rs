//! Who is one of a client's coordinators, looked at again and again.

use std::cell::RefCell;

use arango::{Client, Coordinator as Place, Membership};

use super::trace::Trace;

/// Looks whether those that were named are still there.
pub(crate) struct Census<'a> {
    clients: &'a [Client],
    named: Vec<Vec<Place>>,
    trace: &'a Trace,
    forgotten: RefCell<Vec<String>>,
}

impl<'a> Census<'a> {
    /// Takes note of those that are there before anything happens: all were named.
    pub(crate) fn begin(clients: &'a [Client], trace: &'a Trace) -> Self {
        let named = clients.iter().map(|client| client.coordinators().into_iter().map(|state| state.address));
        Self { clients, named: named.map(Iterator::collect).collect(), trace, forgotten: RefCell::default() }
    }

    /// Whether a place was named to a client.
    pub(crate) fn is_named(&self, client: usize, place: &str) -> bool {
        self.named[client].iter().any(|named| named.as_str() == place)
    }

    /// Those that were named to a client.
    pub(crate) fn named(&self, client: usize) -> &[Place] {
        &self.named[client]
    }

    /// Looks who is missing now.
    pub(crate) fn take(&self) {
        for (index, client) in self.clients.iter().enumerate() {
            let there = client.coordinators();
            for named in &self.named[index] {
                let stays = |state: &arango::CoordinatorState| {
                    state.address == *named && state.membership == Membership::Seed
                };
                if !there.iter().any(stays) {
                    let what = format!("c{index} of {named} at {:?}", self.trace.now());
                    self.forgotten.borrow_mut().push(what);
                }
            }
        }
    }

    /// Those that were named and were not there.
    pub(crate) fn forgotten(&self) -> Vec<String> {
        self.forgotten.borrow().clone()
    }
}
