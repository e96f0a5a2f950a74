//! What a test may rely on when it talks to the cluster: each promise through a real HTTP client.

mod administration;
mod agency;
mod agency_jobs;
mod authentication;
mod control;
mod cursors;
mod data;
mod early;
mod faults;
mod health;
mod jobs;
mod large;
mod leaders;
mod life;
mod maintenance;
mod modes;
mod propagation;
mod protocol;
mod queries;
mod queue;
mod raw;
mod rebalance;
mod session;
mod slow;
mod streams;
mod tokens;
