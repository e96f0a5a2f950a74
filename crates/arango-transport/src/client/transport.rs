//! The transport.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use arango_balance::{Members, RandomSource};
use arango_protocol::{ApiResponse, Outcome, OutputError};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tower::Service;

use crate::call::Call;
use crate::call::call_request::CallRequest;
use crate::call::context::CallContext;
use crate::call::lifecycle::{Lifecycle, RunningCall};
use crate::call::replayable_request::ReplayableRequest;
use crate::call::settings::SharedSettings;
use crate::client::builder::TransportBuilder;
use crate::client::call_future::CallFuture;
use crate::client::discovery_task::DiscoveryHandle;
use crate::client::gauges::Sampler;
use crate::client::stack::Stack;
use crate::client::streamed_call::StreamedCall;
use crate::client::streamed_response::StreamedResponse;
use crate::error::Error;
use crate::error::attempt::Attempt;
use crate::layers::replaceable_policy::ReplaceablePolicy;
use crate::layers::retry::RetryState;
use crate::pool::body::Body;
use crate::pool::pools::Pools;
use crate::telemetry::metrics;
use crate::tls::Handshakes;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;
use crate::types::hosts::HostList;
use crate::types::zones::Zones;

/// Sends requests to the coordinators of a cluster.
///
/// A tower [`Service`] that is always ready, and cheap to clone: all clones share one set of connection
/// pools. Requests contain a path and no host. A transport can be created without a runtime, kept in a
/// `static` and used from several runtimes; each connection stays on the runtime that opened it.
///
/// Dropping a future abandons its call: the connection is closed, but a coordinator that has received the
/// request still executes it. Dropping the last clone lets running calls finish.
///
/// ```no_run
/// use arango_transport::{Credentials, Transport};
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use tower::ServiceExt;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::builder("http://one:8529,http://two:8529")
///     .credentials(Credentials::basic("root", "passwd"))
///     .build()?;
/// let request = Request::get("/_api/version").body(Full::<Bytes>::default())?;
/// let response = transport.oneshot(request).await?;
/// println!("{}", response.status());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Transport(pub(crate) Arc<Inner>);

/// A request prepared by a transport, ready to be sent by it.
#[derive(Debug)]
#[must_use = "a prepared request is not sent until it is passed to `send_prepared` or `send_undecoded`"]
#[doc(hidden)] // for the crate `arango`
pub struct PreparedRequest(pub(super) Arc<CallContext>);

impl PreparedRequest {
    /// Returns the coordinator that has responded; `None` if middleware responded itself.
    #[doc(hidden)] // for the crate `arango`
    pub fn coordinator(&self) -> Option<Coordinator> {
        self.0.attempts.coordinator()
    }
}

/// The state shared by all clones.
pub(crate) struct Inner {
    pub(crate) stack: Stack,
    pub(crate) retry: Arc<RetryState>,
    pub(crate) policy: ReplaceablePolicy,
    pub(crate) members: Members<Coordinator>,
    pub(crate) pools: Pools,
    pub(crate) settings: SharedSettings,
    pub(crate) handshakes: Arc<Handshakes>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) zones: Zones,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) sampler: Sampler,
    /// The discovery task, if discovery is enabled.
    pub(crate) discovery_task: OnceLock<Box<dyn DiscoveryHandle>>,
}

impl Transport {
    /// Creates a builder for a transport to `hosts`.
    ///
    /// These are a comma-separated string or a list.
    pub fn builder(hosts: impl Into<HostList>) -> TransportBuilder {
        TransportBuilder::new(hosts.into())
    }

    /// Sends a request with the given call metadata and returns the response.
    ///
    /// The extensions of the response contain the [`Coordinator`] that sent it, for resources that live
    /// there.
    ///
    /// # Errors
    ///
    /// If no coordinator responded, or if the response is a redirect or has a status of 400 or more that the
    /// call does not declare as a success. The error reports whether the request may have been executed.
    pub fn send(
        &self,
        request: Request<Full<Bytes>>,
        call: Call,
    ) -> impl Future<Output = Result<Response<Body>, Error>> + Send {
        let context = self.record(request, call);
        async move {
            let result = self.start(Arc::clone(&context)).await;
            let is_streamed = context.call.streaming && result.is_ok();
            if !is_streamed {
                self.record_end(&context, result.as_ref().err());
            }
            let mut response = *result?;
            if is_streamed {
                self.streamed_call(&context).observe(response.body_mut());
            }
            if let Some(coordinator) = context.attempts.coordinator() {
                response.extensions_mut().insert(coordinator);
            }
            Ok(response)
        }
    }

    /// Sends a request, buffers the response and decodes it with `read`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and if `read` rejects the response.
    pub fn send_and_decode<T>(
        &self,
        request: Request<Full<Bytes>>,
        call: Call,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.send_prepared(self.prepare(request, call), read)
    }

    /// Prepares a request for [`send_prepared`](Self::send_prepared). Its time limits start now.
    ///
    /// The result is one pointer wide, so a future that waits for the response stays small.
    #[doc(hidden)] // for the crate `arango`
    pub fn prepare(&self, request: Request<impl Into<Full<Bytes>>>, mut call: Call) -> PreparedRequest {
        call.streaming = false; // the response is decoded as a whole
        call.has_body = true;
        PreparedRequest(self.record(request, call))
    }

    /// Sends a [prepared](Self::prepare) request, buffers the response and decodes it with `read`.
    ///
    /// If `read` rejects a response that is not recognizably from ArangoDB, the request is sent to another
    /// coordinator if its class allows that. `read` is then called again.
    ///
    /// # Errors
    ///
    /// As [`send_and_decode`](Self::send_and_decode).
    #[doc(hidden)] // for the crate `arango`
    pub fn send_prepared<T>(
        &self,
        PreparedRequest(context): PreparedRequest,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.send_and_read(context, move |_, response| read(response))
    }

    /// Sends a [prepared](Self::prepare) request, and returns the attempts that failed before the response, too.
    ///
    /// One of them may have been executed, and the response may be about its effect.
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared).
    #[doc(hidden)] // for the crate `arango`
    pub fn send_prepared_with_attempts<T>(
        &self,
        PreparedRequest(context): PreparedRequest,
        read: impl Fn(ApiResponse) -> Result<T, OutputError>,
    ) -> impl Future<Output = Result<(T, Vec<Attempt>), Error>> {
        self.send_and_read(context, move |context, response| Ok((read(response)?, context.attempts.failed())))
    }

    /// Sends a [prepared](Self::prepare) request, and returns the response when its head has arrived.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[doc(hidden)] // for the crate `arango`
    pub async fn send_streaming(
        &self,
        PreparedRequest(mut context): PreparedRequest,
    ) -> Result<StreamedResponse, Error> {
        let unsent = Arc::get_mut(&mut context).expect("a prepared request is not shared before it is sent");
        (unsent.call.streaming, unsent.call.has_body) = (true, false);
        match self.start(Arc::clone(&context)).await {
            Ok(response) => Ok(StreamedResponse::new(self.streamed_call(&context), context, response)),
            Err(error) => {
                self.record_end(&context, Some(&error));
                Err(error)
            }
        }
    }

    /// Returns the random source, for pauses in code above the transport.
    #[doc(hidden)] // for the crate `arango`
    pub fn random(&self) -> &dyn RandomSource {
        &*self.0.random
    }

    /// Records how many rows a query has returned.
    #[doc(hidden)] // for the crate `arango`
    pub fn record_rows(&self, rows: u64) {
        metrics::returned(rows);
    }

    /// Counts a call that has ended.
    #[inline]
    pub(super) fn record_end(&self, context: &CallContext, failed: Option<&Error>) {
        let mut failed = failed.map(|error| (error.outcome(), error.kind()));
        self.0.sampler.tick(context.started, self);
        if context.call.prepares().is_some() {
            // For the program, the call goes on after a success, and nothing was executed of one that fails here.
            let Some((outcome, _)) = &mut failed else { return };
            *outcome = Outcome::NotExecuted;
        }
        self.counts().call(failed.map(|(outcome, _)| outcome));
        metrics::called(context, failed);
    }

    /// Returns what counts a call when the body of its response has ended.
    fn streamed_call(&self, context: &Arc<CallContext>) -> StreamedCall {
        self.0.sampler.tick(context.started, self);
        StreamedCall::new(self.counts().clone(), self.0.lifecycle.clone(), Arc::clone(context))
    }

    // Outside of the futures, which would otherwise keep the moved arguments for their whole lifetime.
    fn record(&self, request: Request<impl Into<Full<Bytes>>>, call: Call) -> Arc<CallContext> {
        CallContext::new(call, request, self.0.settings.load())
    }

    /// Starts a call. Not async: see [`CallFuture`].
    pub(super) fn start(&self, context: Arc<CallContext>) -> CallFuture<'_> {
        match self.admit(&context) {
            Ok(running) => CallFuture::new(&self.0.stack, CallRequest::new(context), running),
            Err(error) => CallFuture::refused(error),
        }
    }

    /// Counts a call as running.
    ///
    /// # Errors
    ///
    /// If it cannot be sent: the transport is closed, there is no runtime, or the request has headers that only the
    /// transport may set.
    #[inline]
    fn admit(&self, context: &CallContext) -> Result<RunningCall<'_>, Error> {
        let of = |request: &ReplayableRequest| (request.method.clone(), request.path().to_owned());
        let Some(running) = self.0.lifecycle.begin() else {
            let (method, path) = of(&context.request);
            return Err(Error::closed(&context.call, method, path));
        };
        if Handle::try_current().is_err() {
            let (method, path) = of(&context.request);
            return Err(Error::without_runtime(&context.call, method, &path, Outcome::NotExecuted));
        }
        if let Err(error) = context.request.reject_framing() {
            let (method, path) = of(&context.request);
            return Err(Error::request(&context.call, method, &path, error));
        }
        if let Some(discoverer) = self.0.discovery_task.get() {
            discoverer.ensure_running();
        }
        Ok(running)
    }
}

impl Service<Request<Full<Bytes>>> for Transport {
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let call = request.extensions_mut().remove::<Call>();
        let call = call.unwrap_or_else(|| Call::from_method(request.method()));
        let transport = self.clone();
        Box::pin(async move { transport.send(request, call).await })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("coordinators", &self.coordinators())
            .field("limits", &self.0.settings.load().limits)
            .finish_non_exhaustive()
    }
}
