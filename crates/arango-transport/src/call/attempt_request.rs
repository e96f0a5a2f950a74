//! The request and plan of one attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_protocol::RequestClass;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request};
use http_body_util::Full;
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::replayable_request::{self, ReplayableRequest};
use crate::types::coordinator::Coordinator;
use crate::types::token::Token;

/// One attempt at a coordinator, as policies see it.
///
/// A type instead of a value in the request's extensions: a layer that drops the plan does not compile, and
/// no lookup is needed. Boxed because every layer moves it.
pub struct AttemptRequest(Box<AttemptParts>);

/// A request and its attempt plan.
pub(crate) struct AttemptParts {
    pub(crate) plan: AttemptPlan,
    pub(crate) request: Request<Full<Bytes>>,
}

/// A request that no connection has taken yet.
///
/// Boxed, because it is large, and most of the time of an attempt there is none: while it waits for its response.
pub(crate) enum UnsentRequest {
    /// With the plan of its attempt.
    Planned(Box<AttemptParts>),
    /// A connection has returned it.
    Returned(Box<Request<Full<Bytes>>>),
}

impl UnsentRequest {
    pub(crate) fn request_mut(&mut self) -> &mut Request<Full<Bytes>> {
        match self {
            Self::Planned(parts) => &mut parts.request,
            Self::Returned(request) => request,
        }
    }

    /// Takes the request out of its box, and drops the rest.
    pub(crate) fn into_request(self) -> Request<Full<Bytes>> {
        match self {
            Self::Planned(parts) => parts.request,
            Self::Returned(request) => *request,
        }
    }
}

/// The retry layer's decisions about one attempt.
#[derive(Debug, Clone)]
pub(crate) struct AttemptPlan {
    pub(crate) context: Arc<CallContext>,
    /// The number of the attempt within the call, starting at 1.
    pub(crate) number: u32,
    /// The only coordinator that the attempt may use.
    pub(crate) pin: Option<Coordinator>,
    /// Coordinators that earlier attempts used.
    pub(crate) tried: Vec<Coordinator>,
    /// Whether to use a connection that has carried no request yet.
    pub(crate) new_connection: bool,
    /// The generation of a rejected token. A newer one is required.
    pub(crate) rejected_token: Option<u64>,
    /// The token that the request carries.
    pub(crate) token: Option<Arc<Token>>,
    /// Whether to bypass the pool's connection limit: for internal requests, which must not delay calls in
    /// the wait queue.
    pub(crate) bypass_limit: bool,
    pub(crate) started: Instant,
    /// When the response head must have arrived.
    pub(crate) deadline: Instant,
}

impl AttemptPlan {
    /// Returns the plan of the next attempt of a call, at any coordinator that the call allows.
    #[inline]
    pub(crate) fn new(
        context: &Arc<CallContext>,
        tried: Vec<Coordinator>,
        started: Instant,
        deadline: Instant,
    ) -> Self {
        Self {
            number: context.progress.sends.next_attempt(),
            pin: context.call.pin.clone(),
            tried,
            new_connection: false,
            rejected_token: None,
            token: None,
            bypass_limit: false,
            started,
            deadline,
            context: Arc::clone(context),
        }
    }

    /// Returns the plan of a request that belongs to no call, such as a probe.
    pub(crate) fn untracked(request: &Request<Full<Bytes>>) -> Self {
        let context = CallContext::untracked(request, Duration::MAX);
        let plan = Self::new(&context, Vec::new(), context.started, context.deadline);
        Self { bypass_limit: true, ..plan }
    }
}

impl AttemptRequest {
    #[inline]
    pub(crate) fn new(plan: AttemptPlan, request: Request<Full<Bytes>>) -> Self {
        Self(Box::new(AttemptParts { plan, request }))
    }

    /// Creates the request of an attempt from that of its call. `headers` is an empty map, whose memory is used.
    #[inline]
    pub(crate) fn from_template(plan: AttemptPlan, template: &ReplayableRequest, headers: HeaderMap) -> Self {
        // Completed where it stays, because moving a request is expensive.
        let mut attempt = Self::new(plan, Request::new(template.body()));
        let request = &mut attempt.0.request;
        replayable_request::set(request.headers_mut(), headers);
        template.write_head(request);
        attempt
    }

    /// Returns the request.
    pub fn request(&self) -> &Request<Full<Bytes>> {
        &self.0.request
    }

    /// Returns the name of the call.
    pub fn operation(&self) -> &'static str {
        self.0.plan.context.call.name
    }

    /// Returns the class of the call.
    pub fn class(&self) -> RequestClass {
        self.0.plan.context.call.properties.class
    }

    pub(crate) fn plan(&self) -> &AttemptPlan {
        &self.0.plan
    }

    pub(crate) fn plan_mut(&mut self) -> &mut AttemptPlan {
        &mut self.0.plan
    }

    /// Removes the token, so that the caller can keep it for judging the response.
    pub(crate) fn take_token(&mut self) -> Option<Arc<Token>> {
        self.0.plan.token.take()
    }

    /// Sets the token in the `Authorization` header.
    pub(crate) fn set_token(&mut self, token: Arc<Token>) {
        // A token without a header means that one coordinator required no login. Others may require one.
        if let Some(value) = token.header.clone() {
            self.0.request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.0.plan.token = Some(token);
    }

    /// Makes the attempt use a new connection.
    pub(crate) fn use_new_connection(&mut self) {
        self.0.plan.new_connection = true;
    }

    pub(crate) fn request_mut(&mut self) -> &mut Request<Full<Bytes>> {
        &mut self.0.request
    }

    pub(crate) fn into_parts(self) -> (AttemptPlan, Request<Full<Bytes>>) {
        let AttemptParts { plan, request } = *self.0;
        (plan, request)
    }

    /// Returns request and plan without unboxing them.
    pub(crate) fn into_inner(self) -> Box<AttemptParts> {
        self.0
    }
}

impl fmt::Debug for AttemptRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptRequest")
            .field("operation", &self.operation())
            .field("method", self.0.request.method())
            .field("path", &self.0.request.uri().path())
            .finish_non_exhaustive()
    }
}
