//! Errors of proxies.

use std::io;
use std::net::SocketAddr;

/// Error on starting a proxy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The URL of a coordinator cannot be used.
    #[error("`{url}` is not the URL of a coordinator, such as http://127.0.0.1:8529")]
    InvalidUrl {
        /// The URL.
        url: String,
    },
    /// There is no tokio runtime.
    #[error("a proxy can only start within a tokio runtime")]
    NoRuntime,
    /// The port of a proxy is not available.
    #[error("a proxy cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// A fault that a proxy cannot cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a proxy cannot cause `{kind}`: {reason}")]
pub struct UnsupportedFault {
    pub(super) kind: String,
    pub(super) reason: &'static str,
}

impl UnsupportedFault {
    /// Returns the kind of fault, as it is written in JSON.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}
