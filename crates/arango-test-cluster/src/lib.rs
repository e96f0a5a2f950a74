//! An ArangoDB cluster for tests that starts in the process, with faults and a journal of what was executed.

mod admission;
mod api;
mod builder;
mod clock;
mod cluster;
mod config;
mod control;
mod coordinator;
mod door;
mod fault;
mod handler;
mod http;
mod journal;
mod matching;
mod model;
mod response;
mod state;
mod version;

pub use crate::builder::{Authentication, Builder, StartError};
pub use crate::cluster::TestCluster;
pub use crate::control::Control;
pub use crate::coordinator::{Coordinator, RefuseGuard};
pub use crate::fault::{Close, Fault, FaultGuard, Phase};
pub use crate::journal::{Counts, Entry, Journal};
pub use crate::matching::Match;
