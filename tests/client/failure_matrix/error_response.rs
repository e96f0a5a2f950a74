//! Error responses of the first coordinator. Each is returned once and has an expected reaction per class.

use std::ops::RangeInclusive;
use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;

use super::{Expect, HealthSignal, call_and_observe, health_signal, on_writes};
use crate::support::{client, cluster};

/// An error response, whether it is sent before or after the execution, and its classification.
pub(super) struct ErrorCase {
    pub(super) status: u16,
    /// 0 if the body does not come from ArangoDB.
    pub(super) number: u32,
    pub(super) executed: bool,
    pub(super) kind: ErrorKind,
    pub(super) outcome: Outcome,
    pub(super) health: HealthSignal,
}

/// Reaction of the client to an error response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reaction {
    /// Retries at another coordinator without backoff.
    OtherCoordinator,
    /// Retries at the same coordinator without backoff.
    SameCoordinator,
    /// Retries at another coordinator after a backoff in this range.
    AfterBackoff(RangeInclusive<Duration>),
    /// Fails.
    Fails,
}
use Reaction::{AfterBackoff, Fails, OtherCoordinator, SameCoordinator};

/// Returns `reaction` for requests that are safe to repeat, otherwise `Fails`.
pub(super) fn if_repeatable(class: RequestClass, reaction: Reaction) -> Reaction {
    if class == RequestClass::NonIdempotent { Fails } else { reaction }
}

/// Returns `reaction` for requests of which a late copy is harmless, otherwise `Fails`.
pub(super) fn if_late_copy_harmless(class: RequestClass, reaction: Reaction) -> Reaction {
    if matches!(class, RequestClass::Safe | RequestClass::Fenced) { reaction } else { Fails }
}

impl ErrorCase {
    pub(super) fn fault(&self) -> Fault {
        let fault = match self.number {
            0 => Fault::raw_response(self.status, "text/html", "<html><h1>Oh no</h1></html>"),
            _ => Fault::response(self.status, self.number, "as the test demands"),
        };
        if self.executed { fault.after_execution() } else { fault }
    }

    /// Makes the first coordinator return the error once, and asserts the reaction of a request of `class`.
    pub(super) async fn assert_reaction(self, class: RequestClass, reaction: Reaction) {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _fault = cluster.coordinator(0).inject(on_writes(self.fault()).times(1));
        let executed = usize::from(self.executed);
        let observed = call_and_observe(&cluster, &client, class).await;
        let states = [self.health.member_state(), MemberState::Healthy, MemberState::Healthy];
        let fails_over = Expect::fails_over().server_counts(2, executed + 1).member_states(states);
        match reaction {
            OtherCoordinator => drop(observed.assert_matches(&fails_over)),
            SameCoordinator => drop(observed.assert_matches(&fails_over.attempts(2, 0))),
            AfterBackoff(pause) => drop(observed.assert_matches(&fails_over.within(pause))),
            Fails => {
                let failure = Expect::failure(self.kind, self.outcome, StoppedBy::NotRetryable);
                let error = observed
                    .assert_matches(&failure.server_counts(1, executed).member_states(states))
                    .error();
                assert_eq!(error.status().unwrap().as_u16(), self.status);
                assert_eq!(error.error_number().map_or(0, |number| number.0), self.number);
                assert_eq!(error.coordinator().unwrap().to_string(), cluster.coordinator(0).url());
            }
        }
        assert_eq!(health_signal(&cluster, class, &self.fault()).await, self.health, "{}", self.number);
    }
}

/// Returns the case of an error sent before the execution.
pub(super) fn not_executed(status: u16, number: u32, kind: ErrorKind, health: HealthSignal) -> ErrorCase {
    ErrorCase { status, number, executed: false, kind, outcome: Outcome::NotExecuted, health }
}

/// Returns the case of an error sent after the execution, which the client cannot know.
pub(super) fn unknown(status: u16, number: u32, kind: ErrorKind, health: HealthSignal) -> ErrorCase {
    ErrorCase { status, number, executed: true, kind, outcome: Outcome::Unknown, health }
}
