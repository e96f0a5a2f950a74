//! Promises of the whole house: the built client against the embedded cluster.
//!
//! Most of them run over the cluster's in-memory door with the clock paused, so that a minute of
//! waiting takes no time and every run is the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod administration;
mod bad_days;
mod balance;
mod certificates;
mod client_certificates;
mod closing;
mod compression;
mod connections;
mod crowd;
mod databases;
mod discovery;
mod doors;
mod durations;
#[cfg(unix)]
mod error_texts;
mod follow;
mod foreign;
mod framing;
mod hedging;
mod http2;
mod ip_zones;
mod metrics;
mod options;
mod path_prefix;
mod peers;
mod pinning;
mod reconfigure;
mod restarts;
mod rows;
mod runtime;
mod secret_folder;
mod sockets;
mod spans;
mod strategies;
mod tls;
mod token_source;
