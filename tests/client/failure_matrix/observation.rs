//! Makes one call that encounters a failure, and records all observable results.

use std::ops::RangeInclusive;
use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::{Operation, RequestClass};
use arango::{Client, Error, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;
use tokio::time::Instant;

use crate::support::insert;

/// First backoff after a connection failure.
pub(super) const CONNECTION_BACKOFF: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_millis(26);
/// First backoff after an overload error. Clocks count whole milliseconds, hence 101.
pub(super) const OVERLOAD_BACKOFF: RangeInclusive<Duration> =
    Duration::from_millis(50)..=Duration::from_millis(101);
/// First backoff after a conflict.
pub(super) const CONFLICT_BACKOFF: RangeInclusive<Duration> =
    Duration::from_millis(5)..=Duration::from_millis(11);

/// Member states after the first of three coordinators has reported overload.
pub(super) const FIRST_OVERLOADED: [MemberState; 3] =
    [MemberState::Overloaded, MemberState::Healthy, MemberState::Healthy];

/// Expected result of a call.
///
/// The failure always occurs at the first coordinator. All time is virtual.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub(super) struct Expect {
    observation: Observation,
    any_coordinator: bool,
    duration: RangeInclusive<Duration>,
}

/// Observable result of a call, except its duration.
#[derive(Debug, Clone, PartialEq)]
struct Observation {
    /// `None` if the call succeeds.
    error: Option<(ErrorKind, Outcome, StoppedBy)>,
    /// Number of attempts at the first coordinator and at all others.
    attempts: (u64, u64),
    /// Number of copies of the request that coordinators have read.
    received: usize,
    /// Number of copies that were executed.
    executed: usize,
    /// Number of attempts listed in the error.
    reported_attempts: usize,
    /// Member states after the call.
    member_states: Vec<MemberState>,
}

impl Expect {
    /// Expects success at another coordinator without backoff. The first coordinator has not read the request.
    pub(super) fn fails_over() -> Self {
        let observation = Observation {
            error: None,
            attempts: (1, 1),
            received: 1,
            executed: 1,
            reported_attempts: 0,
            member_states: vec![MemberState::Healthy; 3],
        };
        Self { observation, any_coordinator: false, duration: Duration::ZERO..=Duration::ZERO }
    }

    /// Expects failure without backoff after one attempt, which was read but not executed.
    pub(super) fn failure(kind: ErrorKind, outcome: Outcome, stopped_by: StoppedBy) -> Self {
        let observation = Observation {
            error: Some((kind, outcome, stopped_by)),
            attempts: (1, 0),
            received: 1,
            executed: 0,
            reported_attempts: 1,
            member_states: vec![MemberState::Healthy; 3],
        };
        Self { observation, any_coordinator: false, duration: Duration::ZERO..=Duration::ZERO }
    }

    /// Sets the expected attempts at the first coordinator and at all others. The error of a failed call must list all
    /// of them.
    pub(super) fn attempts(mut self, first: u64, others: u64) -> Self {
        self.observation.attempts = (first, others);
        if self.observation.error.is_some() {
            self.observation.reported_attempts = usize::try_from(first + others).unwrap();
        }
        self
    }

    /// Accepts attempts at any coordinator, because a login also takes a turn of the rotation.
    pub(super) fn on_any_coordinator(mut self) -> Self {
        self.any_coordinator = true;
        self
    }

    /// Sets the number of attempts listed in the error. Default: the number of attempts made.
    pub(super) fn reported_attempts(mut self, attempts: usize) -> Self {
        self.observation.reported_attempts = attempts;
        self
    }

    /// Sets the expected number of copies that coordinators have read and executed.
    pub(super) fn server_counts(mut self, received: usize, executed: usize) -> Self {
        (self.observation.received, self.observation.executed) = (received, executed);
        self
    }

    /// Sets the expected member states. Default: all healthy.
    pub(super) fn member_states(mut self, states: impl Into<Vec<MemberState>>) -> Self {
        self.observation.member_states = states.into();
        self
    }

    /// Sets the expected duration. Default: zero.
    pub(super) fn within(mut self, duration: RangeInclusive<Duration>) -> Self {
        self.duration = duration;
        self
    }

    /// Sets the expected duration with a tolerance of one millisecond. This is the resolution of the clock.
    pub(super) fn after(self, duration: Duration) -> Self {
        self.within(duration..=duration + Duration::from_millis(1))
    }
}

/// Observed result of a call.
#[derive(Debug)]
pub(super) struct CallResult {
    observation: Observation,
    duration: Duration,
    error: Option<Error>,
}

impl CallResult {
    /// Asserts the expected result and prints all observations on a mismatch.
    #[track_caller]
    pub(super) fn assert_matches(self, expect: &Expect) -> Self {
        let attempts =
            if expect.any_coordinator { self.observation.attempts } else { expect.observation.attempts };
        assert_eq!(
            self.observation,
            Observation { attempts, ..expect.observation.clone() },
            "{:?}",
            self.error
        );
        assert!(
            expect.duration.contains(&self.duration),
            "{:?} is not within {:?}",
            self.duration,
            expect.duration
        );
        self
    }

    /// Returns the number of attempts, including those of a login.
    pub(super) fn attempt_count(&self) -> u64 {
        self.observation.attempts.0 + self.observation.attempts.1
    }

    /// Returns the error of a call that must have failed.
    #[track_caller]
    pub(super) fn error(self) -> Error {
        self.error.expect("the call fails")
    }
}

/// Clears the journal and makes one call of `class`.
pub(super) async fn call_and_observe(
    cluster: &TestCluster,
    client: &Client,
    class: RequestClass,
) -> CallResult {
    execute_and_observe(cluster, client, insert("m", class)).await
}

/// Clears the journal and makes one call with the marker `m`.
pub(super) async fn execute_and_observe<O: Operation>(
    cluster: &TestCluster,
    client: &Client,
    operation: O,
) -> CallResult {
    cluster.journal().clear();
    let attempts = || -> Vec<u64> { client.coordinators().iter().map(|state| state.requests).collect() };
    let before = attempts();
    let start = Instant::now();
    let error = client.db("_system").execute(operation).await.err();
    let duration = start.elapsed();
    let attempts_made: Vec<u64> =
        attempts().iter().zip(before).map(|(after, before)| after - before).collect();
    let observation = Observation {
        error: error.as_ref().map(|error| (error.kind(), error.outcome(), error.stopped_by())),
        attempts: (attempts_made[0], attempts_made[1..].iter().sum()),
        received: cluster.journal().received("m"),
        executed: cluster.journal().executions("m"),
        reported_attempts: error.as_ref().map_or(0, |error| error.attempts().len()),
        member_states: client.coordinators().iter().map(|state| state.state).collect(),
    };
    CallResult { observation, duration, error }
}
