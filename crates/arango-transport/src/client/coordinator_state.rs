//! The state of one coordinator.

use std::time::Duration;

use arango_balance::{Member, MemberOrigin, MemberState, RejectReason};
use tokio::time::Instant;

use crate::client::transport::{Inner, Transport};
use crate::pool::Pool;
use crate::types::coordinator::Coordinator;

/// The state of one coordinator at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CoordinatorState {
    /// The address of the coordinator.
    pub address: Coordinator,
    /// The origin of the address, and whether requests are sent there.
    pub origin: CoordinatorOrigin,
    /// The zone of the coordinator, if the client was configured with zones.
    pub zone: Option<String>,
    /// Attempts sent to the coordinator since it became known.
    pub requests: u64,
    /// Attempts that have not ended yet.
    pub in_flight: usize,
    /// Open connections, idle or in use.
    pub open_connections: usize,
    /// Connections opened since the coordinator became known.
    ///
    /// Connections are numbered by this count.
    pub connections_opened: u64,
    /// The number of the oldest open connection.
    ///
    /// While it is at most a number seen before, the coordinator has not been restarted since.
    pub oldest_connection: Option<u64>,
    /// Idle connections.
    pub idle_connections: usize,
    /// Attempts that wait for a connection.
    pub waiting: usize,
    /// Connections that are being opened.
    pub connecting: usize,
    /// Attempts that got no connection in time, since the coordinator became known.
    pub acquire_timeouts: u64,
    /// The last queue time reported by the server.
    ///
    /// Read from one of 16 responses. `None` before the first
    /// report.
    pub queue_time: Option<Duration>,
    /// How often the coordinator was ejected or drained since it became known.
    pub ejections: u64,
    /// The service that answered the last probe instead of ArangoDB, if any.
    ///
    /// It consists of status, content type and server, such as `status 404 text/html from nginx`. Such a
    /// coordinator gets no requests while others are available.
    pub not_arangodb: Option<String>,
    /// Whether the last TLS handshake was rejected.
    ///
    /// A certificate or a TLS setting must then be fixed on either side.
    pub misconfigured: bool,
    /// Whether several coordinators share this address, as behind a load balancer.
    ///
    /// Such an address is never
    /// ejected.
    pub shared: bool,
    /// The member state.
    pub state: MemberState,
    /// Time since the member entered its state.
    pub state_age: Duration,
    /// Time until the next health probe.
    ///
    /// Set while the member is ejected, draining or overloaded, and zero while the next request starts the
    /// probe of a healthy one that may not be ArangoDB. `None` if it is half-open or otherwise healthy.
    pub next_probe_in: Option<Duration>,
    /// The fraction of its share that the coordinator gets.
    ///
    /// Less than 1 while it is overloaded, and during slow start; 0 while it is ejected, draining, half-open or no member, although it
    /// gets requests if too few others are available, and single ones while it is half-open.
    pub weight: f64,
    /// The recent peak response time.
    ///
    /// `None` before the first response, and if the policy does not measure
    /// load.
    pub latency: Option<Duration>,
    /// The fraction of failed responses, from 0 to 1.
    ///
    /// The last eight count most. Measured only if
    /// the policy uses it.
    pub failure_ratio: f64,
}

/// The origin of a coordinator's address, and whether requests are sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoordinatorOrigin {
    /// Named by the user.
    Seed,
    /// Found by discovery. It takes requests like a seed.
    Discovered,
    /// Found by discovery and not verified.
    ///
    /// It gets no requests except for the identity check, and calls
    /// pinned to it fail.
    Unverified {
        /// Why the check failed, if it has run.
        reject_reason: Option<String>,
    },
    /// Removed from the client.
    ///
    /// Running requests finish, and no new ones are sent.
    Removed,
}

impl CoordinatorState {
    /// Returns whether requests are sent there.
    ///
    /// `false` while it is unverified, and after it was removed.
    pub fn is_member(&self) -> bool {
        matches!(self.origin, CoordinatorOrigin::Seed | CoordinatorOrigin::Discovered)
    }
}

impl Transport {
    /// Returns the state of each coordinator.
    ///
    /// First the members that take requests, in the order in which they were added, then unverified members,
    /// then removed members that still have running requests.
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        let (members, now) = (&self.0.members, Instant::now());
        // A member that is removed meanwhile is listed twice rather than not at all.
        let (list, unverified, draining) = (members.snapshot(), members.unverified(), members.removed());
        let mut states = Vec::new();
        for member in list.iter().chain(unverified.iter()) {
            states.push(CoordinatorState::of(member, self.coordinator_origin(member.key()), &self.0, now));
        }
        for member in &draining {
            states.push(CoordinatorState::of(member, CoordinatorOrigin::Removed, &self.0, now));
        }
        states
    }

    /// Returns the state of one coordinator.
    #[doc(hidden)] // for the crate `arango`
    pub fn coordinator(&self, coordinator: &Coordinator) -> Option<CoordinatorState> {
        let member = self.0.members.get(coordinator)?;
        Some(CoordinatorState::of(&member, self.coordinator_origin(coordinator), &self.0, Instant::now()))
    }

    pub(crate) fn member_origin(&self, coordinator: &Coordinator) -> Option<MemberOrigin<Coordinator>> {
        match self.0.discovery_task.get() {
            Some(discoverer) => discoverer.origin(coordinator),
            None => Some(MemberOrigin::Seed),
        }
    }

    fn coordinator_origin(&self, coordinator: &Coordinator) -> CoordinatorOrigin {
        match self.member_origin(coordinator) {
            Some(MemberOrigin::Seed) => CoordinatorOrigin::Seed,
            Some(MemberOrigin::Discovered) => CoordinatorOrigin::Discovered,
            Some(MemberOrigin::Unverified(refused)) => CoordinatorOrigin::Unverified {
                reject_reason: refused.map(|refused| match refused {
                    RejectReason::SameAs(other) => format!("same coordinator as {other}"),
                    RejectReason::Failed(reason) => reason,
                    _ => "unusable".to_owned(),
                }),
            },
            // It has just been removed.
            _ => CoordinatorOrigin::Removed,
        }
    }
}

impl CoordinatorState {
    fn of(member: &Member<Coordinator>, origin: CoordinatorOrigin, transport: &Inner, now: Instant) -> Self {
        // `get` creates no pool for this query.
        let pool = transport.pools.get(member);
        let pool = pool.as_ref();
        let (status, load) = (member.status(), member.load(now));
        let count = |count: fn(&Pool) -> usize| pool.map_or(0, count);
        let is_member = matches!(origin, CoordinatorOrigin::Seed | CoordinatorOrigin::Discovered);
        let weight = match status.state {
            MemberState::Healthy | MemberState::Overloaded if is_member => member.weight(now),
            _ => 0.0,
        };
        Self {
            address: member.key().clone(),
            origin,
            zone: transport.zones.zone_of(member.key()),
            requests: member.requests(),
            in_flight: member.in_flight(),
            open_connections: count(Pool::open),
            connections_opened: pool.map_or(0, Pool::opened),
            oldest_connection: pool.and_then(Pool::oldest),
            idle_connections: count(Pool::idle),
            waiting: count(Pool::waiting),
            connecting: count(Pool::connecting),
            acquire_timeouts: pool.map_or(0, Pool::timeouts),
            queue_time: pool.and_then(Pool::queue_time),
            ejections: pool.map_or(0, Pool::ejections),
            not_arangodb: pool.and_then(Pool::foreign_service),
            misconfigured: pool.is_some_and(Pool::is_misconfigured),
            shared: member.is_shared(),
            state: status.state,
            state_age: now.saturating_duration_since(status.since),
            next_probe_in: status.next_probe.map(|until| until.saturating_duration_since(now)),
            weight,
            latency: load.latency(),
            failure_ratio: load.failure_ratio(),
        }
    }
}
