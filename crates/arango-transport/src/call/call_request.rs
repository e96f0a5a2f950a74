//! The request of one call, on its way through the layers above the attempts.

use std::sync::Arc;

use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::types::coordinator::Coordinator;

/// The request of one call.
#[derive(Debug)]
pub(crate) struct CallRequest {
    pub(crate) context: Arc<CallContext>,
    /// The request as middleware changed it; `None` means the request of the context.
    template: Option<Box<ReplayableRequest>>,
    /// When the layer below gets it.
    pub(crate) now: Instant,
    /// Not to this coordinator, and in one attempt only: a hedged attempt.
    pub(crate) hedge_of: Option<Coordinator>,
}

impl CallRequest {
    /// Creates the request of a call that has just begun, or that continues.
    pub(crate) fn new(context: Arc<CallContext>) -> Self {
        let now = context.started;
        Self { context, template: None, now, hedge_of: None }
    }

    /// Creates the request that middleware passed on.
    pub(crate) fn from_middleware(context: Arc<CallContext>, template: ReplayableRequest) -> Self {
        // Middleware may have taken some time.
        Self { context, template: Some(Box::new(template)), now: Instant::now(), hedge_of: None }
    }

    /// Returns the request of a hedged attempt, at another coordinator than `first`.
    pub(crate) fn hedge(context: Arc<CallContext>, first: Coordinator) -> Self {
        Self { hedge_of: Some(first), ..Self::new(context) }
    }

    /// Returns the parts from which the requests of the attempts are built.
    pub(crate) fn template(&self) -> &ReplayableRequest {
        self.template.as_deref().unwrap_or(&self.context.request)
    }
}
