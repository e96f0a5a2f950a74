//! Invariants of every simulation.

use crate::client::max_attempts;
use crate::run_config::{RunConfig, Size};
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::target::Row;

/// Up to this utilization, in percent, no call may fail because its attempts were rejected.
const MAX_UTILIZATION: f64 = 80.0;

/// How many times the expected number of calls may fail: with few calls, chance matters.
const MARGIN: f64 = 2.0;

/// From so many calls of each client to each coordinator on, least loaded must avoid one that is slow. A client that sends
/// less has hardly measured it.
const MEASURED_CALLS: f64 = 10.0;

#[expect(clippy::cast_precision_loss, reason = "counts far below the limits of a double")]
fn has_measurements(size: Size, calls: f64) -> bool {
    calls >= MEASURED_CALLS * size.members() as f64
}

/// Returns how many calls may fail because all their attempts met coordinators that refuse, if no client knew which these
/// are: those that restart, and the slow half if clients have not measured it. None if a call has more attempts than that.
#[expect(clippy::cast_precision_loss, reason = "a few hundred coordinators at most")]
fn max_failed(config: &RunConfig, calls: f64) -> f64 {
    let coordinators = config.size.coordinators;
    let refusing = match config.scenario {
        Scenario::HalfSlow if !has_measurements(config.size, calls) => coordinators / 2,
        scenario => scenario.restarting(coordinators),
    };
    // Each attempt is at another coordinator.
    let all_refuse = (0..max_attempts(coordinators)).map(|attempt| {
        refusing.saturating_sub(attempt) as f64 / coordinators.saturating_sub(attempt).max(1) as f64
    });
    MARGIN * calls * all_refuse.product::<f64>()
}

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
            summary.failed as f64 <= max_failed(&row.config, summary.calls as f64)
                || row.config.utilization() > MAX_UTILIZATION
                || row.config.strategy == Strategy::Fallback,
            "calls failed although other coordinators had capacity",
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
            && has_measurements(row.config.size, summary.calls as f64)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(scenario: Scenario, coordinators: usize) -> f64 {
        let size = Size { clients: 1_000, coordinators, workers: 2 };
        max_failed(&RunConfig { size, scenario, strategy: Strategy::RoundRobin, load: 40 }, 720_000.0)
    }

    #[test]
    fn a_client_with_a_few_calls_to_each_coordinator_has_hardly_measured_them() {
        let size = |clients, coordinators| Size { clients, coordinators, workers: 16 };
        assert!(has_measurements(size(1_000, 30), 576_000.0));
        assert!(!has_measurements(size(1_000, 300), 720_000.0));
    }

    #[test]
    fn calls_may_fail_only_if_all_their_attempts_can_meet_coordinators_that_refuse() {
        for coordinators in [1, 2, 3, 30] {
            assert!(allowed(Scenario::RollingRestart, coordinators) <= 0.0, "{coordinators}");
        }
        assert!(allowed(Scenario::OneDead, 300) <= 0.0);
        // 1,000 clients with 720,000 calls have measured thirty coordinators, and have hardly measured 300.
        assert!(allowed(Scenario::HalfSlow, 30) <= 0.0 && allowed(Scenario::HalfSlow, 300) > 0.0);
        // 50 of 300, for each of six attempts: 50/300 · 49/299 · … · 45/295 of the calls.
        let of_many = allowed(Scenario::RollingRestart, 300);
        assert!((20.0..30.0).contains(&of_many), "{of_many}");
    }
}
