//! Runs an ArangoDB cluster inside a test process, with fault injection and a journal of executions.
//!
//! A client that must survive the loss of a coordinator can only be tested against coordinators that fail. This crate
//! starts agents, DB-Servers and coordinators that share one state and speak HTTP/1.1 and HTTP/2 as ArangoDB 3.10 to
//! 4.0 does. A cluster starts in milliseconds and needs no installation. Its responses are plain JSON, written after
//! those of real servers. It uses no type of any client, so a field name that a client misspells is not misspelled on
//! both sides.
//!
//! # Example: the test of a program that uses `arango`
//!
//! ```toml
//! [dev-dependencies]
//! arango-test-cluster = { git = "https://github.com/arango-rs/arango" }
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
// This crate depends on no client, so `arango-tests` compiles and runs the program.
#![cfg_attr(not(doctest), doc = include_str!("client_example.md"))]
//!
//! # Three things that a real cluster cannot do
//!
//! - **Fail on demand.** [`Coordinator::kill`], [`pause`](Coordinator::pause) and [`refuse`](Coordinator::refuse)
//!   affect a whole coordinator. A [`Fault`] affects single requests: it closes the connection at any [`Phase`], sends
//!   another response, waits or hangs. A fault ends when its guard is dropped, so a failing test leaves none behind.
//! - **Report what was executed.** A test of retries must know whether the first copy of a request was executed. The
//!   [`Journal`] counts executions, not sends. The header `x-sim-marker` names a request.
//! - **Follow a paused clock.** All time comes from tokio. With [`Builder::in_memory`] there are no sockets either, and
//!   a test of ten minutes finishes at once.
//!
//! A call that is not simulated gets 501 with error number 9 and is listed by [`TestCluster::unsupported`], so that no
//! test passes because of a response that was never designed.
//!
//! # Example: with any other client
//!
//! ```
//! use arango_test_cluster::{Authentication, Fault, Match, Phase, TestCluster};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = TestCluster::builder().in_memory().authentication(Authentication::Off).start().await?;
//! let coordinator = cluster.coordinator(0);
//! let fault = coordinator.inject(Fault::close(Phase::AfterExecution).on(Match::get("/_api/*")).times(1));
//!
//! let mut connection = coordinator.connect()?;
//! connection.write_all(b"GET /_api/version HTTP/1.1\r\nHost: x\r\nX-Sim-Marker: mine\r\n\r\n").await?;
//! let mut response = Vec::new();
//! connection.read_to_end(&mut response).await?;
//!
//! assert!(response.is_empty(), "the client gets no response");
//! assert_eq!(cluster.journal().executions("mine"), 1, "the request was executed");
//! assert_eq!(fault.hits(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! A [`Builder`] starts a [`TestCluster`], which stops, starts and upgrades DB-Servers. Each [`Coordinator`] has its
//! listener and its faults. [`AgencyJobs`] controls the outcome of shard moves. [`Control`] offers all of this to other
//! processes over HTTP. A [`ClusterProxy`] brings the faults to a cluster that runs elsewhere. Internally, one handler serves the requests of every listener.
//!
//! # Folders
//!
//! Layers, bottom-up. Each may import only from those before it.
//!
//! | folder | contains | may import |
//! |---|---|---|
//! | `http` | requests, replies, response headers, compression, JSON web tokens | nothing |
//! | `model` | imbalance of shards and leaders, and plans that lower it | `http` |
//! | `tls` | certificates and handshake faults | the above |
//! | `config` | versions, settings, clock, start errors | the above |
//! | `journal` | requests received and executed | the above |
//! | `store` | the documents of collections: rules, snapshots, writes | the above |
//! | `state` | the shared state: servers, databases, users, cursors, transactions, jobs, supervision | the above |
//! | `faults` | faults for single requests and the requests they match | the above |
//! | `api` | the handlers, by path | the above |
//! | `admission` | checks before a handler: protocol, server mode, authentication, queue | the above |
//! | `server` | coordinators, listeners, builder, test handles, control API | the above |
//! | `proxy` | proxies in front of the coordinators of another cluster | the above |

mod admission;
mod api;
mod config;
mod faults;
mod http;
mod journal;
mod model;
mod proxy;
mod server;
mod state;
mod store;
mod tls;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use crate::config::settings::{Authentication, Hardening, ScanOrder};
pub use crate::config::start_error::StartError;
pub use crate::faults::active_faults::FaultGuard;
pub use crate::faults::effect::{Close, Phase};
pub use crate::faults::fault::Fault;
pub use crate::faults::request_match::Match;
pub use crate::faults::reset_reason::ResetReason;
pub use crate::journal::{Counts, Entry, Journal};
pub use crate::proxy::{
    ClusterProxy, CoordinatorProxy, Exchange, ProxyError, TrafficJournal, UnsupportedFault,
};
pub use crate::server::agency_jobs::{AgencyJob, AgencyJobs};
pub use crate::server::builder::Builder;
pub use crate::server::cluster::TestCluster;
pub use crate::server::conditions::ConditionGuard;
pub use crate::server::control::Control;
pub use crate::server::coordinator::{Coordinator, RefuseGuard};
pub use crate::server::tokens::Tokens;
pub use crate::state::agency_jobs::JobOutcome;
pub use crate::state::diagnostics::LogLevel;
pub use crate::tls::{HandshakeFault, Identity, Tls};
