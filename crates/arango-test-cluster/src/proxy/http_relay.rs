//! Passes on requests and responses, and causes the faults that need them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::sleep;
use tower_service::Service;

use super::bodies::{RequestBody, ResponseBody};
use super::coordinator_proxy::ProxyInner;
use super::traffic::ExchangeRecord;
use super::upstream::Upstream;
use crate::faults::effect::{Close, Effect, Phase, ResponseFault, ScriptedResponse, When};
use crate::faults::reset_reason::ResetReason;
use crate::http::request::{Request as ParsedRequest, Target, without_repeated_slashes};
use crate::http::response;
use crate::server::abort::Abort;
use crate::server::body::Body;
use crate::server::early_response;
use crate::server::handler::build_scripted_response;
use crate::server::listener::connection::{self, Limits};
use crate::server::listener::goaway;
use crate::server::listener::shared_stream::SharedStream;
use crate::server::response_faults::{apply, streams};

/// As many streams as a coordinator accepts.
const MAX_CONCURRENT_STREAMS: u32 = 32;

/// Serves the connection of a client until one side ends it.
pub(super) async fn run(
    stream: SharedStream,
    upstream: Upstream,
    proxy: Arc<ProxyInner>,
    generation: u64,
    keep_alive: Duration,
) {
    let limits = Limits { keep_alive, max_concurrent_streams: MAX_CONCURRENT_STREAMS, generation };
    let process = Arc::clone(&proxy.process);
    let upstream = Arc::new(upstream);
    let relay = HttpRelay { proxy, upstream: Arc::clone(&upstream) };
    connection::run(stream, relay, &process, limits, upstream.ended()).await;
}

/// Passes on the requests of one connection.
#[derive(Clone)]
struct HttpRelay {
    proxy: Arc<ProxyInner>,
    upstream: Arc<Upstream>,
}

impl Service<Request<Incoming>> for HttpRelay {
    type Response = Response<ResponseBody>;
    type Error = Abort;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Abort>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Abort>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().relay(request))
    }
}

impl HttpRelay {
    async fn relay(self, request: Request<Incoming>) -> Result<Response<ResponseBody>, Abort> {
        let (head, body) = request.into_parts();
        let path = without_repeated_slashes(head.uri.path());
        let applied = self.proxy.faults.apply(&head.method, Target::parse(&path).path);
        let effect = applied.effect;
        before_read(effect.as_ref(), &head)?;
        self.proxy.process.until_resumed().await;
        let record = self.proxy.journal.begin_request(self.proxy.index, &head);
        sleep(applied.latency).await;
        if let Some(Effect::EarlyResponse(fault)) = &effect {
            let request = ParsedRequest::new(&head, Bytes::new());
            let response = response::from_reply(&request, early_response::reply(fault), Duration::ZERO);
            record.status(fault.status);
            return early_response::send(response, body, fault.close, head.version).map(made);
        }
        if let Some(end) = instead_of_execution(effect.as_ref()) {
            // Read as a server reads it, so that the client can send all of it.
            let Ok(body) = body.collect().await else { return Err(Abort::Stream(ResetReason::CANCEL)) };
            record.request_bytes(body.to_bytes().len());
            return match end {
                Instead::Abort(abort) => Err(abort),
                Instead::Respond(scripted) => Ok(respond(&head, &scripted, &record)),
            };
        }

        record.forwarded();
        let sent = self.upstream.send(forwarded(&head, body, &record)).await;
        let response = sent.map_err(|broken| Abort::close_connection(broken.how))?;
        self.proxy.process.until_resumed().await;
        record.status(response.status().as_u16());
        match effect {
            Some(Effect::ResponseFault(fault)) => {
                let response = collected(response, &head.method, &record).await?;
                let changed = if head.version == Version::HTTP_2 {
                    streams::apply(fault, response, &self.proxy.process).await
                } else {
                    apply(fault, response, &self.proxy.process)
                };
                changed.map(made)
            }
            Some(Effect::Response(scripted)) => {
                collected(response, &head.method, &record).await?;
                Ok(respond(&head, &scripted, &record))
            }
            _ => Ok(response.map(|body| ResponseBody::Passed(body, record))),
        }
    }
}

/// Ends the connection of a request before it counts as read, if a fault says so.
fn before_read(effect: Option<&Effect>, head: &Parts) -> Result<(), Abort> {
    match effect {
        Some(Effect::ResponseFault(ResponseFault::Close { phase: Phase::BeforeRead, how })) => {
            Err(Abort::close_connection(*how))
        }
        Some(Effect::ResponseFault(ResponseFault::Reset { phase: Phase::BeforeRead, reason })) => {
            Err(Abort::Stream(*reason))
        }
        Some(Effect::GoAwayUnprocessed) => Err(goaway::reject_unprocessed(head)),
        Some(Effect::GoAway) => {
            goaway::start(head);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What happens instead of passing a request on.
enum Instead {
    Abort(Abort),
    Respond(ScriptedResponse),
}

fn instead_of_execution(effect: Option<&Effect>) -> Option<Instead> {
    match effect? {
        Effect::ResponseFault(ResponseFault::Close { phase: Phase::AfterRead, how }) => {
            Some(Instead::Abort(Abort::close_connection(*how)))
        }
        Effect::ResponseFault(ResponseFault::Reset { phase: Phase::AfterRead, reason }) => {
            Some(Instead::Abort(Abort::Stream(*reason)))
        }
        Effect::Response(scripted) if scripted.when == When::BeforeExecution => {
            Some(Instead::Respond(scripted.clone()))
        }
        _ => None,
    }
}

/// The request as it is passed on: without what belongs to the connection of the client within this process.
fn forwarded(head: &Parts, body: Incoming, record: &ExchangeRecord) -> Request<RequestBody> {
    let mut request = Request::new(RequestBody { body, record: record.clone() });
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers.clone();
    request
}

/// Waits for the whole response. Its head then announces the length of its body.
async fn collected(
    response: Response<Incoming>,
    method: &Method,
    record: &ExchangeRecord,
) -> Result<Response<Bytes>, Abort> {
    let (mut head, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Err(Abort::close_connection(Close::Fin)) };
    let body = body.to_bytes();
    record.response_bytes(body.len());
    if method != Method::HEAD {
        head.headers.remove(header::TRANSFER_ENCODING);
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Ok(Response::from_parts(head, body))
}

fn respond(head: &Parts, scripted: &ScriptedResponse, record: &ExchangeRecord) -> Response<ResponseBody> {
    record.status(scripted.status);
    let request = ParsedRequest::new(head, Bytes::new());
    made(build_scripted_response(&request, scripted, Duration::ZERO).map(Body::Whole))
}

fn made(response: Response<Body>) -> Response<ResponseBody> {
    response.map(ResponseBody::Made)
}
