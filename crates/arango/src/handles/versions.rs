//! The known versions of the coordinators.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arango_transport::protocol::ServerVersion;
use arango_transport::{Coordinator, CoordinatorState, Transport};

/// The known versions of a client's coordinators.
///
/// Each coordinator has its own version, since they differ during a rolling upgrade. A version is valid only **while
/// a connection is open that was already open when the version was read**: a stopped process closes its connections,
/// so the next process may have another version.
#[derive(Debug, Default)]
pub(crate) struct Versions(Mutex<Vec<KnownVersion>>);

#[derive(Debug)]
struct KnownVersion {
    coordinator: Coordinator,
    version: ServerVersion,
    /// The number of the newest connection at that time.
    connection: u64,
}

impl Versions {
    /// Records the version that a coordinator reported.
    pub(crate) fn record(&self, transport: &Transport, coordinator: &Coordinator, version: ServerVersion) {
        let states = transport.coordinators();
        let Some(state) = states.iter().find(|state| state.address == *coordinator) else { return };
        let mut known = self.lock();
        known.retain(|known| known.coordinator != *coordinator);
        let coordinator = coordinator.clone();
        known.push(KnownVersion { coordinator, version, connection: state.connections_opened });
    }

    /// Returns whether no version is known, as is usual without errors.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Returns the version of a coordinator, if it is still valid; never for an address shared by several servers.
    pub(crate) fn get(&self, state: &CoordinatorState) -> Option<ServerVersion> {
        if state.shared {
            return None;
        }
        let oldest = state.oldest_connection?;
        let known = self.lock();
        let known = known.iter().find(|known| known.coordinator == state.address)?;
        (oldest <= known.connection).then_some(known.version)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<KnownVersion>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
