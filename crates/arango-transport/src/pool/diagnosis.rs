//! What errors and logs say of a connection: its address, and what shows why it failed.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// What shows why a connection failed. Clones belong to the same connection.
#[derive(Clone)]
pub(super) struct Diagnosis(Arc<Shown>);

struct Shown {
    address: Option<SocketAddr>,
    cause: OnceLock<Cause>,
}

/// Why a connection failed: the first cause that showed.
enum Cause {
    /// The server sent TLS on a plain connection.
    Tls,
    Ended(Arc<hyper::Error>),
}

impl Diagnosis {
    pub(super) fn new(address: Option<SocketAddr>) -> Self {
        Self(Arc::new(Shown { address, cause: OnceLock::new() }))
    }

    /// Returns the address of the server.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.0.address
    }

    /// Records that the first byte on a plain connection was TLS.
    pub(super) fn record_tls(&self) {
        self.0.cause.set(Cause::Tls).ok();
    }

    /// Returns whether the first byte on a plain connection was TLS.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.0.cause.get(), Some(Cause::Tls))
    }

    /// Records the error with which the connection has ended.
    pub(super) fn record_failure(&self, error: hyper::Error) {
        // With TLS on a plain connection it says nothing more.
        self.0.cause.set(Cause::Ended(Arc::new(error))).ok();
    }

    /// Returns the error with which the connection has ended.
    pub(super) fn failure(&self) -> Option<Arc<hyper::Error>> {
        match self.0.cause.get()? {
            Cause::Ended(error) => Some(Arc::clone(error)),
            Cause::Tls => None,
        }
    }
}
