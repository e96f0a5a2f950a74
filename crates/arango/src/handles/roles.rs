//! Detects single servers by the way they refuse cluster administration.
//!
//! A single server refuses cluster administration like a coordinator refuses a user without rights (403), like a
//! server that has failed (500), or like one that does not know the call (501). So the role of the server is read
//! after such a response. The role of a known coordinator is not read again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_cluster::{GetServerId, GetServerRole, ServerRole};
use arango_transport::protocol::{ErrorNumber, Metadata, Operation};
use arango_transport::{BoxFuture, Coordinator, Error, Transport};
use tokio::time::Instant;

use crate::handles::database::Database;

/// The longest time to wait for the role.
const ROLE_TIMEOUT: Duration = Duration::from_secs(3);

/// The servers that are known to be coordinators.
#[derive(Debug, Default)]
pub(crate) struct Roles(Mutex<Vec<Coordinator>>);

impl Roles {
    fn is_coordinator(&self, server: &Coordinator) -> bool {
        self.lock().contains(server)
    }

    /// Adds a coordinator, and removes those that no longer belong to the client.
    fn add(&self, transport: &Transport, server: &Coordinator) {
        let states = transport.coordinators();
        let mut known = self.lock();
        known.retain(|known| known != server && states.iter().any(|state| state.address == *known));
        known.push(server.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Coordinator>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// Returns the error, marked if the server that refused is not part of a cluster.
    #[inline]
    pub(crate) async fn explain_single_server(&self, metadata: &Metadata, error: Error) -> Error {
        if !may_be_single_server(metadata, &error) {
            return error;
        }
        // Boxed: rare and large, so it should not enlarge the future of every call. Without its type, which the type of
        // each call would contain.
        let refused: BoxFuture<'_, bool> = Box::pin(self.refused_by_single_server(&error));
        let began = Instant::now();
        let is_single_server = refused.await;
        let error = error.with_further_time(began.elapsed());
        if is_single_server { error.with_not_a_cluster() } else { error }
    }

    /// Returns whether the server that refused has the role `SINGLE`; `false` unless that is certain.
    #[inline]
    async fn refused_by_single_server(&self, error: &Error) -> bool {
        let Some(server) = error.coordinator() else { return false };
        let left = error.time_left().min(ROLE_TIMEOUT);
        // Where several servers share an address, another one may respond.
        let is_shared = |transport: &Transport| {
            transport.coordinators().iter().any(|state| state.address == *server && state.shared)
        };
        if left.is_zero() || self.shared.roles.is_coordinator(server) || is_shared(&self.transport) {
            return false;
        }
        let database = self.clone().pinned_to(server.clone()).timeout(left);
        let Ok(prepared) = database.prepare_call(&GetServerRole) else { return false };
        let role =
            database.transport.send_prepared(prepared, |response| GetServerRole.output(response)).await;
        if let Ok(ServerRole::Coordinator) = role {
            self.shared.roles.add(&self.transport, server);
        }
        matches!(role, Ok(ServerRole::Single))
    }
}

/// Returns whether a single server may have refused the operation, by path, status and error number.
fn may_be_single_server(metadata: &Metadata, error: &Error) -> bool {
    let (Some(status), Some(number)) = (error.status(), error.error_number()) else { return false };
    let is_administration =
        metadata.path.starts_with("/_admin/") || metadata.path.starts_with("/_api/cluster/");
    let matches_response = match (status.as_u16(), number) {
        (403, ErrorNumber(403)) => true,
        (500, ErrorNumber(500)) => metadata.name == GetServerId::METADATA.name,
        (501, ErrorNumber::NOT_IMPLEMENTED | ErrorNumber::CLUSTER_ONLY_ON_COORDINATOR) => true,
        _ => false,
    };
    is_administration && matches_response && error.unsupported().is_none()
}
