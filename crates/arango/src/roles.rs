//! Telling a server that is not part of a cluster from one that refuses for another reason.
//!
//! A single server refuses the administration of clusters as a coordinator refuses a user without rights (403), as a server
//! that has failed (500), or as one that does not know the call (501). So where a refusal may mean that, the server is asked
//! for its role. One that has said that it is a coordinator is not asked again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_cluster::{GetServerId, GetServerRole, ServerRole};
use arango_transport::protocol::{ErrorNumber, Metadata, Operation};
use arango_transport::{Coordinator, Error, Transport};

use crate::Database;

/// The most time a server has to answer the question for its role.
const ROLE_WITHIN: Duration = Duration::from_secs(3);

/// The servers that have said that they are coordinators. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles(Arc<Mutex<Vec<Coordinator>>>);

impl Roles {
    fn is_coordinator(&self, server: &Coordinator) -> bool {
        self.known().contains(server)
    }

    /// Adds a coordinator, and removes those that have left the client.
    fn add(&self, transport: &Transport, server: &Coordinator) {
        let states = transport.coordinators();
        let mut known = self.known();
        known.retain(|known| known != server && states.iter().any(|state| state.address == *known));
        known.push(server.clone());
    }

    fn known(&self) -> MutexGuard<'_, Vec<Coordinator>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// Returns the error, explained if the server that refused is not part of a cluster.
    pub(crate) async fn explained(&self, facts: &Metadata, error: Error) -> Error {
        if !may_be_single_server(facts, &error) {
            return error;
        }
        // Rare and large: not in the future of every call.
        if Box::pin(self.refused_by_single_server(&error)).await {
            error.because_not_a_cluster()
        } else {
            error
        }
    }

    /// Whether the server that refused has the role `SINGLE`; `false` unless that is certain.
    async fn refused_by_single_server(&self, error: &Error) -> bool {
        let Some(server) = error.coordinator() else { return false };
        let left = error.limit().saturating_sub(error.elapsed()).min(ROLE_WITHIN);
        // Where several servers share an address, another one might answer.
        let is_shared = |transport: &Transport| {
            transport.coordinators().iter().any(|state| state.address == *server && state.shared)
        };
        if left.is_zero() || self.roles.is_coordinator(server) || is_shared(&self.transport) {
            return false;
        }
        let database = self.clone().pinned_to(server.clone()).timeout(left);
        let Ok(prepared) = database.prepare(&GetServerRole) else { return false };
        let role = database.transport.ask_prepared(prepared, |answer| GetServerRole.output(answer)).await;
        if let Ok(ServerRole::Coordinator) = role {
            self.roles.add(&self.transport, server);
        }
        matches!(role, Ok(ServerRole::Single))
    }
}

/// Whether a single server may have refused the operation because it needs a cluster, by path, status and number.
fn may_be_single_server(facts: &Metadata, error: &Error) -> bool {
    let (Some(status), Some(number)) = (error.status(), error.error_number()) else { return false };
    let is_administration = facts.path.starts_with("/_admin/") || facts.path.starts_with("/_api/cluster/");
    let fits = match (status.as_u16(), number) {
        (403, ErrorNumber(403)) => true,
        (500, ErrorNumber(500)) => facts.name == GetServerId::METADATA.name,
        (501, ErrorNumber::NOT_IMPLEMENTED | ErrorNumber::CLUSTER_ONLY_ON_COORDINATOR) => true,
        _ => false,
    };
    is_administration && fits && error.unsupported().is_none()
}
