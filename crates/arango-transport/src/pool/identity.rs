//! Whether ArangoDB responds at a coordinator's address.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Pool;
use crate::error::foreign::ForeignResponse;

/// What is known about the service at one address.
#[derive(Debug, Default)]
pub(super) struct ServiceIdentity {
    is_arangodb: AtomicBool,
    /// The service that the last probe found instead of ArangoDB.
    foreign: Mutex<Option<ForeignResponse>>,
}

impl ServiceIdentity {
    fn foreign(&self) -> MutexGuard<'_, Option<ForeignResponse>> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Records that a response head identified ArangoDB.
    pub(crate) fn record_arangodb(&self) {
        let is_arangodb = &self.0.identity.is_arangodb;
        // Written once: later responses only read it.
        if !is_arangodb.load(Ordering::Relaxed) {
            is_arangodb.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether a response head has ever identified ArangoDB.
    pub(crate) fn is_arangodb(&self) -> bool {
        self.0.identity.is_arangodb.load(Ordering::Relaxed)
    }

    /// Records the result of a probe: the response of another service, or `None` for ArangoDB.
    pub(crate) fn record_probe(&self, other: Option<ForeignResponse>) {
        let mut known = self.0.identity.foreign();
        if let (None, Some(other)) = (&*known, &other) {
            tracing::warn!(coordinator = %self.coordinator(), "the service at this address is not ArangoDB: {other}");
        }
        *known = other;
    }

    /// Describes the service that the last probe found instead of ArangoDB.
    pub(crate) fn foreign_service(&self) -> Option<String> {
        self.0.identity.foreign().as_ref().map(ToString::to_string)
    }
}
