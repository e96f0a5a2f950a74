//! The trait of load balancing policies.

use std::sync::Arc;

use tokio::time::Instant;

use crate::pick::candidates::Candidates;

/// Picks a member for each attempt.
///
/// It is called once per attempt. Members that were tried before are excluded, so the sequence of picks is the plan of
/// the request. Time is a parameter. A policy should be cheap, take no lock and never wait.
pub trait Policy<K, Req>: Send + Sync {
    /// Picks one of `candidates` by its index; `None` makes the request fail.
    ///
    /// `candidates` is never empty. An index that is out of range counts as `None`.
    fn pick(&self, candidates: &Candidates<'_, K>, request: &Req, now: Instant) -> Option<usize>;

    /// Whether it uses the [`Load`](crate::Load) of members.
    ///
    /// The load is measured only then. Default: no. Called once, when the layer is created.
    fn wants_load(&self) -> bool {
        false
    }
}

impl<K, Req, P: Policy<K, Req> + ?Sized> Policy<K, Req> for Arc<P> {
    fn pick(&self, candidates: &Candidates<'_, K>, request: &Req, now: Instant) -> Option<usize> {
        (**self).pick(candidates, request, now)
    }

    fn wants_load(&self) -> bool {
        (**self).wants_load()
    }
}
