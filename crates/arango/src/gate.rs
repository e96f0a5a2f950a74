//! Operations that not every server has.
//!
//! They are sent like any other: nobody is asked for a version beforehand. Where one is refused as a server refuses what
//! it does not know, that coordinator is asked for its version, once. If it is then certain that it lacks the operation,
//! the error says so, and what the operation needs. From then on no such operation is sent to it, for as long as
//! [its version is known](crate::versions::Versions). What is not certain is the server's to decide.
//!
//! During an upgrade that rolls from one coordinator to the next some have the operation and some do not. What may go to
//! any of them goes on to one that may have it: one that lacks it has done nothing.

use std::time::Duration;

use arango_cluster::GetVersion;
use arango_transport::balance::MemberState;
use arango_transport::protocol::{
    ApiResponse, DecodeError, Metadata, Operation, RequestClass, ServerVersion,
};
use arango_transport::{Call, Coordinator, CoordinatorState, Error, ErrorKind, Outcome, Unsupported};
use tokio::time::Instant;

use crate::Database;

/// How long a coordinator may take to tell its version.
const VERSION_WITHIN: Duration = Duration::from_secs(3);

/// To whom an operation goes.
enum Whom {
    /// To whom it would go anyway: nobody is known to lack it.
    Anyone,
    /// To this one, since others are known to lack it.
    One(Coordinator),
    /// To nobody: this one lacks it, and so do all others.
    Nobody(Unsupported),
}

/// A coordinator that is not asked again during the same call.
struct RuledOut {
    coordinator: Coordinator,
    /// `None` if it could not be reached.
    lacking: Option<Unsupported>,
}

impl Database {
    /// Executes an operation that not every server has.
    pub(crate) async fn execute_gated<O: Operation, T>(
        &self,
        operation: &O,
        read: impl Fn(ApiResponse) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let mut so_far = Outcome::NotExecuted;
        let result = self.ask_who_may_have_it(operation, read, &mut so_far).await;
        // What one coordinator may have done is not undone because another lacks it.
        result.map_err(|error| error.at_least(so_far))
    }

    /// Asks one after the other; `so_far` is what may have been executed of those that are not told of any more.
    async fn ask_who_may_have_it<O: Operation, T>(
        &self,
        operation: &O,
        read: impl Fn(ApiResponse) -> Result<T, DecodeError>,
        so_far: &mut Outcome,
    ) -> Result<T, Error> {
        let facts = O::METADATA;
        let mut ruled_out = Vec::new();
        let mut last: Option<Error> = None;
        // All of it together takes no longer than one call may.
        let mut left = None;
        loop {
            let (database, chosen) = match self.whom(&facts, &ruled_out) {
                Some(Whom::Anyone) => (self.clone(), false),
                Some(Whom::One(coordinator)) => (self.clone().pinned_to(coordinator), true),
                Some(Whom::Nobody(lacking)) => {
                    return Err(last.unwrap_or_else(|| {
                        let call = Call::of(&facts, operation.class());
                        Error::unsupported_by(&call, facts.method, facts.path, lacking)
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
            let error = match database.transport.ask_prepared(prepared, &read).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let rest = left.unwrap_or_else(|| error.limit()).saturating_sub(error.elapsed());
            let Some(coordinator) = error.coordinator().cloned() else { return Err(error) };
            let (within, asked) = (rest.min(VERSION_WITHIN), Instant::now());
            let lacking =
                if may_lack(&error) { self.lacking(&facts, &coordinator, within).await } else { None };
            // What made another call of it by passing over a parameter has done something.
            let made_another = error.kind() == ErrorKind::Decode;
            let error = match &lacking {
                Some(lacking) => error.because_unsupported(lacking.clone()),
                // Of the few that may have it, this one did nothing: the next may.
                None if chosen && error.was_not_executed() => error,
                None => return Err(error),
            };
            let is_harmless = match operation.class() {
                RequestClass::Safe => true,
                RequestClass::Idempotent => !made_another,
                RequestClass::NonIdempotent => error.outcome() == Outcome::NotExecuted,
            };
            if !is_harmless {
                return Err(error);
            }
            if error.has_ambiguous_predecessor() {
                *so_far = Outcome::Unknown;
            }
            ruled_out.push(RuledOut { coordinator, lacking });
            left = Some(rest.saturating_sub(asked.elapsed()));
            last = Some(error);
        }
    }

    /// Decides to whom it goes; `None` if all who may have it could not be reached.
    fn whom(&self, facts: &Metadata, ruled_out: &[RuledOut]) -> Option<Whom> {
        if ruled_out.is_empty() && self.versions.are_unknown() {
            return Some(Whom::Anyone);
        }
        let states = self.transport.coordinators();
        let mine = |state: &&CoordinatorState| match self.pinned(facts) {
            Some(pin) => state.address == *pin,
            None => state.is_member(),
        };
        let mut lacking = None;
        let mut left = Vec::new();
        let mut out = 0;
        for state in states.iter().filter(mine) {
            let ruled_out = ruled_out.iter().find(|one| one.coordinator == state.address);
            let lacks = if let Some(ruled_out) = ruled_out {
                ruled_out.lacking.clone()
            } else {
                let version = self.versions.of(state);
                version.and_then(|version| Unsupported::of(facts, &state.address, version))
            };
            if ruled_out.is_none() && lacks.is_none() {
                left.push(state);
            } else {
                out += 1;
            }
            lacking = lacks.or(lacking);
        }
        if out == 0 {
            // Also if the pin is a stranger: the transport says so.
            return Some(Whom::Anyone);
        }
        let next =
            left.into_iter().min_by_key(|state| (state.standing != MemberState::Healthy, state.requests));
        match (next, lacking) {
            (Some(state), _) => Some(Whom::One(state.address.clone())),
            (None, Some(lacking)) => Some(Whom::Nobody(lacking)),
            (None, None) => None,
        }
    }

    /// What a coordinator that refused lacks, by its version; `None` unless that is certain.
    async fn lacking(
        &self,
        facts: &Metadata,
        coordinator: &Coordinator,
        within: Duration,
    ) -> Option<Unsupported> {
        let states = self.transport.coordinators();
        // Who answers for the version need not be who has refused, where several answer.
        let state = states.iter().find(|state| state.address == *coordinator && !state.shared)?;
        let version = match self.versions.of(state) {
            Some(version) => version,
            None => self.version_of(coordinator, within).await?,
        };
        Unsupported::of(facts, coordinator, version)
    }

    /// Asks a coordinator for its version, and keeps it in mind.
    async fn version_of(&self, coordinator: &Coordinator, within: Duration) -> Option<ServerVersion> {
        let ask = GetVersion::default();
        let database = self.clone().pinned_to(coordinator.clone()).timeout(within);
        // Whatever goes wrong, it explains nothing: the refusal stands as it is. A hardened server says no version.
        let prepared = database.prepare(&ask).ok()?;
        let version =
            database.transport.ask_prepared(prepared, |answer| ask.output(answer)).await.ok()?.version?;
        self.learn_version(coordinator, &version)
    }

    /// Keeps in mind what a coordinator has just said of its version.
    pub(crate) fn learn_version(&self, coordinator: &Coordinator, version: &str) -> Option<ServerVersion> {
        let version = version.parse().ok()?;
        self.versions.learn(&self.transport, coordinator, version);
        Some(version)
    }
}

/// Whether a server may have refused because it does not know the operation: unknown paths, commands and methods, or an
/// answer that is another one because a parameter was passed over.
fn may_lack(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotSupported | ErrorKind::Decode)
        || error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 404 | 405 | 501))
}
