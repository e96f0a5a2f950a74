//! The load balancing policy, which can be replaced while a client runs.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arango_balance::{Candidates, Policy};
use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::call::attempt_request::AttemptRequest;
use crate::types::coordinator::Coordinator;

/// A policy of any type.
pub(crate) type BoxPolicy = Box<dyn Policy<Coordinator, AttemptRequest>>;

/// The policy of a client. Clones share it.
#[derive(Clone)]
pub(crate) struct ReplaceablePolicy(Arc<Policies>);

struct Policies {
    /// The policy of the builder. Kept after it is replaced, so that it can be read without an atomic pointer until then.
    first: BoxPolicy,
    /// The policy that replaced it, if any did.
    replacement: OnceLock<ArcSwap<BoxPolicy>>,
}

impl ReplaceablePolicy {
    pub(crate) fn new(policy: BoxPolicy) -> Self {
        Self(Arc::new(Policies { first: policy, replacement: OnceLock::new() }))
    }

    /// Replaces the policy for all later attempts.
    pub(crate) fn replace(&self, policy: BoxPolicy) {
        let policy = Arc::new(policy);
        self.0.replacement.get_or_init(|| ArcSwap::new(Arc::clone(&policy))).store(policy);
    }

    /// Calls `read` with the present policy.
    #[inline]
    fn with<T>(&self, read: impl FnOnce(&BoxPolicy) -> T) -> T {
        match self.0.replacement.get() {
            None => read(&self.0.first),
            Some(policy) => read(&policy.load()),
        }
    }
}

impl Policy<Coordinator, AttemptRequest> for ReplaceablePolicy {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        request: &AttemptRequest,
        now: Instant,
    ) -> Option<usize> {
        self.with(|policy| policy.pick(candidates, request, now))
    }

    fn wants_load(&self) -> bool {
        self.with(|policy| policy.wants_load())
    }
}

impl fmt::Debug for ReplaceablePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceablePolicy").finish_non_exhaustive()
    }
}
