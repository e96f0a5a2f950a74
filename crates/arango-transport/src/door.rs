//! The two doors for layers of the user's own.
//!
//! Whatever such a layer makes of the answer's body or of the error is brought back to our types
//! here, and nowhere else. Within, a layer of the user's sees services that are always ready.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tower::util::{BoxCloneSyncService, Either};
use tower::{Layer, Service, ServiceExt};

use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::error::BEREFT;
use crate::outgoing::{AttemptPlan, Incoming};
use crate::record::CallRecord;
use crate::strays::Strays;
use crate::{Body, BoxError, Coordinator, Error, ErrorKind, Outcome, Outgoing, Phase, framing};

/// What a layer given to [`layer`](crate::TransportBuilder::layer) wraps: whole calls.
pub type CallService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, Error>;

/// What a layer given to [`attempt_layer`](crate::TransportBuilder::attempt_layer) wraps: attempts at
/// one coordinator.
pub type AttemptService = BoxCloneSyncService<Request<Full<Bytes>>, Response<Body>, AttemptError>;

/// What a layer of the user's must make: a service that can be cloned and shared, over whole requests.
///
/// Implemented by every service that fits; there is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "the layer's service does not fit this door",
    note = "it must be `Clone + Send + Sync + 'static`, take a `Request<Full<Bytes>>`, and answer with a \
            `Response<B>` or an error that can be boxed"
)]
pub trait DoorService<B>:
    Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S, B> DoorService<B> for S where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// What such a service may answer with: any body of bytes.
///
/// Implemented by every body that fits; there is nothing to implement.
pub trait DoorBody: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

impl<B> DoorBody for B where B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static {}

type CallDoor = Arc<dyn Fn(CallService) -> CallService + Send + Sync>;
type AttemptDoor = Arc<dyn Fn(&Coordinator, AttemptService) -> AttemptService + Send + Sync>;

/// The layers of the user's own, the outermost first.
#[derive(Clone, Default)]
pub(crate) struct Doors {
    calls: Vec<CallDoor>,
    attempts: Vec<AttemptDoor>,
    /// Shared by all that the doors are put around.
    pub(crate) strays: Strays,
}

impl Doors {
    pub(crate) fn add_call<L, B>(&mut self, layer: L)
    where
        L: Layer<CallService, Service: DoorService<B>> + Send + Sync + 'static,
        B: DoorBody,
    {
        self.calls.push(Arc::new(move |inner| CallService::new(ForCalls(layer.layer(inner)))));
    }

    pub(crate) fn add_attempt<F, L, B>(&mut self, layer: F)
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: DoorService<B>>,
        B: DoorBody,
    {
        self.attempts.push(Arc::new(move |coordinator, inner| {
            AttemptService::new(ForAttempts(layer(coordinator).layer(inner)))
        }));
    }

    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Puts the layers for calls around `service`.
    pub(crate) fn around_calls(&self, service: CallService) -> CallService {
        self.calls.iter().rev().fold(service, |inner, door| door(inner))
    }

    /// Puts the layers for attempts at `coordinator` around `service`, if there are any.
    pub(crate) fn around_attempts<S>(&self, coordinator: &Coordinator, service: S) -> Either<Enter, S>
    where
        S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        if self.attempts.is_empty() {
            return Either::Right(service);
        }
        let inner = AttemptService::new(Leave { inner: service });
        Either::Left(Enter(self.attempts.iter().rev().fold(inner, |inner, door| door(coordinator, inner))))
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doors")
            .field("calls", &self.calls.len())
            .field("attempts", &self.attempts.len())
            .finish_non_exhaustive()
    }
}

/// A user's layer around whole calls.
#[derive(Debug, Clone)]
struct ForCalls<S>(S);

impl<S, B> Service<Request<Full<Bytes>>> for ForCalls<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + DoorService<B>,
    B: DoorBody,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    // Readiness is part of the call, where the deadline holds for it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        // The record is read back when the layer answers with an error of its own: by then the
        // request is gone, but how far it got is on record. Without one the error is about a request
        // that nobody knows; the outermost door raises its outcome to what is known.
        let record = request.extensions().get::<Arc<CallRecord>>().cloned();
        let record = record.unwrap_or_else(|| CallRecord::of_no_call(&request, Duration::ZERO));
        let inner = self.0.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => Ok(response.map(Body::from_foreign)),
                Err(error) => match error.into().downcast::<Error>() {
                    Ok(ours) => Err(*ours),
                    Err(foreign) => Err(Error::cut_off(&record, ErrorKind::Middleware, Some(foreign))),
                },
            }
        })
    }
}

/// A user's layer around attempts.
#[derive(Debug, Clone)]
struct ForAttempts<S>(S);

impl<S, B> Service<Request<Full<Bytes>>> for ForAttempts<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + DoorService<B>,
    B: DoorBody,
{
    type Response = Response<Body>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Body>, AttemptError>>;

    // Readiness is part of the call, where the attempt's limit holds for it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move {
            match inner.oneshot(request).await {
                Ok(response) => Ok(response.map(Body::from_foreign)),
                Err(error) => Err(AttemptError::from_foreign(error.into())),
            }
        })
    }
}

/// The way into the user's layers around attempts: the plan rides in the extensions of the request.
#[derive(Debug, Clone)]
pub(crate) struct Enter(AttemptService);

impl Service<Outgoing> for Enter {
    type Response = Incoming;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Incoming, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, outgoing: Outgoing) -> Self::Future {
        let (plan, mut request) = outgoing.into_parts();
        request.extensions_mut().insert(plan);
        let answer = self.0.call(request);
        Box::pin(async move { answer.await.map(Box::new) })
    }
}

/// The way out of them again.
#[derive(Debug, Clone)]
struct Leave<S> {
    inner: S,
}

impl<S> Service<Request<Full<Bytes>>> for Leave<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Response<Body>, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let Some(plan) = request.extensions_mut().remove::<AttemptPlan>() else {
            let lost = AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(lost.because(BEREFT))));
        };
        if let Err(error) = framing::checked(request.headers()) {
            let refused = AttemptError::new(ErrorKind::Request, Outcome::NotExecuted, Phase::Waiting);
            return Box::pin(std::future::ready(Err(refused.because(error))));
        }
        plan.record.handed_on(request.headers());
        let answer = self.inner.call(Outgoing::new(plan, request));
        Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(AttemptError::new(ErrorKind::NoRuntime, Outcome::NotExecuted, Phase::Waiting));
            }
            answer.await.map(|response| *response)
        })
    }
}
