//! Operations and options that not every server version supports.
//!
//! An operation is sent like any other: no version is read beforehand. If it is refused as a server refuses unknown
//! operations, that coordinator's version is read, once. If the coordinator then certainly lacks the operation, no such
//! operation is sent to it any more, as long as [its version is known](crate::handles::versions::Versions), and the call
//! goes on at another coordinator. If it is not certain, the server's error is returned.
//!
//! An option that older servers [ignore in silence](Requirement) cannot be detected that way. The versions of all
//! coordinators that the request may go to are read before it is sent.

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use arango_cluster::GetVersion;
use arango_transport::balance::MemberState;
use arango_transport::protocol::{Metadata, Operation, RequestProperties, Requirement, ServerVersion};
use arango_transport::{BoxFuture, Coordinator, CoordinatorState, Support, Unsupported};

use crate::handles::database::Database;

/// The longest time to wait for a coordinator's version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(3);

/// Knows by version which coordinators support an operation and an option of it.
pub(crate) struct VersionSupport {
    database: Database,
    metadata: Metadata,
    /// An option without which the request is not sent.
    requirement: Option<&'static Requirement>,
}

impl VersionSupport {
    pub(crate) fn new(
        database: Database,
        metadata: Metadata,
        requirement: Option<&'static Requirement>,
    ) -> Self {
        Self { database, metadata, requirement }
    }

    fn lacks_with(&self, coordinator: &Coordinator, version: Option<ServerVersion>) -> Option<Unsupported> {
        if let Some(requirement) = self.requirement
            && version.is_none_or(|version| requirement.is_ignored_by(&version))
        {
            return Some(Unsupported::of_option(requirement, coordinator, version));
        }
        Unsupported::of(&self.metadata, coordinator, version?)
    }
}

impl Support for VersionSupport {
    fn lacks(&self, coordinator: &Coordinator) -> Option<Unsupported> {
        self.lacks_with(coordinator, self.database.known_version(coordinator))
    }

    #[inline]
    fn find_lacking<'a>(
        &'a self,
        coordinator: &'a Coordinator,
        limit: Duration,
    ) -> BoxFuture<'a, Option<Unsupported>> {
        Box::pin(async move {
            let version = match self.database.known_version(coordinator) {
                Some(version) => version,
                None => self.database.query_version(coordinator, limit.min(VERSION_TIMEOUT)).await?,
            };
            self.lacks_with(coordinator, Some(version))
        })
    }
}

impl fmt::Debug for VersionSupport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionSupport").field("operation", &self.metadata.name).finish_non_exhaustive()
    }
}

impl Database {
    /// Returns whether a coordinator that the request may go to may ignore an option of it.
    ///
    /// Reads the versions that are not known yet, at the same time, within half of the limit. An ejected coordinator is
    /// asked only if all are.
    #[inline]
    pub(super) async fn may_be_ignored(
        &self,
        metadata: &Metadata,
        properties: &RequestProperties,
        requirement: &'static Requirement,
        limit: Duration,
    ) -> bool {
        let (mut targets, mut ejected) = (Vec::new(), Vec::new());
        if let Some(pin) = self.pinned(metadata.scope, properties.affinity) {
            targets.push(pin.clone());
        } else {
            for member in self.transport.coordinators().into_iter().filter(CoordinatorState::is_member) {
                let list = if member.state == MemberState::Ejected { &mut ejected } else { &mut targets };
                list.push(member.address);
            }
        }
        // An ejected coordinator gets requests only if no other can take them. Waiting for it would delay every call.
        let asked = if targets.is_empty() { &ejected } else { &targets };
        // The request needs time, too.
        let limit = (limit / 2).min(VERSION_TIMEOUT);
        let unknown = asked.iter().filter(|target| self.known_version(target).is_none());
        let mut queries = Vec::<BoxFuture<'_, _>>::new();
        for target in unknown {
            queries.push(Box::pin(self.query_version(target, limit)));
        }
        // Not `join_all`: that compiles a hundred functions, for a few futures that are rare.
        poll_fn(|cx| {
            queries.retain_mut(|query| query.as_mut().poll(cx).is_pending());
            if queries.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let is_ignored =
            |target| self.known_version(target).is_none_or(|version| requirement.is_ignored_by(&version));
        targets.iter().chain(&ejected).any(is_ignored)
    }

    /// Returns the version of a coordinator, if it is known.
    fn known_version(&self, coordinator: &Coordinator) -> Option<ServerVersion> {
        if self.shared.versions.is_empty() {
            return None;
        }
        self.shared.versions.get(&self.transport.coordinator(coordinator)?)
    }

    /// Reads a coordinator's version and records it.
    ///
    /// `None` if several servers share the address: the version may come from another one than the next response.
    #[inline]
    async fn query_version(&self, coordinator: &Coordinator, timeout: Duration) -> Option<ServerVersion> {
        if self.transport.coordinator(coordinator)?.shared {
            return None;
        }
        let get_version = GetVersion::default();
        let database = self.clone().pinned_to(coordinator.clone()).timeout(timeout);
        // A failure here is ignored, and the original error is returned. A hardened server hides its version.
        let prepared = database.prepare_call(&get_version).ok()?;
        let version = database
            .transport
            .send_prepared(prepared, |response| get_version.output(response))
            .await
            .ok()?
            .version?;
        self.record_version(coordinator, &version)
    }

    /// Records the version of a coordinator.
    pub(crate) fn record_version(&self, coordinator: &Coordinator, version: &str) -> Option<ServerVersion> {
        let version = version.parse().ok()?;
        self.shared.versions.record(&self.transport, coordinator, version);
        Some(version)
    }
}
