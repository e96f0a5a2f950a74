//! Errors on starting a cluster.

use std::io;
use std::net::SocketAddr;

/// Error on starting a cluster or a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The version does not exist or is not simulated.
    #[error("version `{version}` cannot be simulated; 3.10, 3.11, 3.12 and 4.0 can")]
    UnknownVersion {
        /// The requested version.
        version: String,
    },
    /// A cluster needs at least one of each role.
    #[error("a cluster needs at least one {what}")]
    NoServers {
        /// The role.
        what: &'static str,
    },
    /// There is no tokio runtime.
    #[error("a cluster can only start within a tokio runtime")]
    NoRuntime,
    /// The certificates could not be generated.
    #[error("cannot generate the certificates")]
    Certificates(#[from] rcgen::Error),
    /// A coordinator's port is not available.
    #[error("cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
}
