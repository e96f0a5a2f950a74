//! Which version each coordinator is known to run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arango_transport::protocol::ServerVersion;
use arango_transport::{Coordinator, CoordinatorState, Transport};

/// What is known of the versions of a client's coordinators. Clones share what they know.
///
/// It is known of each for itself: during an upgrade that rolls from one to the next they differ. And it is known no
/// longer than **a connection lives that was open when it was learned**: a process that goes takes its connections with
/// it, so what comes after may be another version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions(Arc<Mutex<Vec<Known>>>);

#[derive(Debug)]
struct Known {
    coordinator: Coordinator,
    version: ServerVersion,
    /// The number of the newest connection at that time.
    connection: u64,
}

impl Versions {
    /// Takes note of what a coordinator has just said.
    pub(crate) fn learn(&self, transport: &Transport, coordinator: &Coordinator, version: ServerVersion) {
        let states = transport.coordinators();
        let Some(state) = states.iter().find(|state| state.address == *coordinator) else { return };
        let mut known = self.known();
        known.retain(|known| known.coordinator != *coordinator);
        let coordinator = coordinator.clone();
        known.push(Known { coordinator, version, connection: state.connections_opened });
    }

    /// Whether there is nothing to ask for, as long as all goes well.
    pub(crate) fn are_unknown(&self) -> bool {
        self.known().is_empty()
    }

    /// The version of a coordinator, if it is known still. Where several answer at its address it never is.
    pub(crate) fn of(&self, state: &CoordinatorState) -> Option<ServerVersion> {
        if state.shared {
            return None;
        }
        let oldest = state.oldest_connection?;
        let known = self.known();
        let known = known.iter().find(|known| known.coordinator == state.address)?;
        (oldest <= known.connection).then_some(known.version)
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
