//! Integration tests of the client against the embedded cluster.
//!
//! Most tests use the cluster's in-memory listener with the clock paused. A minute of waiting then takes no time, and
//! every run is the same.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

mod administration;
mod affinity;
mod bad_input;
mod balance;
mod callback_panics;
mod certificates;
mod client_certificates;
mod closing;
mod compression;
mod connections;
mod data;
mod databases;
mod discovery;
mod driver_regressions;
mod durations;
#[cfg(unix)]
mod error_messages;
mod error_questions;
mod failure_matrix;
mod framing;
mod hedging;
mod high_concurrency;
mod http2;
mod ip_zones;
mod long_running;
mod metrics;
mod middleware;
mod not_arangodb;
mod options;
mod path_prefix;
mod pinning;
mod reconfigure;
mod request_properties;
mod requirements;
mod response_streams;
mod restarts;
mod runtime;
mod secret_folder;
mod sockets;
mod spans;
mod strategies;
mod tls;
mod token_source;
mod undecided_subscriber;
