//! Invariants of every simulation.

use crate::run_config::RunConfig;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::target::Row;

/// Up to this utilization, in percent, no call may fail because its attempts were rejected.
const MAX_UTILIZATION: f64 = 80.0;

/// Returns the violated invariants.
#[expect(clippy::cast_precision_loss, reason = "counts far below the limits of a double")]
pub(crate) fn violations(rows: &[Row]) -> Vec<String> {
    let mut violations = Vec::new();
    for row in rows {
        let mut check = |holds: bool, message: &str| {
            if !holds {
                let RunConfig { size, scenario, strategy, load } = row.config;
                let (scenario, strategy, size) =
                    (scenario.name(), strategy.name(), crate::table::title(size));
                violations.push(format!("{size}, {scenario}, {strategy}, {load} %: {message}"));
            }
        };
        let summary = &row.summary;
        let sum: f64 = summary.shares.iter().sum();
        check((sum - 1.0).abs() < 1e-9, "the shares do not sum to 1");
        check(summary.started == summary.calls, "a call did not end");
        check(
            summary.failed == 0
                || row.config.utilization() > MAX_UTILIZATION
                || row.config.strategy == Strategy::Fallback,
            "a call failed although other coordinators had capacity",
        );
        if let (Scenario::OneDead, Some(odd)) = (row.config.scenario, row.config.odd_coordinator()) {
            check(summary.shares[odd] == 0.0, "a dead coordinator has responded");
        }
        if row.config.scenario == Scenario::AllEqual
            && row.config.strategy == Strategy::RoundRobin
            && summary.rejected == 0
        {
            let (smallest, largest) = summary
                .shares
                .iter()
                .fold((1.0_f64, 0.0_f64), |(min, max), share| (min.min(*share), max.max(*share)));
            // Each client's counts differ by at most one.
            let allowed = row.config.size.clients as f64 / summary.calls as f64;
            check(largest - smallest <= allowed + 1e-9, "round robin was not even");
        }
        let with_random = RunConfig { strategy: Strategy::Random, ..row.config };
        if row.config.scenario == Scenario::OneSlow
            && row.config.strategy == Strategy::LeastLoaded
            && row.config.utilization() <= MAX_UTILIZATION
            && let Some(odd) = row.config.odd_coordinator()
            && let Some(random) = rows.iter().find(|other| other.config == with_random)
        {
            check(
                summary.shares[odd] * 2.0 < random.summary.shares[odd],
                "least loaded has sent at least half as many requests to the slow coordinator as random",
            );
        }
    }
    violations
}
