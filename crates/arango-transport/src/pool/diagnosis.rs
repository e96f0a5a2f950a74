//! What errors and logs say of a connection: its address, and what shows why it failed.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use crate::error::other_protocol::OtherProtocol;

/// What shows why a connection failed. Clones belong to the same connection.
#[derive(Clone)]
pub(super) struct Diagnosis(Arc<Shown>);

struct Shown {
    address: Option<SocketAddr>,
    cause: OnceLock<Cause>,
}

/// Why a connection failed: the first cause that showed.
enum Cause {
    /// The server speaks another protocol than HTTP/1.1.
    OtherProtocol(OtherProtocol),
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

    /// Records the protocol that the first bytes belong to.
    pub(super) fn record_other_protocol(&self, protocol: OtherProtocol) {
        self.0.cause.set(Cause::OtherProtocol(protocol)).ok();
    }

    /// Returns the protocol of the server, if it is known to be another one.
    pub(super) fn other_protocol(&self) -> Option<OtherProtocol> {
        match self.0.cause.get()? {
            Cause::OtherProtocol(protocol) => Some(*protocol),
            Cause::Ended(_) => None,
        }
    }

    /// Records the error with which the connection has ended.
    pub(super) fn record_failure(&self, error: hyper::Error) {
        // With another protocol it says nothing more.
        self.0.cause.set(Cause::Ended(Arc::new(error))).ok();
    }

    /// Returns why the connection has ended, if it failed.
    pub(super) fn failure(&self) -> Option<Arc<dyn Error + Send + Sync>> {
        Some(match self.0.cause.get()? {
            Cause::Ended(error) => Arc::clone(error) as _,
            Cause::OtherProtocol(protocol) => Arc::new(*protocol),
        })
    }
}
