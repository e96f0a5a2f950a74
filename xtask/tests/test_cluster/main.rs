//! `cargo xtask test-cluster` with stand-ins for servers: no real server is needed.
//!
//! Processes are real, and so is their time; what is waited for is polled, and no test depends on how long it takes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod commands;
mod contract;
mod docker;
mod external;
mod faults;
mod journal;
mod nothing_left;
mod process;
mod proxy;
mod starter;
mod support;
mod watch;
