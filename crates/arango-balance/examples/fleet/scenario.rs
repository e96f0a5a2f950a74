//! What goes wrong, and when.

use clap::ValueEnum;

use crate::coordinator::State;
use crate::time::{MILLISECOND, Nanos, SECOND};

/// Calls that begin before this are not counted.
pub(crate) const WARM_UP: Nanos = 5 * SECOND;
/// No call begins after this.
pub(crate) const END: Nanos = 20 * SECOND;

/// The first time that something happens in a scenario where not all is as it is from the beginning.
const FIRST: Nanos = 8 * SECOND;
/// For how long a flapping coordinator is away, and then there.
const FLAP: Nanos = 3 * SECOND;
/// How much longer the slow ones take: one of them, or half of all.
const TEN_TIMES: f64 = 10.0;
const THREE_TIMES: f64 = 3.0;
/// A restart: until it no longer listens, until it listens again, until it takes requests.
const FAREWELL: Nanos = 500 * MILLISECOND;
const AWAY: Nanos = SECOND;
const START: Nanos = 500 * MILLISECOND;
/// In how many groups all are restarted, at most.
const GROUPS: usize = 6;
/// Within what time every client has learned of a coordinator that has come.
const DISCOVERY: Nanos = 2 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    AllEqual,
    OneSlow,
    OneSlowAtTimes,
    OneFlapping,
    OneDead,
    RollingRestart,
    ScaleOut,
    HalfSlow,
}

/// What happens to a coordinator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Turn {
    Becomes(State),
    TakesTimesAsLong(f64),
}

/// All that happens by plan.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) turns: Vec<(Nanos, usize, Turn)>,
    /// Coordinators that come, when, and within what time each client has learned of it.
    pub(crate) joins: Vec<(Nanos, Nanos)>,
}

impl Scenario {
    pub(crate) const ALL: [Self; 8] = [
        Self::AllEqual,
        Self::OneSlow,
        Self::OneSlowAtTimes,
        Self::OneFlapping,
        Self::OneDead,
        Self::RollingRestart,
        Self::ScaleOut,
        Self::HalfSlow,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AllEqual => "all equal",
            Self::OneSlow => "one 10x slower",
            Self::OneSlowAtTimes => "one 10x slower at times",
            Self::OneFlapping => "one flapping",
            Self::OneDead => "one dead",
            Self::RollingRestart => "rolling restart",
            Self::ScaleOut => "scale out by half",
            Self::HalfSlow => "half 3x slower",
        }
    }

    /// What happens to so many coordinators.
    pub(crate) fn script(self, coordinators: usize) -> Script {
        let odd = coordinators - 1;
        let slow = |factor| move |one| (0, one, Turn::TakesTimesAsLong(factor));
        let becomes = |at, one, state| (at, one, Turn::Becomes(state));
        let mut script = Script::default();
        match self {
            Self::AllEqual => {}
            Self::OneSlow => script.turns.push(slow(TEN_TIMES)(odd)),
            Self::OneSlowAtTimes => {
                for (at, begins) in flaps() {
                    let factor = if begins { TEN_TIMES } else { 1.0 };
                    script.turns.push((at, odd, Turn::TakesTimesAsLong(factor)));
                }
            }
            Self::OneFlapping => {
                for (at, begins) in flaps() {
                    script.turns.push(becomes(at, odd, if begins { State::Down } else { State::Up }));
                }
            }
            Self::OneDead => script.turns.push(becomes(0, odd, State::Down)),
            Self::RollingRestart => {
                let groups = coordinators.min(GROUPS);
                let each = (END - WARM_UP) / groups as u64;
                for one in 0..coordinators {
                    let leaves = WARM_UP + each * (one % groups) as u64;
                    script.turns.extend([
                        becomes(leaves, one, State::Leaving),
                        becomes(leaves + FAREWELL, one, State::Down),
                        becomes(leaves + FAREWELL + AWAY, one, State::Starting),
                        becomes(leaves + FAREWELL + AWAY + START, one, State::Up),
                    ]);
                }
            }
            Self::ScaleOut => script.joins = vec![(FIRST, DISCOVERY); coordinators.div_ceil(2)],
            Self::HalfSlow => {
                script.turns.extend((coordinators - coordinators / 2..coordinators).map(slow(THREE_TIMES)));
            }
        }
        script
    }

    /// When the odd one goes bad or becomes good again, where it does so; in order.
    pub(crate) fn flaps(self) -> Vec<(Nanos, bool)> {
        match self {
            Self::OneFlapping | Self::OneSlowAtTimes => flaps(),
            _ => Vec::new(),
        }
    }

    /// The least part of what there would be if all were well that is there at any time.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred coordinators at most")]
    pub(crate) fn room(self, coordinators: usize) -> f64 {
        let part = |out: usize| out as f64 / coordinators as f64;
        match self {
            Self::AllEqual | Self::ScaleOut => 1.0,
            Self::OneSlow | Self::OneSlowAtTimes => 1.0 - part(1) * (1.0 - 1.0 / TEN_TIMES),
            Self::OneFlapping | Self::OneDead => 1.0 - part(1),
            Self::RollingRestart => 1.0 - part(coordinators.div_ceil(coordinators.min(GROUPS))),
            Self::HalfSlow => 1.0 - part(coordinators / 2) * (1.0 - 1.0 / THREE_TIMES),
        }
    }
}

/// Twice there and back.
fn flaps() -> Vec<(Nanos, bool)> {
    (0..4).map(|flap| (FIRST + FLAP * flap, flap % 2 == 0)).collect()
}
