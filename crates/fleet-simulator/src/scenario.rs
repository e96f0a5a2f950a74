//! Scenarios: faults of coordinators and their times.

use clap::ValueEnum;

use crate::coordinator::State;
use crate::time::{MILLISECOND, Nanos, SECOND};

/// Time before which calls are not counted.
pub(crate) const WARM_UP: Nanos = 5 * SECOND;
/// Time after which no call starts.
pub(crate) const END: Nanos = 20 * SECOND;

/// Time of the first change in scenarios that do not start with one.
const FIRST_CHANGE: Nanos = 8 * SECOND;
/// How long a flapping coordinator is down, and how long it is up again.
const FLAP: Nanos = 3 * SECOND;
/// Latency factors of slow coordinators: of a single one, and of half of all.
const TEN_TIMES: f64 = 10.0;
const THREE_TIMES: f64 = 3.0;
/// Phases of a restart: draining, down, starting.
const DRAIN_TIME: Nanos = 500 * MILLISECOND;
const DOWN_TIME: Nanos = SECOND;
const STARTUP_TIME: Nanos = 500 * MILLISECOND;
/// Maximum number of groups of a rolling restart.
const GROUPS: usize = 6;
/// Time within which every client has discovered an added coordinator.
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

/// A change of a coordinator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CoordinatorChange {
    State(State),
    LatencyFactor(f64),
}

/// The changes of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    pub(crate) changes: Vec<(Nanos, usize, CoordinatorChange)>,
    /// For each added coordinator: its start, and the time within which all clients discover it.
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

    /// Returns the schedule for this number of coordinators.
    pub(crate) fn schedule(self, coordinators: usize) -> Schedule {
        let odd = coordinators - 1;
        let slow = |factor| move |index| (0, index, CoordinatorChange::LatencyFactor(factor));
        let set_state = |at, index, state| (at, index, CoordinatorChange::State(state));
        let mut schedule = Schedule::default();
        match self {
            Self::AllEqual => {}
            Self::OneSlow => schedule.changes.push(slow(TEN_TIMES)(odd)),
            Self::OneSlowAtTimes => {
                for (at, is_faulty) in flaps() {
                    let factor = if is_faulty { TEN_TIMES } else { 1.0 };
                    schedule.changes.push((at, odd, CoordinatorChange::LatencyFactor(factor)));
                }
            }
            Self::OneFlapping => {
                for (at, is_faulty) in flaps() {
                    schedule.changes.push(set_state(
                        at,
                        odd,
                        if is_faulty { State::Down } else { State::Up },
                    ));
                }
            }
            Self::OneDead => schedule.changes.push(set_state(0, odd, State::Down)),
            Self::RollingRestart => {
                let groups = coordinators.min(GROUPS);
                let interval = (END - WARM_UP) / groups as u64;
                for index in 0..coordinators {
                    let drains = WARM_UP + interval * (index % groups) as u64;
                    schedule.changes.extend([
                        set_state(drains, index, State::Draining),
                        set_state(drains + DRAIN_TIME, index, State::Down),
                        set_state(drains + DRAIN_TIME + DOWN_TIME, index, State::Starting),
                        set_state(drains + DRAIN_TIME + DOWN_TIME + STARTUP_TIME, index, State::Up),
                    ]);
                }
            }
            Self::ScaleOut => schedule.joins = vec![(FIRST_CHANGE, DISCOVERY); coordinators.div_ceil(2)],
            Self::HalfSlow => {
                let slow_half = (coordinators - coordinators / 2..coordinators).map(slow(THREE_TIMES));
                schedule.changes.extend(slow_half);
            }
        }
        schedule
    }

    /// Returns when the odd coordinator becomes faulty (true) or recovers (false), in order.
    pub(crate) fn flaps(self) -> Vec<(Nanos, bool)> {
        match self {
            Self::OneFlapping | Self::OneSlowAtTimes => flaps(),
            _ => Vec::new(),
        }
    }

    /// Returns how many coordinators restart at the same time.
    pub(crate) fn restarting(self, coordinators: usize) -> usize {
        match self {
            Self::RollingRestart => coordinators.div_ceil(coordinators.min(GROUPS)),
            _ => 0,
        }
    }

    /// Returns the minimum capacity at any time, as part of that of equal coordinators.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred coordinators at most")]
    pub(crate) fn min_capacity(self, coordinators: usize) -> f64 {
        let part = |unavailable: usize| unavailable as f64 / coordinators as f64;
        match self {
            Self::AllEqual | Self::ScaleOut => 1.0,
            Self::OneSlow | Self::OneSlowAtTimes => 1.0 - part(1) * (1.0 - 1.0 / TEN_TIMES),
            Self::OneFlapping | Self::OneDead => 1.0 - part(1),
            Self::RollingRestart => 1.0 - part(self.restarting(coordinators)),
            Self::HalfSlow => 1.0 - part(coordinators / 2) * (1.0 - 1.0 / THREE_TIMES),
        }
    }
}

/// Returns the times at which a fault begins (true) and ends (false), twice.
fn flaps() -> Vec<(Nanos, bool)> {
    (0..4).map(|flap| (FIRST_CHANGE + FLAP * flap, flap % 2 == 0)).collect()
}
