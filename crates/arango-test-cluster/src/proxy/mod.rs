//! Proxies in front of the coordinators of any cluster, with the faults of the embedded one as far as a proxy can.
//!
//! A proxy passes on what it gets, and closes, delays or changes it where a [`Fault`](crate::Fault) says so. What
//! happens within a server is not in its reach. With TLS it passes on bytes that it cannot read: it knows connections
//! and directions only.

mod bodies;
mod bytes_relay;
mod cluster_proxy;
mod control;
mod coordinator_proxy;
mod error;
mod http_relay;
mod supported_faults;
mod traffic;
mod upstream;

pub use self::cluster_proxy::ClusterProxy;
pub use self::coordinator_proxy::CoordinatorProxy;
pub use self::error::{ProxyError, UnsupportedFault};
pub use self::traffic::{Exchange, TrafficJournal};
