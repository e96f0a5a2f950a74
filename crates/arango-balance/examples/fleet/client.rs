//! A client: a set of members with its policy, and what the transport does when an attempt fails.

use std::sync::Arc;

use arango_balance::{InFlight, Members, Policy, RandomSource, Signal};

use crate::coordinator::Heard;
use crate::strategy::Strategy;
use crate::time::{MILLISECOND, Nanos};

/// The most attempts of a call, however many coordinators there are.
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
        jitter: &Arc<dyn RandomSource>,
    ) -> Self {
        let members = Members::builder().random_source(Arc::clone(jitter)).build(0..coordinators);
        // Probes are events of the world.
        members.end_probes();
        let policy = strategy.policy(index, jitter);
        if policy.wants_load() {
            members.measure_load();
        }
        Self { members, policy }
    }

    /// The most attempts of a call.
    pub(crate) fn attempts(&self) -> usize {
        (1 + self.members.len().max(2)).min(ATTEMPTS)
    }
}

/// A call of a client, which may be sent again whatever happened.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) client: usize,
    pub(crate) began: Nanos,
    /// Where it is under way, if it is.
    pub(crate) attempt: Option<Attempt>,
    /// Where it failed so far.
    pub(crate) tried: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Nanos,
    pub(crate) in_flight: InFlight<usize>,
}

/// What an attempt tells of a coordinator.
pub(crate) fn verdict(heard: Heard) -> Signal {
    match heard {
        Heard::Answer { .. } => Signal::Success,
        Heard::QueueFull | Heard::Starting => Signal::Overloaded,
        Heard::Leaving => Signal::Draining,
        Heard::ConnectionRefused | Heard::ConnectionLost => Signal::Unreachable,
    }
}

/// The pause before the repetition after that many others, as the transport makes it; none before the first if there is
/// somebody else to ask.
pub(crate) fn pause(heard: Heard, repetitions: u32, is_another_left: bool, chance: f64) -> Nanos {
    if repetitions == 0 && is_another_left {
        return 0;
    }
    let doubled = |first: Nanos, most: Nanos| (first << repetitions.min(16)).min(most);
    match heard {
        Heard::QueueFull | Heard::Starting | Heard::Leaving => {
            let pause = doubled(100 * MILLISECOND, 3_000 * MILLISECOND);
            pause / 2 + part(pause / 2, chance)
        }
        _ => part(doubled(25 * MILLISECOND, 1_000 * MILLISECOND), chance),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of some seconds"
)]
pub(crate) fn part(of: Nanos, chance: f64) -> Nanos {
    (of as f64 * chance) as Nanos
}
