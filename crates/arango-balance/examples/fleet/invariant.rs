//! What must hold in every world, whatever its figures are.

use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::target::Row;

/// Up to this part of what is there, in percent, nobody is turned away so often that the call fails.
const ROOM: f64 = 80.0;

/// What does not hold.
#[expect(clippy::cast_precision_loss, reason = "counts far below the limits of a double")]
pub(crate) fn broken(rows: &[Row]) -> Vec<String> {
    let mut broken = Vec::new();
    for row in rows {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                let Plan { size, scenario, strategy, load } = row.plan;
                let (scenario, strategy, size) =
                    (scenario.name(), strategy.name(), crate::table::title(size));
                broken.push(format!("{size}, {scenario}, {strategy}, {load} %: {what}"));
            }
        };
        let summary = &row.summary;
        let sum: f64 = summary.shares.iter().sum();
        must((sum - 1.0).abs() < 1e-9, "the shares do not sum to 1");
        must(summary.begun == summary.calls, "a call did not end");
        must(
            summary.failed == 0 || row.plan.pressure() > ROOM || row.plan.strategy == Strategy::Fallback,
            "a call failed though there was room elsewhere",
        );
        if let (Scenario::OneDead, Some(odd)) = (row.plan.scenario, row.plan.odd()) {
            must(summary.shares[odd] == 0.0, "a dead one has answered");
        }
        if row.plan.scenario == Scenario::AllEqual
            && row.plan.strategy == Strategy::RoundRobin
            && summary.refused == 0
        {
            let (fewest, largest) = summary
                .shares
                .iter()
                .fold((1.0_f64, 0.0_f64), |(least, most), share| (least.min(*share), most.max(*share)));
            // Each client's counts differ by at most one.
            let allowed = row.plan.size.clients as f64 / summary.calls as f64;
            must(largest - fewest <= allowed + 1e-9, "round robin was not even");
        }
        let by_chance = Plan { strategy: Strategy::Random, ..row.plan };
        if row.plan.scenario == Scenario::OneSlow
            && row.plan.strategy == Strategy::LeastLoaded
            && row.plan.pressure() <= ROOM
            && let Some(odd) = row.plan.odd()
            && let Some(random) = rows.iter().find(|other| other.plan == by_chance)
        {
            must(
                summary.shares[odd] * 2.0 < random.summary.shares[odd],
                "least loaded has not spared the slow one more than chance does",
            );
        }
    }
    broken
}
