//! The load balancing policy, which can be replaced while a client runs.

use std::fmt;
use std::sync::Arc;

use arango_balance::{Candidates, Policy};
use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::call::attempt_request::AttemptRequest;
use crate::types::coordinator::Coordinator;

/// A policy of any type.
pub(crate) type BoxPolicy = Box<dyn Policy<Coordinator, AttemptRequest>>;

/// The policy of a client. Clones share it.
#[derive(Clone)]
pub(crate) struct ReplaceablePolicy(Arc<ArcSwap<BoxPolicy>>);

impl ReplaceablePolicy {
    pub(crate) fn new(policy: BoxPolicy) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(policy)))
    }

    /// Replaces the policy for all later attempts.
    pub(crate) fn replace(&self, policy: BoxPolicy) {
        self.0.store(Arc::new(policy));
    }
}

impl Policy<Coordinator, AttemptRequest> for ReplaceablePolicy {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        request: &AttemptRequest,
        now: Instant,
    ) -> Option<usize> {
        self.0.load().pick(candidates, request, now)
    }

    fn wants_load(&self) -> bool {
        self.0.load().wants_load()
    }
}

impl fmt::Debug for ReplaceablePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceablePolicy").finish_non_exhaustive()
    }
}
