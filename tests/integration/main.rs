//! Promises that need no journal, so that they can be checked on real servers, too: `cargo xtask integration`.
//!
//! The cluster is described by the variables that `cargo xtask test-cluster run` sets. The tests run one at a time,
//! since some of them kill a coordinator. They create databases and a user with new names, and drop only these. A cluster
//! that runs already belongs to others: then what would disturb them is skipped, and a line says so, unless
//! `--allow-destructive` was given.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod administration;
mod authentication;
mod bulk;
mod cluster_under_test;
mod control;
mod discovery;
mod documents;
mod failover;
mod graphs;
mod queries;
mod transactions;
