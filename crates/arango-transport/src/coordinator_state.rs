//! How one coordinator is doing.

use std::time::Duration;

use arango_balance::{Member, MemberOrigin, MemberState, RejectReason};
use tokio::time::Instant;

use crate::pool::Pool;
use crate::transport::Inner;
use crate::{Coordinator, Transport};

/// How one coordinator is doing, at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CoordinatorState {
    /// Where it is.
    pub address: Coordinator,
    /// Where its address comes from, and whether requests are sent there.
    pub membership: Membership,
    /// The zone it is in, if the client was told.
    pub zone: Option<String>,
    /// Attempts that were sent its way since it became known.
    pub requests: u64,
    /// Attempts that have not ended yet.
    pub in_flight: usize,
    /// Connections that exist, idle or in use.
    pub open_connections: usize,
    /// Connections that were opened since it became known; they are numbered so.
    pub connections_opened: u64,
    /// The number of the oldest that exists. While it is no higher than a number that was seen before, the
    /// coordinator has not been restarted since.
    pub oldest_connection: Option<u64>,
    /// Connections that nobody uses at the moment.
    pub idle_connections: usize,
    /// Attempts that have no connection yet.
    pub waiting: usize,
    /// Connections that are being opened.
    pub opening: usize,
    /// Attempts that had no connection in time, since it became known.
    pub timeouts: u64,
    /// How long a request has waited in its queue, as it told last: one of 16 answers is asked. `None` before the first.
    pub queue_time: Option<Duration>,
    /// How often it has left the rotation since it became known, by failures or by its own word.
    pub ejections: u64,
    /// What answers there instead of ArangoDB, if the last probe found that something else does: status, type of the body
    /// and server, such as `status 404 text/html from nginx`. It is left out of the rotation where there are others.
    pub not_arangodb: Option<String>,
    /// The last handshake with it was refused: a certificate or a setting of TLS must be mended, here or there.
    pub misconfigured: bool,
    /// Several coordinators answer at this address, as behind a load balancer. It is never left out of the rotation.
    pub shared: bool,
    /// How it stands in the rotation.
    pub standing: MemberState,
    /// For how long it has stood so.
    pub standing_for: Duration,
    /// In how long it will be probed: what is left of an ejection, or of the time for which it is spared. `None` if
    /// it is well or on trial.
    pub asked_in: Option<Duration>,
    /// The part that it takes of its share: less than 1 while it has too much to do, and for a while after it has come
    /// or come back.
    pub weight: f64,
    /// How long its answers take: as long as the slowest of late. `None` if it has not answered yet, and where no
    /// policy wants to know, as with the next.
    pub latency: Option<Duration>,
    /// The part of its answers that were failures, from 0 to 1; the last eight count for most.
    pub failing: f64,
}

/// Where the address of a coordinator comes from, and whether requests are sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Membership {
    /// It was named by the user.
    Seed,
    /// It was found in a list of coordinators, and takes requests as those do that were named.
    Discovered,
    /// It was found in a list of coordinators, and is asked nothing but who it is; calls that are meant for it fail.
    Candidate {
        /// Why not, if that was found out.
        refused: Option<String>,
    },
    /// It is not one of the client's any more: what is under way there goes on, and nothing new is sent.
    Draining,
}

impl CoordinatorState {
    /// Whether requests are sent there: not while it is only tried out, and not when it is no longer one of the client's.
    pub fn is_member(&self) -> bool {
        matches!(self.membership, Membership::Seed | Membership::Discovered)
    }
}

impl Transport {
    /// Tells of each coordinator: first those that take requests, in the order in which they came, then those that
    /// are tried out, then those that requests are still under way to and that get no more.
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        let (members, now) = (&self.0.members, Instant::now());
        // Who leaves meanwhile is told of twice rather than not at all.
        let (list, aside, leaving) = (members.snapshot(), members.unverified(), members.leaving());
        let state = |member, membership| CoordinatorState::of(member, membership, &self.0, now);
        let there = list.iter().map(|member| state(member, self.membership(member.key())));
        let aside = aside.iter().map(|member| state(member, self.membership(member.key())));
        let leaving = leaving.iter().map(|member| state(member, Membership::Draining));
        there.chain(aside).chain(leaving).collect()
    }

    pub(crate) fn known(&self, coordinator: &Coordinator) -> Option<MemberOrigin<Coordinator>> {
        match self.0.discoverer.get() {
            Some(discoverer) => discoverer.origins(coordinator),
            None => Some(MemberOrigin::Seed),
        }
    }

    fn membership(&self, coordinator: &Coordinator) -> Membership {
        match self.known(coordinator) {
            Some(MemberOrigin::Seed) => Membership::Seed,
            Some(MemberOrigin::Discovered) => Membership::Discovered,
            Some(MemberOrigin::Candidate(refused)) => Membership::Candidate {
                refused: refused.map(|refused| match refused {
                    RejectReason::SameAs(other) => format!("it is the same as {other}"),
                    RejectReason::Failed(why) => why,
                    _ => "it cannot be used".to_owned(),
                }),
            },
            // It has just been removed.
            _ => Membership::Draining,
        }
    }
}

impl CoordinatorState {
    fn of(member: &Member<Coordinator>, membership: Membership, transport: &Inner, now: Instant) -> Self {
        // None is made for the asking.
        let pool = transport.pools.get(member);
        let pool = pool.as_ref();
        let (status, load) = (member.status(), member.load(now));
        let count = |count: fn(&Pool) -> usize| pool.map_or(0, count);
        Self {
            address: member.key().clone(),
            membership,
            zone: transport.zones.of(member.key()),
            requests: member.requests(),
            in_flight: member.in_flight(),
            open_connections: count(Pool::open),
            connections_opened: pool.map_or(0, Pool::opened),
            oldest_connection: pool.and_then(Pool::oldest),
            idle_connections: count(Pool::idle),
            waiting: count(Pool::waiting),
            opening: count(Pool::dialing),
            timeouts: pool.map_or(0, Pool::timeouts),
            queue_time: pool.and_then(Pool::queue_time),
            ejections: pool.map_or(0, Pool::ejections),
            not_arangodb: pool.and_then(Pool::other),
            misconfigured: pool.is_some_and(Pool::is_misconfigured),
            shared: member.is_shared(),
            standing: status.state,
            standing_for: now.saturating_duration_since(status.since),
            asked_in: status.next_probe.map(|until| until.saturating_duration_since(now)),
            weight: member.weight(now),
            latency: load.latency(),
            failing: load.failure_ratio(),
        }
    }
}
