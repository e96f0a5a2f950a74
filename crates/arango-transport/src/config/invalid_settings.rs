//! Errors of client settings.

use crate::types::coordinator::Coordinator;
use crate::types::invalid_hosts::InvalidHosts;

/// The reason why a transport cannot be built from its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSettings {
    /// The list of hosts is invalid.
    #[error(transparent)]
    Hosts(#[from] InvalidHosts),
    /// The TLS settings are invalid.
    #[cfg(feature = "rustls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] crate::config::tls_fault::InvalidTls),
    /// A zone is preferred, but no zones are configured.
    #[error("the zone `{zone}` is preferred, but no zones are configured: set `zones`")]
    NoZones {
        /// The preferred zone.
        zone: String,
    },
    /// The load-balancing policy cannot be created.
    #[error("{reason}")]
    Policy {
        /// What is wrong, and what would be accepted.
        reason: String,
    },
    /// Discovery is enabled, but a coordinator has a path prefix.
    #[error(
        "discovery cannot be used with `{coordinator}`: the endpoints that coordinators list do not have its path \
         prefix; list all hosts and disable discovery"
    )]
    DiscoveryWithPathPrefix {
        /// The coordinator with the path prefix.
        coordinator: Coordinator,
    },
    /// A limit is zero, which would block every request.
    #[error("the limit `{name}` is zero, which would block every request")]
    Zero {
        /// The name of the limit.
        name: &'static str,
    },
}
