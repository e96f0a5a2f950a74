//! An ArangoDB cluster for tests that starts in the process, with faults and a journal of what was executed.
//!
//! A client that survives the loss of a coordinator can only be tested against coordinators that get lost. This crate
//! starts some: agents, DB-Servers and coordinators that share one state and speak HTTP/1.1 and HTTP/2 as ArangoDB 3.10 to 4.0 does,
//! in milliseconds and with nothing installed. It is written from what servers answer, as plain JSON, and uses no type of
//! any client, so that a field that a client misspells is not misspelt on both sides.
//!
//! # Three things that a real cluster cannot do
//!
//! - **Go wrong on demand.** [`Coordinator::kill`], [`pause`](Coordinator::pause), [`refuse`](Coordinator::refuse), and for
//!   single requests a [`Fault`]: close the connection at any [`Phase`], answer something else, wait, hang. Faults end with
//!   their guard, so a test that fails leaves none behind.
//! - **Say what was executed.** A client that repeats a request must know whether the first copy ran; a test must know
//!   better. The [`Journal`] counts executions, not sends. Name a request with the header `x-sim-marker`.
//! - **Obey a paused clock.** All time comes from tokio. With [`Builder::in_memory`] there are no sockets either, and a test
//!   of ten minutes ends at once.
//!
//! What is not simulated answers 501 with error number 9 and is listed by [`TestCluster::unsupported`]: no test should pass
//! because of an answer that nobody thought about.
//!
//! # A request whose answer is lost
//!
//! ```
//! use arango_test_cluster::{Authentication, Fault, Match, Phase, TestCluster};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = TestCluster::builder().in_memory().authentication(Authentication::Off).start().await?;
//! let coordinator = cluster.coordinator(0);
//! let lost = coordinator.inject(Fault::close(Phase::AfterExecution).on(Match::get("/_api/*")).times(1));
//!
//! let mut connection = coordinator.dial()?;
//! connection.write_all(b"GET /_api/version HTTP/1.1\r\nHost: x\r\nX-Sim-Marker: mine\r\n\r\n").await?;
//! let mut answer = Vec::new();
//! connection.read_to_end(&mut answer).await?;
//!
//! assert!(answer.is_empty(), "the client knows nothing");
//! assert_eq!(cluster.journal().executions("mine"), 1, "and yet it was done");
//! assert_eq!(lost.hits(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! [`TestCluster`] is made by a [`Builder`], and stops, starts and upgrades DB-Servers; each [`Coordinator`] has its doors
//! and its faults; [`AgencyJobs`] are what becomes of moves of shards; [`Control`] opens all of this to other processes over
//! HTTP. Inside, one handler answers whatever door a request came through.

mod admission;
mod agency_jobs;
mod api;
mod aql;
mod body;
mod builder;
mod clock;
mod cluster;
mod conditions;
mod config;
mod control;
mod coordinator;
mod db_servers;
mod door;
mod early;
mod fault;
mod faults_in_force;
mod garbage;
mod gateway;
mod handler;
mod held;
mod http;
mod journal;
mod matching;
mod model;
mod pulse;
mod reset;
mod response;
mod script;
mod spoiling;
mod state;
mod tls;
mod tokens;
mod version;

pub use crate::agency_jobs::{AgencyJob, AgencyJobs};
pub use crate::builder::{Authentication, Builder, Hardening, StartError};
pub use crate::cluster::TestCluster;
pub use crate::conditions::ConditionGuard;
pub use crate::control::Control;
pub use crate::coordinator::{Coordinator, RefuseGuard};
pub use crate::fault::{Close, Fault, Phase};
pub use crate::faults_in_force::FaultGuard;
pub use crate::journal::{Counts, Entry, Journal};
pub use crate::matching::Match;
pub use crate::model::agency_jobs::JobFate;
pub use crate::reset::Reset;
pub use crate::state::records::LogLevel;
pub use crate::tls::{Handshake, Identity, Tls};
pub use crate::tokens::Tokens;
