//! The transport: what sends requests to a cluster.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::{DiscoveryTask, Members, RandomSource, StateChanges};
use arango_protocol::{ApiResponse, DecodeError};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use tower::Service;
use tracing::{Instrument, Span};

use crate::connect::BoxFuture;
use crate::counts::Counts;
use crate::door::CallService;
use crate::lifecycle::Lifecycle;
use crate::meters::Sampler;
use crate::outgoing::Incoming;
use crate::pools::Pools;
use crate::record::CallRecord;
use crate::settings::Live;
use crate::stack::Bare;
use crate::strays::Strays;
use crate::template::Template;
use crate::tls::Handshakes;
use crate::{
    Body, Call, Coordinator, Error, ErrorKind, HostList, TransportBuilder, Zones, deadline, framing, meters,
    rejection, trace,
};

/// Sends requests to the coordinators of a cluster.
///
/// A tower [`Service`] that is always ready, and cheap to clone: all clones share one set of
/// connection pools. Requests name a path and no host. It can be made without a runtime, kept in a
/// `static` and used from several runtimes; each connection stays on the runtime that opened it.
///
/// Dropping a future abandons its call: the connection is closed, and a coordinator that had the
/// request already executes it nevertheless. Dropping the last clone lets running calls finish.
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
/// let answer = transport.oneshot(request).await?;
/// println!("{}", answer.status());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Transport(pub(crate) Arc<Inner>);

/// A request that is ready to be sent by the transport that has prepared it.
#[derive(Debug)]
#[must_use = "nothing is sent before it is asked"]
pub struct Prepared(Arc<CallRecord>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) bare: Bare,
    pub(crate) layered: Option<CallService>,
    pub(crate) members: Members<Coordinator>,
    pub(crate) pools: Pools,
    pub(crate) settings: Live,
    pub(crate) handshakes: Arc<Handshakes>,
    pub(crate) strays: Strays,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) zones: Zones,
    pub(crate) jitter: Arc<dyn RandomSource>,
    pub(crate) sampler: Sampler,
    /// Present if other coordinators are looked for.
    pub(crate) discoverer: OnceLock<DiscoveryTask<Coordinator>>,
}

impl Transport {
    /// Begins a transport to `hosts`: one string with commas, or a list.
    pub fn builder(hosts: impl Into<HostList>) -> TransportBuilder {
        TransportBuilder::new(hosts.into())
    }

    /// Sends a request of which more is known than its method tells.
    ///
    /// The extensions of the answer hold the [`Coordinator`] that gave it, for what lives there from then on.
    ///
    /// # Errors
    ///
    /// If no coordinator could be made to answer, or if it answered with a redirect or a status
    /// of 400 or more that the call does not declare to be an answer. The error tells whether the request may
    /// have been executed.
    pub fn send(
        &self,
        request: Request<Full<Bytes>>,
        call: Call,
    ) -> impl Future<Output = Result<Response<Body>, Error>> + Send {
        let record = self.record(request, call);
        async move {
            let result = self.run(Arc::clone(&record)).await;
            self.ended(&record, result.as_ref().err());
            let mut response = *result?;
            if let Some(coordinator) = record.coordinator() {
                response.extensions_mut().insert(coordinator);
            }
            Ok(response)
        }
    }

    /// Sends a request and reads its answer as a whole with `read`.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and if `read` finds that the answer is not what it expects.
    pub fn ask<T>(
        &self,
        request: Request<Full<Bytes>>,
        call: Call,
        read: impl Fn(ApiResponse) -> Result<T, DecodeError>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.ask_prepared(self.prepare(request, call), read)
    }

    /// Gets a request ready for [`ask_prepared`](Self::ask_prepared). Its time begins now.
    ///
    /// What is left of it is one pointer wide, so a future that waits for the answer carries neither it nor what it was
    /// made of.
    pub fn prepare(&self, request: Request<impl Into<Full<Bytes>>>, mut call: Call) -> Prepared {
        call.streaming = false; // an answer is whole
        call.is_read = true;
        Prepared(self.record(request, call))
    }

    /// Sends a request that was [prepared](Self::prepare), as [`ask`](Self::ask) does.
    ///
    /// An answer that `read` does not take, and that nothing shows to be ArangoDB's, has the request sent to another
    /// coordinator where its class allows that: `read` is then called once more.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub async fn ask_prepared<T>(
        &self,
        Prepared(record): Prepared,
        read: impl Fn(ApiResponse) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let failed = match self.run(Arc::clone(&record)).await {
            Ok(response) => match read(whole(*response)) {
                // Handed on at once: what is kept for later is moved once more.
                Ok(output) => {
                    self.0.bare.rules.accept(&record);
                    self.ended(&record, None);
                    return Ok(output);
                }
                Err(error) => match Box::pin(self.reject(Arc::clone(&record), error, &read)).await {
                    Ok(output) => {
                        self.ended(&record, None);
                        return Ok(output);
                    }
                    Err(error) => error,
                },
            },
            Err(error) => error,
        };
        self.ended(&record, Some(&failed));
        Err(failed)
    }

    /// Goes on after an answer that is not the success of its call: elsewhere, if ArangoDB may not have written it and
    /// the class of the request allows that.
    #[cold]
    async fn reject<T>(
        &self,
        mut record: Arc<CallRecord>,
        mut error: DecodeError,
        read: &impl Fn(ApiResponse) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        loop {
            if !rejection::is_foreign(&record, &error) {
                return Err(Error::decode(&record, error));
            }
            record = self.0.bare.rules.resume(&record, error);
            let response = self.run(Arc::clone(&record)).await?;
            match read(whole(*response)) {
                Ok(output) => {
                    self.0.bare.rules.accept(&record);
                    return Ok(output);
                }
                Err(another) => error = another,
            }
        }
    }

    /// Counts a call that has ended.
    #[inline]
    fn ended(&self, record: &CallRecord, failed: Option<&Error>) {
        self.counts().call(failed.map(Error::outcome));
        meters::called(record, failed);
        self.0.sampler.tick(record.started, self);
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.bare.rules.counts
    }

    pub(crate) fn under_way(&self) -> usize {
        self.0.lifecycle.under_way()
    }

    pub(crate) fn retries_left(&self) -> u64 {
        self.0.bare.rules.decider.budget.left(Instant::now())
    }

    // Outside of the futures, which would carry what is only moved into the record along for good.
    fn record(&self, request: Request<impl Into<Full<Bytes>>>, call: Call) -> Arc<CallRecord> {
        CallRecord::new(call, Template::of(request), self.0.settings.now(), &self.0.strays)
    }

    async fn run(&self, record: Arc<CallRecord>) -> Result<Incoming, Error> {
        let of = |template: &Template| (template.method.clone(), template.uri.path().to_owned());
        let Some(_running) = self.0.lifecycle.begin() else {
            let (method, path) = of(&record.template);
            return Err(Error::closed(&record.call, method, path));
        };
        if Handle::try_current().is_err() {
            let (method, path) = of(&record.template);
            return Err(Error::no_runtime(&record.call, method, path));
        }
        if let Err(error) = framing::checked(record.template.headers()) {
            let (method, path) = of(&record.template);
            return Err(Error::request(&record.call, method, &path, error));
        }
        if let Some(discoverer) = self.0.discoverer.get() {
            discoverer.ensure_running();
        }
        let span = trace::span(&record);
        let least = if record.is_resumed { None } else { self.0.bare.waits_alone_for(&record) };
        let result = match (&self.0.layered, least) {
            // The usual case, without what instrumenting costs where nobody listens.
            (None, None) if span.is_disabled() => {
                self.0.bare.send(Arc::clone(&record), None, record.started).await
            }
            (None, None) => {
                self.0.bare.send(Arc::clone(&record), None, record.started).instrument(span.clone()).await
            }
            (None, Some(least)) => self.race(Arc::clone(&record), least, span.clone()).await,
            (Some(layered), _) => {
                let answer = Box::pin(self.through(layered.clone(), record));
                answer.instrument(span.clone()).await.map(Box::new)
            }
        };
        trace::ended(&span, &result);
        if let Err(error) = &result
            && error.kind() == ErrorKind::NoCoordinatorAvailable
        {
            self.0.members.refresh_discovery();
        }
        result
    }

    // Seldom, and large: no future of ours has room for it.
    #[cold]
    fn race(
        &self,
        record: Arc<CallRecord>,
        least: Duration,
        span: Span,
    ) -> BoxFuture<'_, Result<Incoming, Error>> {
        let began = record.started;
        Box::pin(self.0.bare.race(record, None, began, least).instrument(span))
    }

    /// Sends a request through the user's layers around calls.
    ///
    /// They are not ours, so the record rides with the request and the deadline is watched from
    /// outside.
    async fn through(
        &self,
        mut layered: CallService,
        record: Arc<CallRecord>,
    ) -> Result<Response<Body>, Error> {
        let ending = Ending(&record);
        let mut request = record.template.request();
        request.extensions_mut().insert(Arc::clone(&record));
        let result = deadline::within(&record, self.whole(layered.call(request), &record)).await;
        drop(ending);
        // What was sent until now counts, whoever sent it.
        result.map_err(|error| error.at_least(record.worst()))
    }

    /// Reads what a layer of the user's made of the body: it still belongs to the call.
    async fn whole(
        &self,
        answer: impl Future<Output = Result<Response<Body>, Error>>,
        record: &CallRecord,
    ) -> Result<Response<Body>, Error> {
        let mut response = answer.await?;
        if record.call.streaming {
            return Ok(response);
        }
        let (status, limits) = (response.status(), &record.settings.limits);
        match response.body_mut().make_whole(limits.body_bytes, limits.body_idle, record.deadline).await {
            Ok(()) => Ok(response),
            Err(cut) => Err(Error::cut_short(record, status, cut)),
        }
    }

    /// Closes the client, with all its clones: from this on every new call fails with
    /// [`ErrorKind::ClientClosed`](crate::ErrorKind::ClientClosed), and nothing of it is sent.
    ///
    /// The future waits until the calls that are under way have ended, bodies that are handed over as they come
    /// included, but no longer than `grace`. Those that have not ended by then fail: their connections are closed,
    /// and what a coordinator has read it executes nevertheless, so their outcome tells what is known. At the end
    /// all connections are closed.
    ///
    /// The future need not be awaited, and no runtime is needed if it is not: then calls under way go on to their
    /// end, and idle connections are closed. Awaited outside of a tokio runtime it gives no grace. Closing twice is the same as closing once, with the shorter grace.
    pub fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.0);
        shared.lifecycle.close();
        shared.members.end_probes();
        shared.discoverer.get().into_iter().for_each(DiscoveryTask::end);
        for pool in shared.pools.all() {
            pool.retire();
        }
        async move {
            let ended = async {
                shared.lifecycle.idle().await;
                for pool in shared.pools.all() {
                    pool.drained().await;
                }
            };
            // Without a runtime there is no clock to wait by.
            let has_clock = Handle::try_current().is_ok();
            let in_time = has_clock && timeout(grace, ended).await.is_ok();
            shared.lifecycle.end();
            for pool in shared.pools.all() {
                pool.abort();
            }
            if !in_time && has_clock {
                // Each of them has what it needs to end at once, but may be kept by one who does not poll it.
                timeout(LAST_WORDS, shared.lifecycle.idle()).await.ok();
            }
        }
    }

    /// Spares a coordinator that is about to go, as if it had said so: for a while it takes only what nobody else can
    /// take, and what is pinned to it. One that is not of this transport is nobody's concern.
    ///
    /// For whoever sends it away: a coordinator in a soft shutdown does not say so, and is well until it ends. If it stays,
    /// its probe brings it back at the end of [the term](arango_balance::HealthPolicy::leaving); if it is seen gone, as
    /// soon as it is there again.
    pub fn spare(&self, coordinator: &Coordinator) {
        let members = self.0.members.snapshot();
        if let Some(member) = members.iter().find(|member| member.key() == coordinator) {
            member.drain(Instant::now());
        }
    }

    /// Where chance comes from, for pauses that are made above.
    pub fn jitter(&self) -> &dyn RandomSource {
        &*self.0.jitter
    }

    /// Subscribes to the changes of the coordinators' standings from now on: who is taken out of the rotation, is
    /// spared, and comes back, when and why.
    ///
    /// The subscription keeps neither the client nor a call waiting.
    pub fn subscribe(&self) -> StateChanges<Coordinator> {
        self.0.members.subscribe()
    }
}

impl Service<Request<Full<Bytes>>> for Transport {
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let call = request.extensions_mut().remove::<Call>();
        let call = call.unwrap_or_else(|| Call::of_method(request.method()));
        let transport = self.clone();
        Box::pin(async move { transport.send(request, call).await })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("coordinators", &self.coordinators())
            .field("limits", &self.0.settings.now().limits)
            .finish_non_exhaustive()
    }
}

/// A whole answer.
fn whole(response: Response<Body>) -> ApiResponse {
    let (parts, mut body) = response.into_parts();
    let bytes = body.take_whole().expect("the body of a call that is not streaming was read");
    ApiResponse::new(parts.status, parts.headers, bytes)
}

/// How long calls that outlast the grace of a client may take to notice.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Ends a call with all its copies, also if its future is dropped: a layer may have handed some to tasks
/// of its own, and none of those is to be sent from then on.
struct Ending<'a>(&'a CallRecord);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.copies.end_all();
    }
}
