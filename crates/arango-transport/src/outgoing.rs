//! What goes down from the retry layer, a request and the plan of one attempt, and what comes back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_protocol::RequestClass;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;

use crate::record::CallRecord;
use crate::token::Token;
use crate::{Body, Coordinator};

/// One attempt on its way to a coordinator. Policies see it when they pick one.
///
/// A type of its own rather than a value in the request's extensions: a layer that forgot to hand
/// the plan on would not compile, and nothing is looked up. In a box, because it is moved from layer
/// to layer.
pub struct Outgoing(Box<Planned>);

/// What comes back up. In a box for the same reason: it passes every layer on its way.
pub(crate) type Incoming = Box<Response<Body>>;

/// A request and the plan of it.
pub(crate) struct Planned {
    pub(crate) plan: AttemptPlan,
    pub(crate) request: Request<Full<Bytes>>,
}

/// What the retry layer decided about one attempt.
#[derive(Debug, Clone)]
pub(crate) struct AttemptPlan {
    pub(crate) record: Arc<CallRecord>,
    /// Which attempt of the call it is, from one.
    pub(crate) number: u32,
    /// The only coordinator it may go to.
    pub(crate) pin: Option<Coordinator>,
    /// Those that were asked before.
    pub(crate) tried: Vec<Coordinator>,
    /// Use no connection that has carried requests before.
    pub(crate) fresh: bool,
    /// The generation of a token that was refused: a newer one is wanted.
    pub(crate) refused: Option<u64>,
    /// The token that it wears.
    pub(crate) token: Option<Arc<Token>>,
    /// Wait for no permit: it is not a request of the user's, and must not stand in the queue of those.
    pub(crate) unqueued: bool,
    pub(crate) began: Instant,
    /// When the head of the answer must be there.
    pub(crate) until: Instant,
}

impl AttemptPlan {
    /// The plan of a request that is not an attempt of any call: nobody reads its record.
    pub(crate) fn unknown(request: &Request<Full<Bytes>>) -> Self {
        let record = CallRecord::of_no_call(request, Duration::MAX);
        let (began, until) = (record.started, record.deadline);
        Self {
            number: record.copies.next_attempt(),
            record,
            pin: None,
            tried: Vec::new(),
            fresh: false,
            refused: None,
            token: None,
            unqueued: true,
            began,
            until,
        }
    }
}

impl Outgoing {
    pub(crate) fn new(plan: AttemptPlan, request: Request<Full<Bytes>>) -> Self {
        Self(Box::new(Planned { plan, request }))
    }

    /// The request.
    pub fn request(&self) -> &Request<Full<Bytes>> {
        &self.0.request
    }

    /// What the call is named.
    pub fn operation(&self) -> &'static str {
        self.0.plan.record.call.name
    }

    /// The class of the call.
    pub fn class(&self) -> RequestClass {
        self.0.plan.record.call.class
    }

    pub(crate) fn plan(&self) -> &AttemptPlan {
        &self.0.plan
    }

    /// Takes out the token that it wears, for whoever will judge the answer.
    pub(crate) fn take_token(&mut self) -> Option<Arc<Token>> {
        self.0.plan.token.take()
    }

    /// Puts the token on the request.
    pub(crate) fn wears(&mut self, token: Arc<Token>) {
        // Without one, that none is wanted was the word of one coordinator: another may know better.
        if let Some(value) = token.header.clone() {
            self.0.request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.0.plan.token = Some(token);
    }

    /// Has it use no connection that has carried requests before.
    pub(crate) fn on_a_fresh_connection(&mut self) {
        self.0.plan.fresh = true;
    }

    pub(crate) fn request_mut(&mut self) -> &mut Request<Full<Bytes>> {
        &mut self.0.request
    }

    pub(crate) fn into_parts(self) -> (AttemptPlan, Request<Full<Bytes>>) {
        let Planned { plan, request } = *self.0;
        (plan, request)
    }

    /// Both where they are: for who would only carry them along.
    pub(crate) fn into_inner(self) -> Box<Planned> {
        self.0
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("operation", &self.operation())
            .field("method", self.0.request.method())
            .field("path", &self.0.request.uri().path())
            .finish_non_exhaustive()
    }
}
