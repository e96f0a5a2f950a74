//! Which coordinators support the operation of a call.

use std::fmt;
use std::time::Duration;

use crate::error::unsupported::Unsupported;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;

/// Knows which coordinators support the operation of a call.
///
/// During a rolling upgrade some coordinators support an operation and some do not.
#[doc(hidden)] // for the crate `arango`
pub trait Support: fmt::Debug + Send + Sync {
    /// Returns what a coordinator certainly lacks, as far as its version is known.
    fn lacks(&self, coordinator: &Coordinator) -> Option<Unsupported>;

    /// Finds out what a coordinator that refused the request certainly lacks, within `limit`.
    fn find_lacking<'a>(
        &'a self,
        coordinator: &'a Coordinator,
        limit: Duration,
    ) -> BoxFuture<'a, Option<Unsupported>>;
}
