//! What errors and logs say of a connection: its address, and what shows why it failed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What shows why a connection failed. Clones belong to the same connection.
#[derive(Clone)]
pub(super) struct Diagnosis(Arc<Shown>);

struct Shown {
    address: Option<SocketAddr>,
    // Relaxed: it is read only after the reader has reported its failure.
    is_tls: AtomicBool,
    failure: OnceLock<Arc<hyper::Error>>,
}

impl Diagnosis {
    pub(super) fn new(address: Option<SocketAddr>) -> Self {
        Self(Arc::new(Shown { address, is_tls: AtomicBool::new(false), failure: OnceLock::new() }))
    }

    /// Returns the address of the server.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.0.address
    }

    /// Records that the first byte on a plain connection was TLS.
    pub(super) fn record_tls(&self) {
        self.0.is_tls.store(true, Ordering::Relaxed);
    }

    /// Returns whether the first byte on a plain connection was TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.0.is_tls.load(Ordering::Relaxed)
    }

    /// Records why the connection has ended.
    pub(super) fn record_failure(&self, error: hyper::Error) {
        // It ends once.
        self.0.failure.set(Arc::new(error)).ok();
    }

    /// Returns why the connection has ended, if it failed.
    pub(super) fn failure(&self) -> Option<Arc<hyper::Error>> {
        self.0.failure.get().cloned()
    }
}
