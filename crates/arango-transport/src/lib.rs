//! How a request is sent to an ArangoDB cluster.
//!
//! A [`Transport`] is a tower service over hyper. It keeps one pool of connections for each
//! coordinator, spreads requests over them, and sends a request again exactly where it is proved
//! that this does no harm: each call is of a [class](arango_protocol::RequestClass) that is decided
//! before its first attempt, and every [`Error`] tells whether the request may have been executed.
//!
//! Nothing here knows what is asked: that is for the operations of `arango-cluster` and others like
//! it. The facade `arango` puts both together.
//!
//! # Layers of one's own
//!
//! There are two doors. [`layer`](TransportBuilder::layer) takes a tower layer around whole calls;
//! [`attempt_layer`](TransportBuilder::attempt_layer) takes one around each attempt at each
//! coordinator, below everything that decides what is sent again. Any layer will do whose service is
//! `Clone + Send + Sync`: it may change the answer's body and fail with whatever it likes. Such a
//! failure counts for no coordinator's health, and its outcome is what the pool knows of the request.

mod accepted;
mod addresses;
mod attempt;
mod attempt_error;
mod auth;
mod backoff;
mod body;
mod budget;
mod builder;
mod call;
#[cfg(feature = "compression")]
mod compression;
#[cfg(not(feature = "compression"))]
#[path = "no_compression.rs"]
mod compression;
mod connect;
mod coordinator;
mod coordinator_state;
mod copies;
mod counts;
mod created;
mod credentials;
mod deadline;
mod dial;
mod discovery;
mod door;
mod encoded;
mod error;
mod eyeballs;
mod failed_attempt;
mod foreign;
mod framing;
mod hedging;
mod hosts;
#[cfg_attr(not(feature = "http2"), expect(dead_code, unreachable_pub, reason = "nobody can ask for it"))]
mod http2;
mod invalid_hosts;
mod ip_zone;
mod kind;
mod latencies;
mod lifecycle;
mod limits;
#[cfg(feature = "metrics")]
mod meters;
#[cfg(not(feature = "metrics"))]
#[path = "no_meters.rs"]
mod meters;
mod next;
mod opened;
mod options;
mod origin;
mod outcome;
mod outgoing;
mod path_prefix;
mod pending_login;
mod pool;
mod pools;
mod printable;
mod probe;
mod queue_time;
mod race;
mod reconfigure;
mod record;
mod rejection;
mod retry;
mod retry_after;
mod retry_policy;
mod rules;
mod secret_file;
mod session;
mod settings;
mod stack;
mod state;
mod strays;
#[cfg(feature = "jwt-sign")]
mod superuser;
mod template;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod token;
mod token_file;
mod token_source;
mod trace;
mod transport;
mod unsupported;
mod zones;

pub use arango_balance as balance;
pub use arango_protocol as protocol;
pub use secrecy;

pub use attempt_error::AttemptError;
pub use body::Body;
pub use builder::{InvalidSettings, TransportBuilder};
pub use call::Call;
#[cfg(feature = "compression")]
pub use compression::Compression;
pub use connect::{BoxFuture, Connect, Io, Resolve, SystemConnect, SystemResolve};
pub use coordinator::{Coordinator, Host};
pub use coordinator_state::{CoordinatorState, Membership};
pub use counts::CallCounts;
pub use credentials::{Credentials, InvalidToken};
pub use discovery::{Discover, Discovery, NoRights};
pub use door::{AttemptService, CallService, DoorBody, DoorService};
pub use error::{Error, Report, StoppedBy};
pub use failed_attempt::{Attempt, Phase};
pub use hedging::Hedging;
pub use hosts::{HostList, Hosts};
#[cfg(feature = "http2")]
pub use http2::Http2;
pub use invalid_hosts::{HostFault, InvalidHost, InvalidHosts};
pub use kind::ErrorKind;
pub use limits::{Limits, PoolLimits};
pub use opened::HttpProtocol;
pub use options::CallOptions;
pub use outcome::Outcome;
pub use outgoing::Outgoing;
pub use reconfigure::Reconfigure;
pub use retry_policy::RetryPolicy;
pub use state::ClientState;
#[cfg(feature = "jwt-sign")]
pub use superuser::Superuser;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsFault, TlsVersion};
pub use token_file::TokenFile;
pub use token_source::TokenSource;
pub use transport::{Prepared, Transport};
pub use unsupported::Unsupported;
pub use zones::Zones;

/// An error of any kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
