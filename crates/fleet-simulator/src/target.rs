//! Targets of the simulations, and whether they were met.

use crate::run_config::RunConfig;
use crate::scenario::{END, Scenario, WARM_UP};
use crate::statistics::{Summary, WINDOW};
use crate::strategy::Strategy;
use crate::time::{Nanos, SECOND};
use crate::world::seconds;

/// Maximum acceptable multiple of the reference 99th percentile.
const MAX_RATIO: f64 = 1.5;
/// Maximum time after a fault or a recovery until that percentile is acceptable again.
const RECOVERY_LIMIT: Nanos = 2 * SECOND;
/// Minimum calls per client: with fewer a client has too few measurements.
const MIN_CALLS_PER_CLIENT: u64 = 200;
/// The load for which there are targets, in percent.
const LOAD: u32 = 40;

/// The result of one simulation, compared with the one that has equal coordinators.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) config: RunConfig,
    pub(crate) summary: Summary,
    /// The 99th percentile as a multiple of that with equal coordinators.
    pub(crate) ratio: Option<f64>,
    /// The longest time until the 99th percentile was acceptable again.
    pub(crate) recovery: Option<Recovery>,
    pub(crate) target: Option<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    After(Nanos),
    /// The 99th percentile was not acceptable again before the next change.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Met,
    Missed,
}

impl Row {
    /// Compares a simulation with `equal`, the same one with equal coordinators.
    pub(crate) fn new(plan: RunConfig, summary: Summary, equal: Option<&Summary>) -> Self {
        let ratio = equal.map(|equal| summary.p99 / equal.p99);
        let recovery = recovery_time(&summary, &plan.scenario.flaps());
        let mut row = Self { config: plan, summary, ratio, recovery, target: None };
        row.target = row.meets_target().map(|met| if met { Target::Met } else { Target::Missed });
        row
    }

    /// Whether it meets its target; `None` if it has none.
    fn meets_target(&self) -> Option<bool> {
        let RunConfig { size, scenario, strategy, load } = self.config;
        let has_enough_calls = self.summary.calls / size.clients as u64 >= MIN_CALLS_PER_CLIENT;
        if strategy != Strategy::LeastLoaded || load != LOAD || !has_enough_calls {
            return None;
        }
        match scenario {
            Scenario::OneSlow => self.ratio.map(|ratio| ratio <= MAX_RATIO),
            Scenario::OneFlapping | Scenario::OneSlowAtTimes => self
                .recovery
                .map(|recovery| matches!(recovery, Recovery::After(time) if time <= RECOVERY_LIMIT)),
            _ => None,
        }
    }
}

/// Returns the longest time until the 99th percentile of the windows was as before the first flap.
fn recovery_time(summary: &Summary, flaps: &[(Nanos, bool)]) -> Option<Recovery> {
    let first = flaps.first()?.0;
    let mut before: Vec<f64> = summary.p99_between(WARM_UP, first).map(|(_, p99)| p99).collect();
    before.sort_unstable_by(f64::total_cmp);
    let acceptable = before.get(before.len() / 2)? * MAX_RATIO;
    let ends = flaps.iter().skip(1).map(|flap| flap.0).chain([END]);
    let mut longest = 0;
    for ((start, _), end) in flaps.iter().zip(ends) {
        let bad =
            summary.p99_between(*start, end).filter(|(_, p99)| *p99 > acceptable).map(|(at, _)| at + WINDOW);
        match bad.max() {
            Some(until) if until >= end => return Some(Recovery::Never),
            Some(until) => longest = longest.max(until - start),
            None => {}
        }
    }
    Some(Recovery::After(longest))
}

impl std::fmt::Display for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::After(time) => write!(f, "{:.1} s", seconds(*time)),
            Self::Never => f.write_str("never"),
        }
    }
}

impl Target {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
        }
    }
}
