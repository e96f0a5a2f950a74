//! What is promised of a world beside others, and whether it was kept.

use crate::figures::{Summary, WINDOW};
use crate::plan::Plan;
use crate::scenario::{END, Scenario, WARM_UP};
use crate::strategy::Strategy;
use crate::time::{Nanos, SECOND};
use crate::world::seconds;

/// How many times the 99th percentile of good times is no longer good.
const TIMES: f64 = 1.5;
/// By when it is good again after a coordinator went bad, or became good.
const BACK: Nanos = 2 * SECOND;
/// With fewer calls a client has not learned anything.
const CALLS_OF_A_CLIENT: u64 = 200;
/// The load for which something is promised, in percent.
const LOAD: u32 = 40;

/// One world, and what it comes to beside the one where all are equal.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) plan: Plan,
    pub(crate) summary: Summary,
    /// How many times the 99th percentile of the same world where all are equal it has.
    pub(crate) ratio: Option<f64>,
    /// After how long, at the longest, its 99th percentile was good again.
    pub(crate) back: Option<Back>,
    pub(crate) target: Option<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    After(Nanos),
    /// Not before the next change.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Met,
    Missed,
}

impl Row {
    /// Judges a world; `equal` is the same one where all are equal.
    pub(crate) fn new(plan: Plan, summary: Summary, equal: Option<&Summary>) -> Self {
        let ratio = equal.map(|equal| summary.p99 / equal.p99);
        let back = back(&summary, &plan.scenario.flaps());
        let mut row = Self { plan, summary, ratio, back, target: None };
        row.target = row.kept().map(|kept| if kept { Target::Met } else { Target::Missed });
        row
    }

    /// Whether a promise was kept, if there is one.
    fn kept(&self) -> Option<bool> {
        let Plan { size, scenario, strategy, load } = self.plan;
        let learned = self.summary.calls / size.clients as u64 >= CALLS_OF_A_CLIENT;
        if strategy != Strategy::LeastLoaded || load != LOAD || !learned {
            return None;
        }
        match scenario {
            Scenario::OneSlow => self.ratio.map(|ratio| ratio <= TIMES),
            Scenario::OneFlapping | Scenario::OneSlowAtTimes => {
                self.back.map(|back| matches!(back, Back::After(time) if time <= BACK))
            }
            _ => None,
        }
    }
}

/// After how long, at the longest, the 99th percentile of the windows was what it was before the first flap.
fn back(summary: &Summary, flaps: &[(Nanos, bool)]) -> Option<Back> {
    let first = flaps.first()?.0;
    let mut calm: Vec<f64> = summary.p99_between(WARM_UP, first).map(|(_, p99)| p99).collect();
    calm.sort_unstable_by(f64::total_cmp);
    let good = calm.get(calm.len() / 2)? * TIMES;
    let ends = flaps.iter().skip(1).map(|flap| flap.0).chain([END]);
    let mut longest = 0;
    for ((began, _), end) in flaps.iter().zip(ends) {
        let bad = summary.p99_between(*began, end).filter(|(_, p99)| *p99 > good).map(|(at, _)| at + WINDOW);
        match bad.max() {
            Some(until) if until >= end => return Some(Back::Never),
            Some(until) => longest = longest.max(until - began),
            None => {}
        }
    }
    Some(Back::After(longest))
}

impl std::fmt::Display for Back {
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
