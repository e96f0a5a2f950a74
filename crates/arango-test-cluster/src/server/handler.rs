//! The HTTP service of a coordinator, for requests of every listener.
//!
//! It applies faults, writes the journal, and executes requests. The state changes in one step under one lock
//! ([`Handler::execute`]); at that step the request counts as executed.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::faults::active_faults::AppliedFaults;
use crate::faults::effect::{
    Close, EarlyResponse, Effect, Phase, ResponseFault, ScriptedBody, ScriptedResponse, When,
};
use crate::faults::reset_reason::ResetReason;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::{Request, Target, without_repeated_slashes};
use crate::http::response;
use crate::journal::{Entry, EntryId};
use crate::server::abort::Abort;
use crate::server::body::Body;
use crate::server::coordinator::CoordinatorInner;
use crate::server::cursor_lock::CursorLock;
use crate::server::listener::goaway;
use crate::server::response_faults::{apply, streams};
use crate::server::transaction_lease::TransactionLease;
use crate::server::{early_response, gateway};

/// Serves the requests of one coordinator.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(super) coordinator: Arc<CoordinatorInner>,
    /// The other end of the connection.
    client: Option<SocketAddr>,
}

impl tower_service::Service<http::Request<Incoming>> for Handler {
    type Response = Response<Body>;
    type Error = Abort;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Abort>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Abort>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().handle(request))
    }
}

impl Handler {
    pub(crate) fn new(coordinator: Arc<CoordinatorInner>) -> Self {
        Self { coordinator, client: None }
    }

    /// Serves the connection of this client.
    pub(super) fn of_client(self, client: Option<SocketAddr>) -> Self {
        Self { client, ..self }
    }

    pub(crate) fn coordinator(&self) -> &Arc<CoordinatorInner> {
        &self.coordinator
    }

    async fn handle(self, request: http::Request<Incoming>) -> Result<Response<Body>, Abort> {
        let (mut head, body) = request.into_parts();
        let prefix = &self.coordinator.cluster.config.path_prefix;
        if !prefix.is_empty() {
            match gateway::strip(prefix, &head.uri) {
                Some(uri) => head.uri = uri,
                None => return Ok(gateway::not_found().map(Body::Whole)),
            }
        }
        if announces_too_much(&head) {
            let reply = Reply::empty(413).with_header(http::header::CONNECTION, "Close");
            let response = response::from_reply(&Request::new(&head, Bytes::new()), reply, self.queue_time());
            return Ok(response.map(Body::Whole));
        }
        let path = without_repeated_slashes(head.uri.path());
        let applied = self.coordinator.faults.apply(&head.method, Target::parse(&path).path);
        match applied.effect {
            Some(Effect::ResponseFault(ResponseFault::Close { phase: Phase::BeforeRead, how })) => {
                return Err(Abort::close_connection(how));
            }
            Some(Effect::ResponseFault(ResponseFault::Reset { phase: Phase::BeforeRead, reason })) => {
                return Err(Abort::Stream(reason));
            }
            Some(Effect::GoAwayUnprocessed) => return Err(goaway::reject_unprocessed(&head)),
            Some(Effect::GoAway) => goaway::start(&head),
            _ => {}
        }
        if let Some(Effect::EarlyResponse(fault)) = &applied.effect {
            return self.respond_early(&head, body, fault, applied.latency).await;
        }
        // The client stopped sending. Over HTTP/2 this ends one stream only.
        let Ok(body) = body.collect().await else { return Err(Abort::Stream(ResetReason::CANCEL)) };
        let mut request = Request::new(&head, body.to_bytes());
        request.client = self.client;
        let generation = self.coordinator.process.current().generation;
        let coordinator = Arc::clone(&self.coordinator);
        // In a separate task, because a server finishes a request that it has read even if the client has disconnected.
        let running = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = coordinator.process.wait_for(|state| state.generation != generation) => Err(Abort::close_connection(Close::Fin)),
                result = self.respond(request, applied, generation) => result,
            }
        });
        running.await.unwrap_or_else(|_| Err(Abort::close_connection(Close::Fin)))
    }

    async fn respond_early(
        &self,
        head: &http::request::Parts,
        rest: Incoming,
        fault: &EarlyResponse,
        latency: Duration,
    ) -> Result<Response<Body>, Abort> {
        self.coordinator.until_resumed().await;
        let request = Request::new(head, Bytes::new());
        let entry = self.record_request(&request);
        sleep(latency).await;
        let response = response::from_reply(&request, early_response::reply(fault), self.queue_time());
        self.coordinator.cluster.journal.record_status(entry, fault.status);
        early_response::send(response, rest, fault.close, head.version)
    }

    async fn respond(
        &self,
        request: Request,
        faults: AppliedFaults,
        generation: u64,
    ) -> Result<Response<Body>, Abort> {
        let AppliedFaults { latency, execution, effect } = faults;
        self.coordinator.until_resumed().await;
        let entry = self.record_request(&request);
        // A slow request holds its cursor until it is done, as one that computes for a long time does.
        let _cursor = CursorLock::acquire(&self.coordinator, &request, entry);
        if !latency.is_zero() {
            // So does a slow request of a transaction.
            let _lease = TransactionLease::acquire(&self.coordinator, &request, entry);
            sleep(latency).await;
        }
        let journal = &self.coordinator.cluster.journal;
        match &effect {
            Some(Effect::ResponseFault(ResponseFault::Close { phase: Phase::AfterRead, how })) => {
                return Err(Abort::close_connection(*how));
            }
            Some(Effect::ResponseFault(ResponseFault::Reset { phase: Phase::AfterRead, reason })) => {
                return Err(Abort::Stream(*reason));
            }
            Some(Effect::Response(scripted)) if scripted.when == When::BeforeExecution => {
                journal.record_status(entry, scripted.status);
                return Ok(self.scripted_response(&request, scripted).map(Body::Whole));
            }
            _ => {}
        }
        let Some(reply) = self.execute(&request, entry, generation, &execution).await else {
            return Err(Abort::close_connection(Close::Fin));
        };
        self.execute_late(&request, &execution, entry, generation);
        self.coordinator.until_resumed().await;
        let response = response::from_reply(&request, reply, self.queue_time());
        let config = &self.coordinator.cluster.config;
        let response = response::compressed(&request, response, config.compress_responses_from);
        let response = response::without_product_headers(response, config.hide_product_headers);
        journal.record_status(entry, response.status().as_u16());
        match effect {
            None
            | Some(
                Effect::Latency(_)
                | Effect::RepeatedWrite
                | Effect::LateCopy(_)
                | Effect::SlowCommit(_)
                | Effect::FailedCommit
                | Effect::LostWrite(_)
                | Effect::EarlyResponse(_)
                | Effect::GoAway
                | Effect::GoAwayUnprocessed,
            ) => Ok(response.map(Body::Whole)),
            Some(Effect::ResponseFault(fault)) if request.version == Version::HTTP_2 => {
                streams::apply(fault, response, &self.coordinator.process).await
            }
            Some(Effect::ResponseFault(fault)) => apply(fault, response, &self.coordinator.process),
            Some(Effect::Response(scripted)) => {
                journal.record_status(entry, scripted.status);
                Ok(self.scripted_response(&request, &scripted).map(Body::Whole))
            }
        }
    }

    /// Builds a scripted response. One in ArangoDB's form may be compressed, as others are.
    fn scripted_response(&self, request: &Request, scripted: &ScriptedResponse) -> Response<Bytes> {
        let response = build_scripted_response(request, scripted, self.queue_time());
        let config = &self.coordinator.cluster.config;
        match &scripted.body {
            ScriptedBody::ErrorObject { .. } => {
                let response = response::compressed(request, response, config.compress_responses_from);
                response::without_product_headers(response, config.hide_product_headers)
            }
            ScriptedBody::Raw { .. } => response,
        }
    }

    /// The queue time that responses report.
    fn queue_time(&self) -> Duration {
        self.coordinator.cluster.state().conditions.queue_time(self.coordinator.index)
    }

    fn record_request(&self, request: &Request) -> EntryId {
        self.coordinator.cluster.journal.record_received(Entry {
            coordinator: self.coordinator.index,
            coordinator_id: self.coordinator.id.clone(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.text().to_owned(),
            database: request.database.clone(),
            marker: request.marker().map(str::to_owned),
            length: request.body.len(),
            encoding: request.header("content-encoding").map(str::to_owned),
            executed: false,
            changes: 0,
            status: None,
        })
    }
}

/// Returns whether a request announces a longer body than a server accepts: 1 GiB.
fn announces_too_much(head: &http::request::Parts) -> bool {
    let length = head.headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > 1 << 30)
}

/// Builds the response of a fault.
pub(crate) fn build_scripted_response(
    request: &Request,
    scripted: &ScriptedResponse,
    queue_time: Duration,
) -> Response<Bytes> {
    match &scripted.body {
        ScriptedBody::ErrorObject { error_num, message } => {
            let reply = ApiError::new(scripted.status, *error_num, message.clone()).into();
            response::with_headers(response::from_reply(request, reply, queue_time), &scripted.headers)
        }
        ScriptedBody::Raw { content_type, body } => response::with_headers(
            response::proxy_response(scripted.status, content_type, body.clone()),
            &scripted.headers,
        ),
    }
}
