//! Which worlds are run.

use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::world::SERVICE;

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) clients: usize,
    pub(crate) coordinators: usize,
    /// How many requests a coordinator works on at once.
    pub(crate) workers: usize,
}

/// One world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) size: Size,
    pub(crate) scenario: Scenario,
    pub(crate) strategy: Strategy,
    /// How many of a hundred requests that the coordinators could serve, were all well, they are sent.
    pub(crate) load: u32,
}

/// The sizes of a whole run, the smallest first.
pub(crate) const SIZES: [Size; 6] = [
    Size { clients: 10, coordinators: 3, workers: 16 },
    Size { clients: 100, coordinators: 3, workers: 16 },
    Size { clients: 1_000, coordinators: 30, workers: 16 },
    Size { clients: 100_000, coordinators: 30, workers: 8 },
    Size { clients: 1_000, coordinators: 300, workers: 2 },
    Size { clients: 100_000, coordinators: 300, workers: 8 },
];

/// Small enough for a build that is not optimised.
pub(crate) const QUICK: [Size; 2] =
    [Size { clients: 10, coordinators: 3, workers: 2 }, Size { clients: 20, coordinators: 4, workers: 1 }];

/// Without the storms of repetitions that higher ones cause.
pub(crate) const QUICK_LOAD: u32 = 70;

const LOADS: [u32; 3] = [40, 70, 90];

/// A world with more sets of members times members than this has the first load alone: a whole run is to take minutes.
const LARGE: usize = 10_000;

/// One with more than this has few scenarios, and is run alone: it takes half a minute, and gigabytes.
const HUGE: usize = 10_000_000;

/// Those of a huge world: whether clients that start together walk together, and what is made of one slow coordinator by
/// clients that know little of each.
const OF_HUGE: [Scenario; 2] = [Scenario::AllEqual, Scenario::OneSlow];

impl Size {
    /// How many members there are, those of all clients together.
    fn members(self) -> usize {
        self.clients * self.coordinators
    }

    /// Whether worlds of it are run one after the other.
    pub(crate) fn is_huge(self) -> bool {
        self.members() > HUGE
    }
}

/// Every world of a size, each followed by those of the same scenario. What is `asked_for` by name has no limit.
pub(crate) fn of_size(size: Size, asked_for: &[Scenario]) -> Vec<Plan> {
    let mut plans = Vec::new();
    let scenarios: &[Scenario] =
        if size.is_huge() && asked_for.is_empty() { &OF_HUGE } else { &Scenario::ALL };
    let loads = if size.members() > LARGE { &LOADS[..1] } else { &LOADS[..] };
    for scenario in scenarios.iter().copied() {
        for load in loads.iter().copied() {
            let others = matches!(scenario, Scenario::AllEqual | Scenario::OneSlow | Scenario::OneDead)
                && load == LOADS[0]
                && size.members() <= LARGE;
            let others = if others { &Strategy::OTHERS[..] } else { &[] };
            for strategy in Strategy::SPREADING.iter().chain(others) {
                plans.push(Plan { size, scenario, strategy: *strategy, load });
            }
        }
    }
    plans
}

impl Plan {
    /// The time between two calls, of whatever clients, in nanoseconds and on average.
    #[expect(clippy::cast_precision_loss, reason = "numbers that a person would write")]
    pub(crate) fn between(&self) -> f64 {
        let Size { coordinators, workers, .. } = self.size;
        let capacity = (coordinators * workers) as f64 / SERVICE as f64;
        1.0 / (capacity * f64::from(self.load) / 100.0)
    }

    /// How many of a hundred requests that are served at the worst time are sent: above a hundred there are too many.
    pub(crate) fn pressure(&self) -> f64 {
        f64::from(self.load) / self.scenario.room(self.size.coordinators)
    }

    /// The coordinator that is not as the others, if there is one alone.
    pub(crate) fn odd(&self) -> Option<usize> {
        match self.scenario {
            Scenario::OneSlow | Scenario::OneSlowAtTimes | Scenario::OneFlapping | Scenario::OneDead => {
                Some(self.size.coordinators - 1)
            }
            _ => None,
        }
    }
}
