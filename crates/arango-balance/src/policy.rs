//! Who is next?

use std::sync::Arc;

use tokio::time::Instant;

use crate::Candidates;

/// Chooses among the members that may be asked.
///
/// It is asked once for each attempt, with the members that were tried before masked; that
/// sequence is the plan of the request. Time is handed in. A policy should be cheap, take no lock
/// and never wait.
pub trait Policy<K, Req>: Send + Sync {
    /// Picks one of `candidates` by its index, or `None` to have the request fail.
    ///
    /// `candidates` is never empty. An index that is none of theirs counts as `None`.
    fn pick(&self, candidates: &Candidates<'_, K>, request: &Req, now: Instant) -> Option<usize>;

    /// Whether it looks at the [`Load`](crate::Load) of members, so that it is worth measuring. Default: no.
    ///
    /// Asked once, when the layer is made.
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
