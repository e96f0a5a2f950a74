//! ArangoDB client for clusters.
//!
//! The client spreads requests over the coordinators of a cluster. If a coordinator is lost, requests fail over to
//! another one, and no request is executed twice that is not safe to repeat. The administration API of clusters is
//! available as typed methods.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = arango::Client::builder()
//!     .hosts("http://host1:8529,http://host2:8529") // or a list
//!     .basic_auth("root", "passwd")
//!     .build()?;
//! let cluster = client.cluster();
//! println!("{} is a {}", cluster.server_id().await?, cluster.server_role().await?);
//! for (id, server) in cluster.health().await?.servers() {
//!     println!("{id} {} {}", server.role, server.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | what | where |
//! |---|---|
//! | the client, its databases, its coordinators | [`Client`], [`Database`], [`CoordinatorHandle`] |
//! | collections and documents | [`Database::collection`], [`Collection`], [`data`] |
//! | edges and traversals | [`Database::edges`], [`Database::graph`], [`Database::traverse`] |
//! | cluster administration | [`Cluster`]; its types in [`arango::cluster`](arango_cluster) |
//! | errors, and whether the request may have been executed | [`Error`], [`Outcome`] |
//! | long-running operations | [`long_running`] |
//! | limits, retries, hedging, credentials, TLS | [`ClientBuilder`] |
//! | custom load balancing | [`balance`] |
//! | custom middleware, connections and requests | [`transport`] |
//! | discovery of coordinators; changing settings at runtime | [`Discovery`]; [`Reconfigure`] |
//! | custom operations | [`Operation`](protocol::Operation) and [`Database::execute`] |
//!
//! # Retries
//!
//! Every operation has a [class](protocol::RequestClass) that is known before it is sent. A request that no
//! coordinator has received is retried on the next one, regardless of its class. A request that may have been
//! executed is retried only if it is safe to repeat. Otherwise the call fails with an error whose
//! [`outcome`](Error::outcome) is [`Unknown`](Outcome::Unknown).
//!
//! # Layout
//!
//! Bottom-up. A folder may import from the folders above it in this table and from the crates below the facade
//! (`arango-transport`, `arango-cluster`).
//!
//! | what | where | may import |
//! |---|---|---|
//! | curated types of the crates below | `balance`, `transport` (files) | nothing of this crate |
//! | handles on a database, the cluster and a coordinator; sending a call | `handles` | nothing of this crate |
//! | collections, documents, queries (feature `data`) | `data` | `handles` |
//! | the client, its builder, discovery, runtime settings | `client` | `handles` |
//! | long-running operations: pollers, jobs, decommissioning, restarts | `long_running` | `handles`, `client` |

pub mod balance;
mod client;
#[cfg(feature = "data")]
pub mod data;
mod handles;
pub mod long_running;
pub mod transport;

pub use arango_cluster as cluster;
pub use arango_transport::protocol;
#[cfg(feature = "data")]
pub use data::Collection;

#[cfg(feature = "compression")]
pub use arango_transport::Compression;
#[cfg(feature = "http2")]
pub use arango_transport::Http2;
#[cfg(feature = "jwt-sign")]
pub use arango_transport::Superuser;
pub use arango_transport::{
    Attempt, CallCounts, CallOptions, ClientState, Coordinator, CoordinatorOrigin, CoordinatorState,
    Credentials, Discovery, Error, ErrorCategory, ErrorKind, Hedging, Host, HostList, Hosts, HttpProtocol,
    InvalidHost, InvalidHostReason, InvalidHosts, InvalidSettings, InvalidToken, Limits, Outcome, Phase,
    PoolLimits, Report, RetryPolicy, StoppedBy, TokenFile, TokenSource, Unsupported, Zones,
};
#[cfg(feature = "rustls")]
pub use arango_transport::{InvalidTls, Tls, TlsVersion};
pub use client::Client;
pub use client::builder::ClientBuilder;
pub use client::load_balancing::{LoadBalancing, Period, UnknownStrategy};
pub use client::reconfigure::Reconfigure;
pub use handles::cluster::Cluster;
pub use handles::coordinator::CoordinatorHandle;
pub use handles::database::Database;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
