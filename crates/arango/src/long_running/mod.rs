//! Long-running operations.
//!
//! A handle on an operation that takes longer than one request. It reports each step and can be awaited and
//! cancelled. A job can be watched again by its id. Polling continues when the coordinator that received the request
//! is lost. The operation ends with a value, or with an error that contains the progress until then.
//!
//! | what | how |
//! |---|---|
//! | a job of the agency | [`Cluster::move_shard_and_watch`](crate::Cluster::move_shard_and_watch), [`clean_out_server_and_watch`](crate::Cluster::clean_out_server_and_watch), [`resign_leadership_and_watch`](crate::Cluster::resign_leadership_and_watch); again by its id with [`watch_job`](crate::Cluster::watch_job) |
//! | a rebalance that is planned, inspected, and executed a few moves at a time | [`Cluster::prepare_rebalance`](crate::Cluster::prepare_rebalance) |
//! | removing a DB-Server from the cluster | [`Cluster::decommission_server`](crate::Cluster::decommission_server) |
//! | restarting all servers one by one | [`Cluster::rolling_restart`](crate::Cluster::rolling_restart) |
//! | maintenance with automatic extension | [`Cluster::hold_maintenance`](crate::Cluster::hold_maintenance), [`hold_server_maintenance`](crate::Cluster::hold_server_maintenance) |
//! | waiting for health, for shards in sync, for unfinished moves, for propagation | [`Cluster::wait_until_healthy`](crate::Cluster::wait_until_healthy), [`wait_until_in_sync`](crate::Cluster::wait_until_in_sync), [`wait_until_idle`](crate::Cluster::wait_until_idle), [`Database::wait_until_propagated`](crate::Database::wait_until_propagated), [`wait_for_collection`](crate::Database::wait_for_collection) |
//! | one call to every server | [`Client::on_each_coordinator`](crate::Client::on_each_coordinator), [`Cluster::on_each_db_server`](crate::Cluster::on_each_db_server) |
//!
//! # Retries
//!
//! Polls are repeated. Starts are not: if the response to a start was lost, the agency is searched for the job, and
//! the job is watched if it is found. A job that had ended before the start is never mistaken for it.
//!
//! # Preflight checks
//!
//! The last call before a server is restarted, emptied or removed, or before a rebalance moves a shard, is a check of
//! health and shards. It began at most ten seconds before; otherwise it is repeated.
//!
//! # Resuming
//!
//! A handle that is dropped, or a client process that dies, leaves jobs behind that complete on their own, and
//! nothing else that does not end by itself. A job can be watched again by its id. A decommission can be started again and
//! skips what is done. After a rebalance, wait until no shard is being moved, and plan again. A rolling restart can
//! be started again and [skips](RollingRestart::skip) the servers that are done.

mod decommission;
mod fan_out;
mod find_job;
mod healthy;
mod in_sync;
mod incomplete;
mod job;
mod maintenance_guard;
mod poll_loop;
mod poll_options;
mod poller;
mod preflight;
mod propagation;
mod rebalance;
mod rolling_restart;
#[cfg(feature = "data")]
mod schema_propagation;
mod wait_idle;

pub use decommission::{DecommissionReport, DecommissionStep};
pub use fan_out::FanOut;
pub use incomplete::{Incomplete, StopReason};
pub use job::JobPoller;
pub use maintenance_guard::MaintenanceGuard;
pub use poll_options::PollOptions;
pub use poller::Poller;
pub use propagation::PropagationStatus;
pub use rebalance::{PreparedRebalance, RebalanceReport, RebalanceStep};
pub use rolling_restart::{RestartStep, RollingRestart};
