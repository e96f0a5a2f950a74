//! ArangoDB client for clusters.
//!
//! The client spreads requests over the coordinators of a cluster. If a coordinator is lost, requests fail over to
//! another one, and no request is executed twice that is not safe to repeat. Documents, AQL queries and the
//! administration of clusters are typed methods.
//!
//! ```toml
//! [dependencies]
//! arango = { git = "https://github.com/arango-rs/arango" }
//! serde = { version = "1", features = ["derive"] }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! ```no_run
//! use arango::{Client, data::Aql};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Book {
//!     title: String,
//!     year: u16,
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Client::builder()
//!         .hosts("http://host1:8529,http://host2:8529") // or a list
//!         .basic_auth("root", "passwd")
//!         .build()?;
//!
//!     let library = client.create_database("library").await?; // unless it exists
//!     println!("{}", library.create_collection("books").ensure().await?); // unless it exists
//!     library.collection("books").insert(&Book { title: "Dune".to_owned(), year: 1965 }).await?;
//!
//!     let query = Aql::new("FOR b IN books FILTER b.year < @year RETURN b").bind("year", 1970);
//!     let books: Vec<Book> = library.query(query).all().await?;
//!     println!("{books:?}");
//!
//!     println!("{}", client.cluster().health().await?); // a table of all servers
//!     Ok(())
//! }
//! ```
//!
//! More: the [guide](https://github.com/arango-rs/arango/blob/main/docs/SUMMARY.md) and the
//! [examples](https://github.com/arango-rs/arango/tree/main/crates/arango/examples).
//!
//! | what | where |
//! |---|---|
//! | the client, its databases, its coordinators | [`Client`], [`Database`], [`CoordinatorHandle`] |
//! | collections and documents | [`Database::collection`], [`Collection`], [`data`] |
//! | many documents; transactions | [`Collection::insert_many`], [`Collection::import`]; [`Database::transaction`] |
//! | edges, traversals and graphs | [`Database::edges`], [`Database::graph`], [`Database::traverse`] |
//! | cluster administration | [`Cluster`]; its types in [`cluster`] |
//! | errors, and whether the request may have been executed | [`Error`], [`Outcome`] |
//! | long-running operations | [`long_running`] |
//! | limits, retries, hedging, credentials, TLS | [`ClientBuilder`] |
//! | custom load balancing | [`balance`] |
//! | custom middleware, connections and requests | [`transport`] |
//! | discovery of coordinators; changing settings at runtime | [`Discovery`]; [`Reconfigure`] |
//! | requests that have no method; custom operations | [`Database::raw`]; [`Operation`](protocol::Operation) and [`Database::execute`] |
//!
//! # Retries
//!
//! Every operation has a [class](protocol::RequestClass) that is known before it is sent. A request that no
//! coordinator has received is retried on the next one, regardless of its class. A request that may have been
//! executed is retried only if it is safe to repeat. Otherwise the call fails with an error whose
//! [`outcome`](Error::outcome) is [`Unknown`](Outcome::Unknown).
//!
//! # Cargo features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `data` | yes | [collections, documents and queries](data) |
//! | `rustls-ring` | yes | TLS by rustls, with the cryptography of ring; needs a C compiler |
//! | `rustls-aws-lc-rs` | no | TLS by rustls, with the cryptography of aws-lc-rs |
//! | `rustls` | with the two above | TLS with a cryptography that the program installs |
//! | `http2` | no | HTTP/2 with the coordinators that are configured for it |
//! | `compression` | no | compression of request and response bodies |
//! | `metrics` | no | metrics, for the recorder of the crate `metrics` |
//! | `jwt-sign` | no | superuser tokens, signed with the cluster's secret |
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
//! | the client, its builder, discovery, runtime settings | `client` | `handles`, `data` |
//! | long-running operations: pollers, jobs, decommissioning, restarts | `long_running` | `handles`, `data`, `client` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod balance;
mod client;
#[cfg(feature = "data")]
pub mod data;
mod handles;
pub mod long_running;
pub mod transport;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[doc(inline)]
pub use arango_cluster as cluster;
#[doc(inline)]
pub use arango_transport::protocol;
#[cfg(feature = "data")]
#[doc(inline)]
pub use data::Collection;
pub use {bytes, http};

#[cfg(feature = "compression")]
#[doc(inline)]
pub use arango_transport::Compression;
#[cfg(feature = "http2")]
#[doc(inline)]
pub use arango_transport::Http2;
#[cfg(feature = "jwt-sign")]
#[doc(inline)]
pub use arango_transport::Superuser;
#[doc(inline)]
pub use arango_transport::{
    Attempt, CallCounts, CallOptions, ClientState, Coordinator, CoordinatorOrigin, CoordinatorState,
    Credentials, Discovery, Error, ErrorCategory, ErrorKind, Hedging, Host, HostList, Hosts, HttpProtocol,
    InvalidHost, InvalidHostReason, InvalidHosts, InvalidSettings, InvalidToken, Limits, Outcome, Phase,
    PoolLimits, Report, RetryPolicy, StoppedBy, TokenFile, TokenSource, Unsupported, Zones,
};
#[cfg(feature = "rustls")]
#[doc(inline)]
pub use arango_transport::{InvalidTls, Tls, TlsVersion};
pub use client::Client;
pub use client::builder::ClientBuilder;
pub use client::environment::InvalidEnvironment;
pub use client::load_balancing::{LoadBalancing, Period, UnknownStrategy};
pub use client::reconfigure::Reconfigure;
pub use handles::cluster::Cluster;
pub use handles::coordinator::CoordinatorHandle;
pub use handles::database::Database;
#[cfg(feature = "data")]
pub use handles::json_lines::JsonLines;
pub use handles::response_lines::ResponseLines;
pub use handles::response_stream::ResponseStream;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
