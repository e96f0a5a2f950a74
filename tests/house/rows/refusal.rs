//! A refusal that the first coordinator says once, and what follows from it for each class.

use std::ops::RangeInclusive;
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;

use super::{Expect, Tells, meet, on_writes, tells};
use crate::support::{client, cluster};

/// What a refusal says, whether it is said before or after the request was executed, and what it means.
pub(super) struct Refusal {
    pub(super) status: u16,
    /// 0: the body is not ArangoDB's.
    pub(super) number: u32,
    pub(super) executed: bool,
    pub(super) kind: ErrorKind,
    pub(super) outcome: Outcome,
    pub(super) health: Tells,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Then {
    /// It goes on to another coordinator, at once.
    AtOnce,
    /// It goes on at the same coordinator, at once.
    Again,
    /// It goes on after a pause.
    After(RangeInclusive<Duration>),
    /// It fails.
    Fails,
}
use Then::{After, Again, AtOnce, Fails};

/// What follows for requests that may be repeated, and failure for those that may not.
pub(super) fn unless_it_is_a_write(class: RequestClass, then: Then) -> Then {
    if class == RequestClass::NonIdempotent { Fails } else { then }
}

pub(super) fn if_safe(class: RequestClass, then: Then) -> Then {
    if class == RequestClass::Safe { then } else { Fails }
}

impl Refusal {
    pub(super) fn fault(&self) -> Fault {
        let fault = match self.number {
            0 => Fault::answer_raw(self.status, "text/html", "<html><h1>Oh no</h1></html>"),
            _ => Fault::answer(self.status, self.number, "as the test demands"),
        };
        if self.executed { fault.after_execution() } else { fault }
    }

    /// Lets the first coordinator say it once to a request of `class`, and checks what becomes of it.
    pub(super) async fn then(self, class: RequestClass, then: Then) {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _fault = cluster.coordinator(0).inject(on_writes(self.fault()).times(1));
        let executed = usize::from(self.executed);
        let met = meet(&cluster, &client, class).await;
        let standing = [self.health.standing(), MemberState::Healthy, MemberState::Healthy];
        let goes_on = Expect::elsewhere().at_servers(2, executed + 1).standing(standing);
        match then {
            AtOnce => drop(met.is(&goes_on)),
            Again => drop(met.is(&goes_on.tried(2, 0))),
            After(pause) => drop(met.is(&goes_on.within(pause))),
            Fails => {
                let failure = Expect::failure(self.kind, self.outcome, StoppedBy::NotRetryable);
                let error = met.is(&failure.at_servers(1, executed).standing(standing)).error();
                assert_eq!(error.status().unwrap().as_u16(), self.status);
                assert_eq!(error.error_number().map_or(0, |number| number.0), self.number);
                assert_eq!(error.coordinator().unwrap().to_string(), cluster.coordinator(0).url());
            }
        }
        assert_eq!(tells(&cluster, class, &self.fault()).await, self.health, "{}", self.number);
    }
}

/// It was said at the door.
pub(super) fn refused(status: u16, number: u32, kind: ErrorKind, health: Tells) -> Refusal {
    Refusal { status, number, executed: false, kind, outcome: Outcome::NotExecuted, health }
}

/// It was said after the request had been executed, and nobody can know that.
pub(super) fn unknown(status: u16, number: u32, kind: ErrorKind, health: Tells) -> Refusal {
    Refusal { status, number, executed: true, kind, outcome: Outcome::Unknown, health }
}
