//! The simulations that are run.

use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::world::SERVICE;

/// Size of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) clients: usize,
    pub(crate) coordinators: usize,
    /// Number of requests that a coordinator handles concurrently.
    pub(crate) workers: usize,
}

/// Configuration of one simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RunConfig {
    pub(crate) size: Size,
    pub(crate) scenario: Scenario,
    pub(crate) strategy: Strategy,
    /// Load in percent of the capacity of equal coordinators.
    pub(crate) load: u32,
}

/// The sizes of a full run, smallest first.
pub(crate) const SIZES: [Size; 6] = [
    Size { clients: 10, coordinators: 3, workers: 16 },
    Size { clients: 100, coordinators: 3, workers: 16 },
    Size { clients: 1_000, coordinators: 30, workers: 16 },
    Size { clients: 100_000, coordinators: 30, workers: 8 },
    Size { clients: 1_000, coordinators: 300, workers: 2 },
    Size { clients: 100_000, coordinators: 300, workers: 8 },
];

/// The sizes of a quick run, small enough for a build without optimisations.
pub(crate) const QUICK: [Size; 2] =
    [Size { clients: 10, coordinators: 3, workers: 2 }, Size { clients: 20, coordinators: 4, workers: 1 }];

/// Maximum load of a quick run, in percent. Higher loads cause retry storms.
pub(crate) const QUICK_LOAD: u32 = 70;

const LOADS: [u32; 3] = [40, 70, 90];

/// Fleets with more clients times coordinators than this are run with the first load only, so that a full run takes
/// minutes.
const LARGE: usize = 10_000;

/// Fleets with more than this have few scenarios and are run one at a time: a run takes half a minute and gigabytes.
const HUGE: usize = 10_000_000;

/// The scenarios of a huge fleet: whether clients that start together stay in lockstep, and how clients with few
/// measurements handle one slow coordinator.
const HUGE_SCENARIOS: [Scenario; 2] = [Scenario::AllEqual, Scenario::OneSlow];

impl Size {
    /// Returns the number of members in all clients together.
    pub(crate) fn members(self) -> usize {
        self.clients * self.coordinators
    }

    /// Whether simulations of it are run one after the other.
    pub(crate) fn is_huge(self) -> bool {
        self.members() > HUGE
    }
}

/// Returns all simulations of a size, grouped by scenario.
///
/// For a huge fleet these are only a few scenarios, unless scenarios are `selected` by name.
pub(crate) fn configs_for(size: Size, selected: &[Scenario]) -> Vec<RunConfig> {
    let mut configs = Vec::new();
    let scenarios: &[Scenario] =
        if size.is_huge() && selected.is_empty() { &HUGE_SCENARIOS } else { &Scenario::ALL };
    let loads = if size.members() > LARGE { &LOADS[..1] } else { &LOADS[..] };
    for scenario in scenarios.iter().copied() {
        for load in loads.iter().copied() {
            let with_others = matches!(scenario, Scenario::AllEqual | Scenario::OneSlow | Scenario::OneDead)
                && load == LOADS[0]
                && size.members() <= LARGE;
            let others = if with_others { &Strategy::OTHERS[..] } else { &[] };
            for strategy in Strategy::SPREADING.iter().chain(others) {
                configs.push(RunConfig { size, scenario, strategy: *strategy, load });
            }
        }
    }
    configs
}

impl RunConfig {
    /// Returns the mean time between two calls of any clients, in nanoseconds.
    #[expect(clippy::cast_precision_loss, reason = "numbers from a command line")]
    pub(crate) fn mean_interarrival(&self) -> f64 {
        let Size { coordinators, workers, .. } = self.size;
        let capacity = (coordinators * workers) as f64 / SERVICE as f64;
        1.0 / (capacity * f64::from(self.load) / 100.0)
    }

    /// Returns the load in percent of the minimum capacity: above 100 the coordinators are overloaded at times.
    pub(crate) fn utilization(&self) -> f64 {
        f64::from(self.load) / self.scenario.min_capacity(self.size.coordinators)
    }

    /// Returns the coordinator that differs from the others, if it is a single one.
    pub(crate) fn odd_coordinator(&self) -> Option<usize> {
        match self.scenario {
            Scenario::OneSlow | Scenario::OneSlowAtTimes | Scenario::OneFlapping | Scenario::OneDead => {
                Some(self.size.coordinators - 1)
            }
            _ => None,
        }
    }
}
