//! Long work, followed to its end.
//!
//! What takes a server longer than a request lasts is a handle here: it tells of each step, is awaited, cancelled, and found
//! again by its id, survives the coordinator that it was asked of, and ends with a value or with an error that says what was
//! done until then.
//!
//! | what | how |
//! |---|---|
//! | a job of the agency | [`Cluster::follow_move`](crate::Cluster::follow_move), [`follow_clean_out`](crate::Cluster::follow_clean_out), [`follow_resignation`](crate::Cluster::follow_resignation); again by its id with [`follow_job`](crate::Cluster::follow_job) |
//! | a rebalance, planned, looked at, and made a few moves at a time | [`Cluster::prepare_rebalance`](crate::Cluster::prepare_rebalance) |
//! | taking a DB-Server out of the cluster | [`Cluster::drain_server`](crate::Cluster::drain_server) |
//! | restarting all servers one by one | [`Cluster::rolling_restart`](crate::Cluster::rolling_restart) |
//! | maintenance for as long as something takes | [`Cluster::hold_maintenance`](crate::Cluster::hold_maintenance), [`hold_server_maintenance`](crate::Cluster::hold_server_maintenance) |
//! | waiting for health, for shards, for moves that are under way, for news to spread | [`Cluster::wait_until_healthy`](crate::Cluster::wait_until_healthy), [`wait_until_in_sync`](crate::Cluster::wait_until_in_sync), [`wait_until_idle`](crate::Cluster::wait_until_idle), [`Database::wait_until_known`](crate::Database::wait_until_known), [`wait_for_collection`](crate::Database::wait_for_collection) |
//! | one thing asked of every server | [`Client::on_each_coordinator`](crate::Client::on_each_coordinator), [`Cluster::on_each_db_server`](crate::Cluster::on_each_db_server) |
//!
//! # What is sent twice
//!
//! Looking is. Starting is not: where the answer to a start was lost, the agency is looked through for the job, and it is
//! followed if it is there. A job that was over before the start is never taken for it.
//!
//! # What is looked at last
//!
//! Before a server is restarted, emptied or removed, or a shard is moved by a rebalance, the look at health and shards comes
//! last: it began at most ten seconds before, or it is made again.
//!
//! # Going on with what was lost
//!
//! Whatever is dropped, or dies with its process, leaves the cluster with jobs that go on by themselves, and nothing else
//! that does not end by itself. A job is followed again by its id. A drain is begun again and finds what is done. For a
//! rebalance, wait until no shard is on its way, and plan again. A restart of servers is begun again
//! [skipping](RollingRestart::skipping) those that are done.

mod drain;
mod fan_out;
mod find;
mod following;
mod healthy;
mod hold;
mod idle;
mod in_sync;
mod job;
mod known;
mod looks;
mod pace;
mod preflight;
mod rebalance;
mod rolling_restart;
mod unfinished;
mod wish;

pub use drain::{Drain, DrainStep};
pub use fan_out::FanOut;
pub use following::Following;
pub use hold::MaintenanceGuard;
pub use job::FollowedJob;
pub use known::Known;
pub use pace::Pace;
pub use rebalance::{MoveStep, PreparedRebalance, RebalanceReport};
pub use rolling_restart::{RestartStep, RollingRestart};
pub use unfinished::{Stopped, Unfinished};
