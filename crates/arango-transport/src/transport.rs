//! The transport: what sends requests to a cluster.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::{Changes, Members, Standing, Verdict};
use arango_protocol::{Answer, DecodeError};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
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
use crate::stack::Bare;
use crate::strays::Strays;
use crate::template::Template;
use crate::{
    Body, Call, Coordinator, Error, HostList, Limits, TransportBuilder, Zones, deadline, meters, trace,
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
pub struct Transport {
    bare: Bare,
    layered: Option<CallService>,
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) members: Members<Coordinator>,
    pub(crate) pools: Pools,
    pub(crate) limits: Limits,
    pub(crate) strays: Strays,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) zones: Zones,
    pub(crate) sampler: Sampler,
}

impl Transport {
    /// Begins a transport to `hosts`: one string with commas, or a list.
    pub fn builder(hosts: impl Into<HostList>) -> TransportBuilder {
        TransportBuilder::new(hosts.into())
    }

    pub(crate) fn assembled(bare: Bare, layered: Option<CallService>, shared: Shared) -> Self {
        Self { bare, layered, shared: Arc::new(shared) }
    }

    /// Sends a request of which more is known than its method tells.
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
            result.map(|response| *response)
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
        mut call: Call,
        read: impl FnOnce(Answer) -> Result<T, DecodeError>,
    ) -> impl Future<Output = Result<T, Error>> {
        call.streaming = false; // an answer is whole
        let record = self.record(request, call);
        async move {
            let result = match self.run(Arc::clone(&record)).await {
                Ok(response) => {
                    let (parts, mut body) = response.into_parts();
                    let bytes = body.take_whole().expect("the body of a call that is not streaming was read");
                    let answer = Answer::new(parts.status, parts.headers, bytes);
                    read(answer).map_err(|error| Error::decode(&record, error))
                }
                Err(error) => Err(error),
            };
            self.ended(&record, result.as_ref().err());
            result
        }
    }

    /// Counts a call that has ended.
    #[inline]
    fn ended(&self, record: &CallRecord, failed: Option<&Error>) {
        self.counts().call(failed.map(Error::outcome));
        meters::called(record, failed);
        self.shared.sampler.tick(record.started, self);
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.bare.rules.counts
    }

    pub(crate) fn under_way(&self) -> usize {
        self.shared.lifecycle.under_way()
    }

    pub(crate) fn retries_left(&self) -> u64 {
        self.bare.rules.decider.budget.left(Instant::now())
    }

    // Outside of the futures, which would carry what is only moved into the record along for good.
    fn record(&self, request: Request<Full<Bytes>>, call: Call) -> Arc<CallRecord> {
        CallRecord::new(call, Template::of(request), self.shared.limits.total, &self.shared.strays)
    }

    async fn run(&self, record: Arc<CallRecord>) -> Result<Incoming, Error> {
        let Some(_running) = self.shared.lifecycle.begin() else {
            let template = &record.template;
            let path = template.uri.path().to_owned();
            return Err(Error::closed(&record.call, template.method.clone(), path));
        };
        let span = trace::span(&record);
        let result = match (&self.layered, self.bare.waits_alone_for(&record)) {
            // The usual case, without what instrumenting costs where nobody listens.
            (None, None) if span.is_disabled() => {
                self.bare.send(Arc::clone(&record), None, record.started).await
            }
            (None, None) => {
                self.bare.send(Arc::clone(&record), None, record.started).instrument(span.clone()).await
            }
            (None, Some(least)) => self.race(Arc::clone(&record), least, span.clone()).await,
            (Some(layered), _) => {
                let answer = Box::pin(self.through(layered.clone(), record));
                answer.instrument(span.clone()).await.map(Box::new)
            }
        };
        trace::ended(&span, &result);
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
        Box::pin(self.bare.race(record, None, began, least).instrument(span))
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
        let response = answer.await?;
        if record.call.streaming || response.body().is_whole() {
            return Ok(response);
        }
        let limits = &self.shared.limits;
        let (parts, body) = response.into_parts();
        match body.read_whole(limits.body_bytes, limits.body_idle, record.deadline).await {
            Ok(bytes) => Ok(Response::from_parts(parts, Body::whole(bytes))),
            Err(cut) => Err(Error::cut_short(record, parts.status, cut)),
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
    /// end, and idle connections are closed. Closing twice is the same as closing once, with the shorter grace.
    pub fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        shared.lifecycle.close();
        shared.members.end_probes();
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
            let in_time = timeout(grace, ended).await.is_ok();
            shared.lifecycle.end();
            for pool in shared.pools.all() {
                pool.abort();
            }
            if !in_time {
                // Each of them has what it needs to end at once, but may be kept by one who does not poll it.
                timeout(LAST_WORDS, shared.lifecycle.idle()).await.ok();
            }
        }
    }

    /// Spares a coordinator that is about to go, as if it had said so: for a while it takes only what nobody else can
    /// take, and what is pinned to it. One that is not of this transport is nobody's concern.
    ///
    /// For whoever sends it away: a coordinator in a soft shutdown does not say so. If it stays, its probe brings it
    /// back at the end of [the term](arango_balance::HealthPolicy::leaving).
    pub fn spare(&self, coordinator: &Coordinator) {
        let members = self.shared.members.snapshot();
        if let Some(member) = members.iter().find(|member| member.key() == coordinator) {
            member.report(Verdict::Leaving, Instant::now());
        }
    }

    /// Tells of each coordinator, in the order in which they were named.
    pub fn coordinators(&self) -> Vec<CoordinatorState> {
        let (members, now) = (self.shared.members.snapshot(), Instant::now());
        members
            .iter()
            .map(|member| {
                let pool = self.shared.pools.of(member);
                let (status, load) = (member.status(), member.load(now));
                CoordinatorState {
                    address: member.key().clone(),
                    zone: self.shared.zones.of(member.key()),
                    requests: member.requests(),
                    in_flight: member.in_flight(),
                    open_connections: pool.open(),
                    connections_opened: pool.opened(),
                    oldest_connection: pool.oldest(),
                    idle_connections: pool.idle(),
                    waiting: pool.waiting(),
                    opening: pool.dialing(),
                    misconfigured: pool.is_misconfigured(),
                    standing: status.standing,
                    standing_for: now.saturating_duration_since(status.since),
                    asked_in: status.until.map(|until| until.saturating_duration_since(now)),
                    weight: member.weight(now),
                    latency: load.latency(),
                    queue_time: pool.queue_time(),
                    timeouts: pool.timeouts(),
                    ejections: pool.ejections(),
                    failing: load.failing(),
                }
            })
            .collect()
    }

    /// Subscribes to the changes of the coordinators' standings from now on: who is taken out of the rotation, is
    /// spared, and comes back, when and why.
    ///
    /// The subscription keeps neither the client nor a call waiting.
    pub fn subscribe(&self) -> Changes<Coordinator> {
        self.shared.members.subscribe()
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
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
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

/// How one coordinator is doing, at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CoordinatorState {
    /// Where it is.
    pub address: Coordinator,
    /// The zone it is in, if the client was told.
    pub zone: Option<String>,
    /// Attempts that were sent its way since the client was built.
    pub requests: u64,
    /// Attempts that have not ended yet.
    pub in_flight: usize,
    /// Connections that exist, idle or in use.
    pub open_connections: usize,
    /// Connections that were opened since the client was built; they are numbered so.
    pub connections_opened: u64,
    /// The number of the oldest that exists. While it is no higher than a number that was seen before, the
    /// coordinator has not been restarted since.
    pub oldest_connection: Option<u64>,
    /// Connections that nobody uses at the moment.
    pub idle_connections: usize,
    /// Attempts that have no connection yet.
    pub waiting: usize,
    /// Connections that are being opened.
    pub opening: usize,
    /// Attempts that had no connection in time, since the client was built.
    pub timeouts: u64,
    /// How long a request has waited in its queue, as it told last: one of 16 answers is asked. `None` before the first.
    pub queue_time: Option<Duration>,
    /// How often it has left the rotation since the client was built, by failures or by its own word.
    pub ejections: u64,
    /// The last handshake with it was refused: a certificate or a setting of TLS must be mended, here or there.
    pub misconfigured: bool,
    /// How it stands in the rotation.
    pub standing: Standing,
    /// For how long it has stood so.
    pub standing_for: Duration,
    /// In how long it will be probed: what is left of an ejection, or of the time for which it is spared. `None` if
    /// it is well or on trial.
    pub asked_in: Option<Duration>,
    /// The part that it takes of its share: less than 1 while it has too much to do, and for two seconds after it
    /// has come back.
    pub weight: f64,
    /// How long its answers take: as long as the slowest of late. `None` if it has not answered yet, and where no
    /// policy wants to know, as with the next.
    pub latency: Option<Duration>,
    /// The part of its answers that were failures, from 0 to 1; the last eight count for most.
    pub failing: f64,
}
