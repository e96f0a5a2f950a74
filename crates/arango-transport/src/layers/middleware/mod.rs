//! Middleware: tower layers supplied by the user.
//!
//! Response bodies and errors of middleware are converted to this crate's types here. The services that
//! middleware wraps are always ready.

pub(crate) mod attempts;
pub(crate) mod calls;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service};

use crate::error::Error;
use crate::error::attempt_error::AttemptError;
use crate::layers::middleware::attempts::ForAttempts;
use crate::layers::middleware::calls::ForCalls;
use crate::pool::body::Body;
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

/// The service that a layer given to [`layer`](crate::TransportBuilder::layer) wraps: whole calls.
pub type CallService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, Error>;

/// The service that an attempt layer wraps: attempts at one coordinator.
///
/// The layer is given to [`attempt_layer`](crate::TransportBuilder::attempt_layer).
pub type AttemptService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, AttemptError>;

/// The service that middleware must produce: cloneable, shareable, over whole requests.
///
/// Implemented for every service that satisfies the bounds.
#[diagnostic::on_unimplemented(
    message = "the layer's service cannot be used as middleware",
    note = "it must be `Clone + Send + Sync + 'static`, take a `Request<Full<Bytes>>`, and return a \
            `Response<B>` or an error that can be boxed"
)]
pub trait MiddlewareService<B>:
    Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S, B> MiddlewareService<B> for S where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The body that middleware may return: any body of bytes.
///
/// Implemented for every body that satisfies the bounds.
pub trait MiddlewareBody: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

impl<B> MiddlewareBody for B where B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

type CallMiddleware = Arc<dyn Fn(CallService) -> CallService + Send + Sync>;
type AttemptMiddleware = Arc<dyn Fn(&Coordinator, AttemptService) -> AttemptService + Send + Sync>;

/// The user's middleware, the outermost layer first.
#[derive(Clone, Default)]
pub(crate) struct Middleware {
    calls: Vec<CallMiddleware>,
    attempts: Vec<AttemptMiddleware>,
}

impl Middleware {
    pub(crate) fn add_call<L, B>(&mut self, layer: L)
    where
        L: Layer<CallService, Service: MiddlewareService<B>> + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.calls.push(Arc::new(move |inner| CallService::new(ForCalls(layer.layer(inner)))));
    }

    pub(crate) fn add_attempt<F, L, B>(&mut self, layer: F)
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: MiddlewareService<B>>,
        B: MiddlewareBody,
    {
        self.attempts.push(Arc::new(move |coordinator, inner| {
            AttemptService::new(ForAttempts(layer(coordinator).layer(inner)))
        }));
    }
}

impl fmt::Debug for Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Middleware")
            .field("calls", &self.calls.len())
            .field("attempts", &self.attempts.len())
            .finish_non_exhaustive()
    }
}
