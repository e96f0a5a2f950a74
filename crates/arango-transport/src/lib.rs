//! Sends HTTP requests to the coordinators of an ArangoDB cluster.
//!
//! A [`Transport`] is a tower service over hyper. It keeps one connection pool per coordinator and
//! distributes requests over the coordinators. It retries a request only if the retry is proved to be
//! safe: each call has a [class](arango_protocol::RequestClass) that is decided before its first
//! attempt, and every [`Error`] reports whether the request may have been executed.
//!
//! ```toml
//! [dependencies]
//! arango-transport = { git = "https://github.com/arango-rs/arango" }
//! bytes = "1"
//! http = "1"
//! http-body-util = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! tower = { version = "0.5", features = ["util", "timeout"] }
//! ```
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use arango_transport::{Credentials, Transport};
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt, Full};
//! use tower::ServiceExt;
//! use tower::timeout::TimeoutLayer;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let transport = Transport::builder("http://host1:8529,http://host2:8529")
//!         .credentials(Credentials::basic("root", "passwd"))
//!         .layer(TimeoutLayer::new(Duration::from_secs(5))) // around each call
//!         .build()?;
//!     let request = Request::get("/_api/version").body(Full::<Bytes>::default())?;
//!     let response = transport.oneshot(request).await?;
//!     let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
//!     println!("{}", String::from_utf8_lossy(&body));
//!     Ok(())
//! }
//! ```
//!
//! This crate does not interpret requests. Operations are defined in `arango-cluster` and in other
//! crates built on `arango-protocol`; the facade crate `arango` combines both.
//!
//! # Custom middleware
//!
//! [`TransportBuilder`] accepts tower layers at two levels. [`layer`](TransportBuilder::layer) wraps
//! whole calls. [`attempt_layer`](TransportBuilder::attempt_layer) wraps each attempt at each
//! coordinator, below all retry decisions. The service of a layer must be `Clone + Send + Sync`. It may
//! replace the response body and may return any error type. An error of a custom layer does not affect
//! the health of a coordinator; its [`Outcome`] is what the pool knows about the request.
//!
//! # Folders
//!
//! Bottom-up. Each folder imports only from folders above it in the table.
//!
//! | Folder | Contents | May import |
//! |---|---|---|
//! | `types` | coordinators, host lists, tokens, outcomes, header values | nothing |
//! | `error` | errors, their kinds, causes and texts | `types` |
//! | `credentials` | credentials, sessions, token sources | `types`, `error` |
//! | `config` | limits, retry policy, hedging, HTTP/2, settings errors | `types`, `error`, `credentials` |
//! | `tls` | TLS settings, handshakes, certificate verification | all of the above |
//! | `connect` | DNS cache, happy eyeballs, opening of streams | all of the above |
//! | `call` | a call: its request, options, progress and attempts | all of the above |
//! | `telemetry` | spans and metrics | all of the above |
//! | `pool` | connection pools, wait queues, HTTP/1.1 and HTTP/2 connections, response bodies | all of the above |
//! | `compression` | compression of request bodies, decompression of response bodies | all of the above |
//! | `layers` | the tower layers: trace, middleware, hedge, compress, retry, auth, attempt, finalize | all of the above |
//! | `client` | the transport, its stack of layers, builder, discovery, probes, reconfiguration | all of the above |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod client;
mod compression;
mod config;
mod connect;
mod credentials;
mod error;
mod layers;
mod pool;
mod telemetry;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(not(feature = "rustls"))]
#[path = "tls/disabled.rs"]
mod tls;
mod types;

#[doc(inline)]
pub use arango_balance as balance;
#[doc(inline)]
pub use arango_protocol as protocol;
pub use secrecy;

#[doc(inline)]
pub use arango_protocol::{ErrorCategory, ErrorKind, Outcome};
pub use call::attempt_request::AttemptRequest;
pub use call::counts::CallCounts;
pub use call::options::CallOptions;
#[doc(hidden)] // for the crate `arango`
pub use call::support::Support;
pub use call::{Call, CallParts};
pub use client::builder::TransportBuilder;
pub use client::coordinator_state::{CoordinatorOrigin, CoordinatorState};
#[doc(hidden)] // for the crate `arango`
pub use client::decoding::Undecoded;
pub use client::discovery::{Discover, Discovery, MissingPermission};
pub use client::reconfigure::ReconfigureTransport;
pub use client::state::ClientState;
#[doc(hidden)] // for the crate `arango`
pub use client::streamed_response::StreamedResponse;
pub use client::transport::{PreparedRequest, Transport};
#[cfg(feature = "compression")]
pub use compression::compressor::Compression;
pub use config::hedging::Hedging;
#[cfg(feature = "http2")]
pub use config::http2::Http2;
pub use config::invalid_settings::InvalidSettings;
pub use config::limits::{Limits, PoolLimits};
pub use config::retry_policy::RetryPolicy;
#[cfg(feature = "rustls")]
pub use config::tls_fault::InvalidTls;
pub use connect::{Connect, Resolve, SystemConnect, SystemResolve};
#[cfg(feature = "jwt-sign")]
pub use credentials::superuser::Superuser;
pub use credentials::token_file::TokenFile;
pub use credentials::token_source::TokenSource;
pub use credentials::{Credentials, InvalidToken};
pub use error::attempt::{Attempt, Phase};
pub use error::attempt_error::AttemptError;
pub use error::unsupported::Unsupported;
pub use error::{Error, Report, StoppedBy};
pub use layers::middleware::{AttemptService, CallService, MiddlewareBody, MiddlewareService};
pub use pool::body::Body;
#[cfg(feature = "rustls")]
pub use tls::{Tls, TlsVersion};
pub use types::boxed::{BoxError, BoxFuture};
pub use types::coordinator::{Coordinator, Host};
pub use types::hosts::{HostList, Hosts};
pub use types::http_protocol::HttpProtocol;
pub use types::invalid_hosts::{InvalidHost, InvalidHostReason, InvalidHosts};
pub use types::io::Io;
pub use types::zones::Zones;
