//! The ArangoDB client that is at home in a cluster.
//!
//! A program names the coordinators; the client spreads its requests over them, survives the loss of
//! any of them without losing or doubling anything, and speaks the language of cluster
//! administration in types.
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
//! | the administration of the cluster | [`Cluster`]; its types in [`cluster`] |
//! | what went wrong, and whether it may have been executed | [`Error`], [`Outcome`] |
//! | long work, followed to its end | [`follow`] |
//! | layers of one's own, limits, policies | [`ClientBuilder`]; the transport in [`transport`] |
//! | coordinators that nobody named; other settings while it runs | [`Discovery`]; [`Reconfigure`] |
//! | operations of one's own | [`Operation`](protocol::Operation) and [`Database::execute`] |
//!
//! # What is sent again
//!
//! Every operation is of a [class](protocol::RequestClass) that is known before it is sent. A request that no
//! coordinator has seen goes on to the next one, whatever its class. One that may have been executed
//! is sent again only if that does no harm; otherwise the call fails with an error whose
//! [`outcome`](Error::outcome) is [`Unknown`](Outcome::Unknown).

mod builder;
mod client;
mod cluster_handle;
mod coordinator_handle;
mod database;
mod discover;
pub mod follow;
mod gate;
mod load_balancing;
mod reconfigure;
mod roles;
mod versions;

pub use arango_cluster as cluster;
pub use arango_transport as transport;
pub use arango_transport::{balance, protocol};

#[cfg(feature = "compression")]
pub use arango_transport::Compression;
#[cfg(feature = "http2")]
pub use arango_transport::Http2;
#[cfg(feature = "jwt-sign")]
pub use arango_transport::Superuser;
pub use arango_transport::{
    Attempt, CallCounts, CallOptions, ClientState, Coordinator, CoordinatorState, Credentials, Discovery,
    Error, ErrorKind, Hedging, HostList, Hosts, HttpProtocol, InvalidHosts, InvalidSettings, Limits,
    Membership, Outcome, PoolLimits, RetryPolicy, TokenFile, TokenSource, Unsupported,
};
#[cfg(feature = "rustls")]
pub use arango_transport::{Tls, TlsFault, TlsVersion};
pub use builder::ClientBuilder;
pub use client::Client;
pub use cluster_handle::Cluster;
pub use coordinator_handle::CoordinatorHandle;
pub use database::Database;
pub use load_balancing::{LoadBalancing, Period, UnknownStrategy};
pub use reconfigure::Reconfigure;
