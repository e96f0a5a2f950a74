//! One call that meets a failure, and everything that can be seen of how it ends.

use std::ops::RangeInclusive;
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{Operation, RequestClass};
use arango::transport::StoppedBy;
use arango::{Client, Error, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;
use tokio::time::Instant;

use crate::support::insert;

/// The first pause after a connection failed.
pub(super) const B1: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_millis(26);
/// The first pause for a server that has too much to do. Clocks count whole milliseconds, hence one more.
pub(super) const B2: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_millis(101);
/// The first pause for a conflict.
pub(super) const B3: RangeInclusive<Duration> = Duration::from_millis(5)..=Duration::from_millis(11);

/// How the three coordinators stand after the first has said that it has too much to do.
pub(super) const OVERLOADED: [MemberState; 3] =
    [MemberState::Overloaded, MemberState::Healthy, MemberState::Healthy];

/// How a call is to end, in all that can be seen.
///
/// The failure is always met at the first coordinator. All time is virtual.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub(super) struct Expect {
    seen: Seen,
    tried_anywhere: bool,
    took: RangeInclusive<Duration>,
}

/// What can be seen but for the time.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    /// `None`: it succeeds.
    error: Option<(ErrorKind, Outcome, StoppedBy)>,
    /// Attempts at the first coordinator, and at all others.
    tried: (u64, u64),
    /// Copies that coordinators have read.
    received: usize,
    /// Copies that a handler applied.
    executed: usize,
    /// Failed attempts that the error tells of.
    recorded: usize,
    /// How the coordinators stand afterwards.
    standing: Vec<MemberState>,
}

impl Expect {
    /// It succeeds at another coordinator, at once. The first one has not even read it.
    pub(super) fn elsewhere() -> Self {
        let seen = Seen {
            error: None,
            tried: (1, 1),
            received: 1,
            executed: 1,
            recorded: 0,
            standing: vec![MemberState::Healthy; 3],
        };
        Self { seen, tried_anywhere: false, took: Duration::ZERO..=Duration::ZERO }
    }

    /// It fails at once, after one attempt that was read, and not executed.
    pub(super) fn failure(kind: ErrorKind, outcome: Outcome, stopped_by: StoppedBy) -> Self {
        let seen = Seen {
            error: Some((kind, outcome, stopped_by)),
            tried: (1, 0),
            received: 1,
            executed: 0,
            recorded: 1,
            standing: vec![MemberState::Healthy; 3],
        };
        Self { seen, tried_anywhere: false, took: Duration::ZERO..=Duration::ZERO }
    }

    /// The attempts at the first coordinator and at all others; the error of a failure tells of all of them.
    pub(super) fn tried(mut self, first: u64, others: u64) -> Self {
        self.seen.tried = (first, others);
        if self.seen.error.is_some() {
            self.seen.recorded = usize::try_from(first + others).unwrap();
        }
        self
    }

    /// Wherever it was tried: a login has turns of its own.
    pub(super) fn any_tried(mut self) -> Self {
        self.tried_anywhere = true;
        self
    }

    /// The attempts that the error tells of, where those are not the ones that were made.
    pub(super) fn recorded(mut self, attempts: usize) -> Self {
        self.seen.recorded = attempts;
        self
    }

    /// The copies that coordinators have read, and those of them that were executed.
    pub(super) fn at_servers(mut self, received: usize, executed: usize) -> Self {
        (self.seen.received, self.seen.executed) = (received, executed);
        self
    }

    /// How the coordinators stand afterwards, if not all of them well.
    pub(super) fn standing(mut self, standing: impl Into<Vec<MemberState>>) -> Self {
        self.seen.standing = standing.into();
        self
    }

    /// The time it takes, if not none.
    pub(super) fn within(mut self, took: RangeInclusive<Duration>) -> Self {
        self.took = took;
        self
    }

    /// As [`within`](Self::within), give or take the millisecond that a clock counts.
    pub(super) fn after(self, took: Duration) -> Self {
        self.within(took..=took + Duration::from_millis(1))
    }
}

/// What a call came to.
#[derive(Debug)]
pub(super) struct Met {
    seen: Seen,
    took: Duration,
    error: Option<Error>,
}

impl Met {
    /// Compares; whatever differs is told with all the rest.
    #[track_caller]
    pub(super) fn is(self, expect: &Expect) -> Self {
        let tried = if expect.tried_anywhere { self.seen.tried } else { expect.seen.tried };
        assert_eq!(self.seen, Seen { tried, ..expect.seen.clone() }, "{:?}", self.error);
        assert!(expect.took.contains(&self.took), "{:?} is not within {:?}", self.took, expect.took);
        self
    }

    /// How many attempts were made, those of a login included.
    pub(super) fn attempts(&self) -> u64 {
        self.seen.tried.0 + self.seen.tried.1
    }

    /// The error of a call that was to fail.
    #[track_caller]
    pub(super) fn error(self) -> Error {
        self.error.expect("the call fails")
    }
}

/// Makes one call of `class`; the journal is cleared before.
pub(super) async fn meet(cluster: &TestCluster, client: &Client, class: RequestClass) -> Met {
    meet_with(cluster, client, insert("m", class)).await
}

/// Makes one call, whose marker is `m`; the journal is cleared before.
pub(super) async fn meet_with<O: Operation>(cluster: &TestCluster, client: &Client, operation: O) -> Met {
    cluster.journal().clear();
    let attempts = || -> Vec<u64> { client.coordinators().iter().map(|state| state.requests).collect() };
    let before = attempts();
    let began = Instant::now();
    let error = client.db("_system").execute(operation).await.err();
    let took = began.elapsed();
    let made: Vec<u64> = attempts().iter().zip(before).map(|(after, before)| after - before).collect();
    let seen = Seen {
        error: error.as_ref().map(|error| (error.kind(), error.outcome(), error.stopped_by())),
        tried: (made[0], made[1..].iter().sum()),
        received: cluster.journal().received("m"),
        executed: cluster.journal().executions("m"),
        recorded: error.as_ref().map_or(0, |error| error.attempts().len()),
        standing: client.coordinators().iter().map(|state| state.standing).collect(),
    };
    Met { seen, took, error }
}
