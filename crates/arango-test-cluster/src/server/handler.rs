//! The HTTP service of a coordinator, for requests of every listener.
//!
//! It applies faults, writes the journal, and calls [`api`] for the response. The state changes in one step
//! under one lock ([`Handler::apply`]); at that step the request counts as executed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::admission::{self, AdmissionContext};
use crate::api::{self, Call, Outcome};
use crate::faults::active_faults::{AppliedFaults, Copies};
use crate::faults::fault::{
    Close, EarlyResponse, Effect, Phase, ResponseFault, ScriptedBody, ScriptedResponse, When,
};
use crate::faults::reset_reason::ResetReason;
use crate::faults::response_script::ResponseScript;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::{Request, Target};
use crate::http::response;
use crate::journal::{Entry, EntryId};
use crate::server::body::Body;
use crate::server::coordinator::CoordinatorInner;
use crate::server::cursor_lock::CursorLock;
use crate::server::listener::goaway;
use crate::server::response_faults::{apply, streams};
use crate::server::{early_response, gateway};
use crate::state::State;
use crate::state::auth::Caller;
use crate::state::diagnostics::ApiCall;
use crate::state::servers::RunState;

/// Serves the requests of one coordinator.
#[derive(Clone)]
pub(crate) struct Handler {
    coordinator: Arc<CoordinatorInner>,
}

/// How a connection ends: the last bytes, and the closing mode.
#[derive(Debug)]
pub(crate) struct ConnectionClose {
    pub(crate) script: ResponseScript,
    pub(crate) mode: Close,
}

impl Default for ConnectionClose {
    fn default() -> Self {
        Self { script: ResponseScript::new([]), mode: Close::Fin }
    }
}

/// What is ended instead of sending a whole response.
#[derive(Debug)]
pub(crate) enum Abort {
    /// The connection, with all requests in progress on it.
    Connection(ConnectionClose),
    /// The stream only. Over HTTP/1.1 this is the connection.
    Stream(ResetReason),
}

impl Abort {
    /// Closes the connection without sending anything.
    pub(crate) fn close_connection(how: Close) -> Self {
        Self::Connection(ConnectionClose { mode: how, ..ConnectionClose::default() })
    }
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
        Self { coordinator }
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
        let applied = self.coordinator.faults.apply(&head.method, Target::parse(head.uri.path()).path);
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
        let request = Request::new(&head, body.to_bytes());
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
        let AppliedFaults { latency, copies, effect } = faults;
        self.coordinator.until_resumed().await;
        let entry = self.record_request(&request);
        // A slow request holds its cursor until it is done, as one that computes for a long time does.
        let _cursor = CursorLock::acquire(&self.coordinator, &request, entry);
        if !latency.is_zero() {
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
        let Some(reply) = self.execute(&request, entry, generation, copies.repeats_write).await else {
            return Err(Abort::close_connection(Close::Fin));
        };
        self.execute_late(&request, &copies, entry, generation);
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
                | Effect::EarlyResponse(_)
                | Effect::GoAway
                | Effect::GoAwayUnprocessed,
            ) => Ok(response.map(Body::Whole)),
            Some(Effect::ResponseFault(fault)) if request.version == Version::HTTP_2 => {
                streams::apply(fault, response, &self.coordinator).await
            }
            Some(Effect::ResponseFault(fault)) => apply(fault, response, &self.coordinator),
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
            marker: marker(request).map(str::to_owned),
            length: request.body.len(),
            encoding: request.header("content-encoding").map(str::to_owned),
            executed: false,
            status: None,
        })
    }

    /// Executes a request. `None` if the process ended before it was applied.
    async fn execute(
        &self,
        request: &Request,
        entry: EntryId,
        generation: u64,
        repeats_write: bool,
    ) -> Option<Reply> {
        match self.apply(request, entry, generation, repeats_write)? {
            Outcome::Now(reply) => Some(reply),
            Outcome::Wait { every, mut check } => loop {
                sleep(every).await;
                let mut state = self.coordinator.cluster.state();
                let now = state.clock.now();
                state.advance(now);
                if state.coordinators[self.coordinator.index].generation != generation {
                    return None;
                }
                if let Some(reply) = check(&mut state) {
                    return Some(reply);
                }
            },
            Outcome::Stop { reply, every, may, after } => {
                // Not awaited: the response is sent first, and the process ends later.
                tokio::spawn(self.clone().stop(every, may, after, generation));
                Some(reply)
            }
            Outcome::Background { id, reply } => {
                let mut request = request.clone();
                request.headers.remove("x-arango-async");
                // Not awaited: the result is fetched later by its id, if it has one.
                tokio::spawn(self.clone().run_in_background(id, request, entry, generation));
                Some(reply)
            }
        }
    }

    /// Executes the late copies of a request. Their responses are dropped.
    fn execute_late(&self, request: &Request, copies: &Copies, entry: EntryId, generation: u64) {
        for delay in copies.late.clone() {
            let (handler, request) = (self.clone(), request.clone());
            // Not awaited: the first copy has its response long before.
            tokio::spawn(async move {
                sleep(delay).await;
                handler.execute(&request, entry, generation, false).await;
            });
        }
    }

    /// Ends the process when `may` allows it, unless it has ended before.
    async fn stop(self, every: Duration, may: fn(&State, usize) -> bool, after: Duration, generation: u64) {
        let coordinator = &self.coordinator;
        let is_same_process = || coordinator.process.current().generation == generation;
        let may_end = || {
            let mut state = coordinator.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            may(&state, coordinator.index)
        };
        sleep(every).await;
        while is_same_process() && !may_end() {
            sleep(every).await;
        }
        sleep(after).await;
        if is_same_process() {
            coordinator.kill();
        }
    }

    /// The future is boxed because it is recursive.
    fn run_in_background(
        self,
        id: Option<u64>,
        request: Request,
        entry: EntryId,
        generation: u64,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let result = self.execute(&request, entry, generation, false).await;
            if let (Some(id), Some(result)) = (id, result) {
                self.coordinator.cluster.state().async_jobs.finish(id, result);
            }
        })
    }

    /// Refuses or applies the request, at one instant.
    fn apply(
        &self,
        request: &Request,
        entry: EntryId,
        generation: u64,
        repeats_write: bool,
    ) -> Option<Outcome> {
        let shared = &self.coordinator.cluster;
        let index = self.coordinator.index;
        let mut state = shared.state();
        let now = state.clock.now();
        state.advance(now);
        let server = &mut state.coordinators[index];
        if server.generation != generation || matches!(server.run_state, RunState::Down { .. }) {
            return None;
        }
        server.requests.count(&request.method);
        let version = server.version(&shared.config).clone();
        let context = AdmissionContext { config: &shared.config, version: &version, index };
        let admitted = admission::admit(&state, context, request);
        let outcome = match admitted {
            Err(reply) => Outcome::Now(*reply),
            Ok((request, caller)) => {
                if caller == Caller::Superuser {
                    state.coordinators[index].requests.superuser += 1;
                }
                let mut call = Call {
                    state: &mut state,
                    config: &shared.config,
                    version: &version,
                    index,
                    caller: &caller,
                    request: &request,
                    entry,
                };
                if let Some(outcome) = admission::background(&mut call) {
                    outcome
                } else {
                    shared.journal.record_executed(entry, marker(&request));
                    let record = ApiCall {
                        at: call.state.current_time,
                        method: request.method.clone(),
                        path: request.path.clone(),
                        database: request.database.clone(),
                    };
                    call.state.coordinators[index].diagnostics.record_call(record);
                    if repeats_write { api::handle_twice(&mut call) } else { api::handle(&mut call) }
                }
            }
        };
        Some(outcome)
    }
}

fn marker(request: &Request) -> Option<&str> {
    request.header("x-sim-marker")
}

fn build_scripted_response(
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
