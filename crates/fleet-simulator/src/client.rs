//! A simulated client: a set of members, a policy, and the retries of the transport.

use std::sync::Arc;

use arango_balance::{InFlight, Members, Policy, RandomSource, Signal};

use crate::coordinator::AttemptResult;
use crate::strategy::Strategy;
use crate::time::{MILLISECOND, Nanos};

/// Maximum number of attempts of a call, with any number of coordinators.
const ATTEMPTS: usize = 6;

pub(crate) struct Client {
    pub(crate) members: Members<usize>,
    pub(crate) policy: Box<dyn Policy<usize, ()>>,
}

impl Client {
    pub(crate) fn new(
        index: usize,
        coordinators: usize,
        strategy: Strategy,
        random: &Arc<dyn RandomSource>,
    ) -> Self {
        let members = Members::builder().random_source(Arc::clone(random)).build(0..coordinators);
        // Probes are events of the simulation.
        members.stop_probes();
        let policy = strategy.policy(index, random);
        if policy.wants_load() {
            members.measure_load();
        }
        Self { members, policy }
    }

    /// Returns the maximum number of attempts of a call.
    pub(crate) fn max_attempts(&self) -> usize {
        max_attempts(self.members.len())
    }
}

/// Returns the maximum number of attempts of a call, as in the transport.
pub(crate) fn max_attempts(coordinators: usize) -> usize {
    (1 + coordinators.max(2)).min(ATTEMPTS)
}

/// A call of a client. It is always safe to retry.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) client: usize,
    pub(crate) started: Nanos,
    /// The attempt in flight, if any.
    pub(crate) attempt: Option<Attempt>,
    /// Coordinators on which an attempt has failed.
    pub(crate) tried: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) started: Nanos,
    pub(crate) in_flight: InFlight<usize>,
}

/// Returns the signal to record for the result of an attempt.
pub(crate) fn signal(result: AttemptResult) -> Signal {
    match result {
        AttemptResult::Success { .. } => Signal::Success,
        AttemptResult::QueueFull | AttemptResult::Starting => Signal::Overloaded,
        AttemptResult::Draining => Signal::Draining,
        AttemptResult::ConnectionRefused | AttemptResult::ConnectionLost => Signal::Unreachable,
    }
}

/// Returns the delay before the next retry, like the transport.
///
/// `retries` is the number of earlier retries. The delay is zero before the first retry if another coordinator is left.
pub(crate) fn backoff(result: AttemptResult, retries: u32, is_another_left: bool, random: f64) -> Nanos {
    if retries == 0 && is_another_left {
        return 0;
    }
    let exponential = |base: Nanos, max: Nanos| (base << retries.min(16)).min(max);
    match result {
        AttemptResult::QueueFull | AttemptResult::Starting | AttemptResult::Draining => {
            let delay = exponential(100 * MILLISECOND, 3_000 * MILLISECOND);
            delay / 2 + fraction_of(delay / 2, random)
        }
        _ => fraction_of(exponential(25 * MILLISECOND, 1_000 * MILLISECOND), random),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of some seconds"
)]
pub(crate) fn fraction_of(time: Nanos, random: f64) -> Nanos {
    (time as f64 * random) as Nanos
}
