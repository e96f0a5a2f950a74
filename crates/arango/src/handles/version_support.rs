//! Operations that not every server version supports.
//!
//! They are sent like any other: no version is read beforehand. If one is refused as a server refuses unknown
//! operations, that coordinator's version is read, once. If the coordinator then certainly lacks the operation, the
//! error reports that, with the required version. No such operation is sent to it any more, as long as [its version
//! is known](crate::handles::versions::Versions). If it is not certain, the request is sent and the server decides.
//!
//! During a rolling upgrade some coordinators support the operation and some do not. An operation that may go to any
//! of them is retried on one that may support it: a coordinator that lacks it has not executed anything.

use std::time::Duration;

use arango_cluster::GetVersion;
use arango_transport::balance::MemberState;
use arango_transport::protocol::{
    ApiResponse, Metadata, Operation, OutputError, RequestClass, ServerVersion,
};
use arango_transport::{Call, Coordinator, CoordinatorState, Error, ErrorKind, Outcome, Unsupported};
use tokio::time::Instant;

use crate::handles::database::Database;

/// The longest time to wait for a coordinator's version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(3);

/// Where an operation goes.
enum Routing {
    /// To any coordinator, as usual: none is known to lack it.
    Any,
    /// To this coordinator, since others are known to lack it.
    Only(Coordinator),
    /// To none: this coordinator lacks it, and so do all others.
    Unsupported(Unsupported),
}

/// A coordinator that is not tried again during the same call.
struct Excluded {
    coordinator: Coordinator,
    /// `None` if it could not be reached.
    unsupported: Option<Unsupported>,
}

impl Database {
    /// Executes an operation that not every server version supports.
    pub(crate) async fn execute_version_dependent<O: Operation, T>(
        &self,
        operation: &O,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
    ) -> Result<T, Error> {
        let mut prior_outcome = Outcome::NotExecuted;
        let result = self.try_supporting_coordinators(operation, read, &mut prior_outcome).await;
        // An earlier coordinator may have executed it, even if a later one does not support it.
        result.map_err(|error| error.raise_outcome(prior_outcome))
    }

    /// Tries one coordinator after the other; `prior_outcome` is the outcome of those whose errors are not returned.
    async fn try_supporting_coordinators<O: Operation, T>(
        &self,
        operation: &O,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
        prior_outcome: &mut Outcome,
    ) -> Result<T, Error> {
        let metadata = O::METADATA;
        let mut excluded = Vec::new();
        let mut last: Option<Error> = None;
        // All attempts together take no longer than one call may.
        let mut left = None;
        loop {
            let (database, is_supporting) = match self.route(&metadata, &excluded) {
                Some(Routing::Any) => (self.clone(), false),
                Some(Routing::Only(coordinator)) => (self.clone().pinned_to(coordinator), true),
                Some(Routing::Unsupported(unsupported)) => {
                    return Err(last.unwrap_or_else(|| {
                        let call = Call::new(&metadata, operation.properties());
                        Error::unsupported_by(&call, metadata.method, metadata.path, unsupported)
                    }));
                }
                None => return Err(last.expect("all are ruled out, and the last of them failed")),
            };
            let database = match (left, last) {
                (Some(Duration::ZERO), Some(error)) => return Err(error),
                (Some(left), _) => database.timeout(left),
                (None, _) => database,
            };
            let prepared = database.prepare(operation)?;
            let error = match database.transport.send_prepared(prepared, &read).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let rest = left.unwrap_or_else(|| error.limit()).saturating_sub(error.elapsed());
            let Some(coordinator) = error.coordinator().cloned() else { return Err(error) };
            let (timeout, requested_at) = (rest.min(VERSION_TIMEOUT), Instant::now());
            let unsupported = if may_be_unsupported(&error) {
                self.find_unsupported(&metadata, &coordinator, timeout).await
            } else {
                None
            };
            // A server that ignored a parameter has executed a different operation.
            let executed_another = error.kind() == ErrorKind::Decode;
            let error = match &unsupported {
                Some(unsupported) => error.with_unsupported(unsupported.clone()),
                // This coordinator may support it and did not execute it: the next one may.
                None if is_supporting && error.was_not_executed() => error,
                None => return Err(error),
            };
            let may_retry = match operation.properties().class {
                RequestClass::Safe => true,
                RequestClass::Fenced | RequestClass::Idempotent => !executed_another,
                RequestClass::NonIdempotent => error.outcome() == Outcome::NotExecuted,
            };
            if !may_retry {
                return Err(error);
            }
            if error.has_ambiguous_predecessor() {
                *prior_outcome = Outcome::Unknown;
            }
            excluded.push(Excluded { coordinator, unsupported });
            left = Some(rest.saturating_sub(requested_at.elapsed()));
            last = Some(error);
        }
    }

    /// Decides where it goes; `None` if no coordinator that may support it could be reached.
    fn route(&self, metadata: &Metadata, excluded: &[Excluded]) -> Option<Routing> {
        if excluded.is_empty() && self.versions.is_empty() {
            return Some(Routing::Any);
        }
        let states = self.transport.coordinators();
        let mine = |state: &&CoordinatorState| match self.pinned(metadata) {
            Some(pin) => state.address == *pin,
            None => state.is_member(),
        };
        let mut unsupported = None;
        let mut left = Vec::new();
        let mut out = 0;
        for state in states.iter().filter(mine) {
            let excluded = excluded.iter().find(|other| other.coordinator == state.address);
            let unsupported_here = if let Some(excluded) = excluded {
                excluded.unsupported.clone()
            } else {
                let version = self.versions.get(state);
                version.and_then(|version| Unsupported::of(metadata, &state.address, version))
            };
            if excluded.is_none() && unsupported_here.is_none() {
                left.push(state);
            } else {
                out += 1;
            }
            unsupported = unsupported_here.or(unsupported);
        }
        if out == 0 {
            // Also if the pinned coordinator is unknown: the transport reports that.
            return Some(Routing::Any);
        }
        let next = left.into_iter().min_by_key(|state| (state.state != MemberState::Healthy, state.requests));
        match (next, unsupported) {
            (Some(state), _) => Some(Routing::Only(state.address.clone())),
            (None, Some(unsupported)) => Some(Routing::Unsupported(unsupported)),
            (None, None) => None,
        }
    }

    /// Returns what a coordinator that refused lacks, by its version; `None` unless that is certain.
    async fn find_unsupported(
        &self,
        metadata: &Metadata,
        coordinator: &Coordinator,
        timeout: Duration,
    ) -> Option<Unsupported> {
        let states = self.transport.coordinators();
        // With several servers behind one address, the version may come from another server than the refusal.
        let state = states.iter().find(|state| state.address == *coordinator && !state.shared)?;
        let version = match self.versions.get(state) {
            Some(version) => version,
            None => self.query_version(coordinator, timeout).await?,
        };
        Unsupported::of(metadata, coordinator, version)
    }

    /// Reads a coordinator's version and records it.
    async fn query_version(&self, coordinator: &Coordinator, timeout: Duration) -> Option<ServerVersion> {
        let get_version = GetVersion::default();
        let database = self.clone().pinned_to(coordinator.clone()).timeout(timeout);
        // A failure here is ignored, and the original error is returned. A hardened server hides its version.
        let prepared = database.prepare(&get_version).ok()?;
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
        self.versions.record(&self.transport, coordinator, version);
        Some(version)
    }
}

/// Returns whether the server may have refused the operation because it does not know it.
///
/// That is an unknown path, command or method, or a response that differs because a parameter was ignored.
fn may_be_unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotSupported | ErrorKind::Decode)
        || error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 404 | 405 | 501))
}
