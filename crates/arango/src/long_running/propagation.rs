//! Waiting until a new database or collection is known to all coordinators.

use std::sync::Arc;

use arango_transport::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope,
};
use arango_transport::{Coordinator, Error, ErrorKind};
use bytes::Bytes;
use http::Request;

use super::fan_out::call_each_coordinator;
use super::poll_loop::PollLoop;
use super::{Incomplete, PollOptions};
use crate::handles::coordinator::CoordinatorHandle;
use crate::handles::database::Database;

/// Which coordinators know a new database or collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PropagationStatus {
    /// The coordinators that know it.
    pub known_to: Vec<Coordinator>,
    /// The coordinators that do not know it yet.
    pub unknown_to: Vec<Coordinator>,
    /// The unreachable coordinators.
    ///
    /// They may be dead, and learn of it when they start.
    pub unreachable: Vec<Coordinator>,
}

/// Returns whether one coordinator knows a collection.
struct GetCollection<'a>(&'a str);

impl Operation for GetCollection<'_> {
    type Output = ();
    const METADATA: Metadata =
        Metadata::get("collection.get", "/_api/collection/{collection}").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.0).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

impl Database {
    /// Waits until every reachable coordinator of the client knows this database.
    ///
    /// Useful, for example, after its creation.
    ///
    /// At least one has to know it. Each coordinator is called separately; an unreachable one is not waited for.
    /// Servers respond alike for a database that the user has no access to and for one that does not exist: without
    /// access it times out.
    ///
    /// # Errors
    ///
    /// If the time is up, with the status by then; if a coordinator responds with another error.
    #[inline]
    pub async fn wait_until_propagated(
        &self,
        options: PollOptions,
    ) -> Result<PropagationStatus, Incomplete<PropagationStatus>> {
        let call = |handle: CoordinatorHandle| async move { handle.version().await.map(drop) };
        wait_until_known_to_all(self, options, call).await
    }

    /// Waits until every reachable coordinator knows a collection of this database.
    ///
    /// The collection is given by its name.
    ///
    /// # Errors
    ///
    /// As [`wait_until_propagated`](Self::wait_until_propagated).
    #[inline]
    pub async fn wait_for_collection(
        &self,
        name: &str,
        options: PollOptions,
    ) -> Result<PropagationStatus, Incomplete<PropagationStatus>> {
        let call = |handle: CoordinatorHandle| async move { handle.execute(GetCollection(name)).await };
        wait_until_known_to_all(self, options, call).await
    }
}

async fn wait_until_known_to_all<F>(
    database: &Database,
    options: PollOptions,
    call: impl Fn(CoordinatorHandle) -> F,
) -> Result<PropagationStatus, Incomplete<PropagationStatus>>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut polling = PollLoop::new(&database.transport, options, &Arc::default());
    let mut status = PropagationStatus::default();
    let known_to_all = |now: PropagationStatus| {
        status = now;
        (status.unknown_to.is_empty() && !status.known_to.is_empty()).then_some(())
    };
    let ended = polling.poll_until(|| poll_coordinators(database, &call), known_to_all).await;
    match ended {
        Ok(()) => Ok(status),
        Err(reason) => Err(Incomplete::new(status, reason)),
    }
}

async fn poll_coordinators<F>(
    database: &Database,
    call: impl Fn(CoordinatorHandle) -> F,
) -> Result<PropagationStatus, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut status = PropagationStatus::default();
    for (coordinator, response) in call_each_coordinator(database, call).await {
        match response {
            Ok(()) => status.known_to.push(coordinator),
            // Servers respond so for an unknown database or collection, with or without full access.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DatabaseUnknown | ErrorKind::CollectionNotFound | ErrorKind::NotAuthorized
                ) =>
            {
                status.unknown_to.push(coordinator);
            }
            Err(error) if error.is_transient() => status.unreachable.push(coordinator),
            Err(error) => return Err(error),
        }
    }
    Ok(status)
}
