//! Even distribution of leaders and shards over the DB-Servers.

mod execute;
mod imbalance;
mod options;
mod plan;

pub use execute::ExecuteMoves;
pub use imbalance::{GetImbalance, Imbalance, LeaderImbalance, ShardImbalance};
pub use options::RebalanceOptions;
pub use plan::{PlanImbalance, PlanRebalance, Rebalance, RebalancePlan, ShardMove};
