//! The one service that answers for a coordinator, whatever door a request came through.
//!
//! It leads a request past the faults, writes the journal, and asks [`api`](crate::api) for the answer. The state is
//! changed in one step under one lock ([`Handler::apply`]), and in that step the request counts as executed.

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

use crate::admission::{self, Door};
use crate::api::{self, Call, Outcome};
use crate::body::Body;
use crate::coordinator::Inner;
use crate::door::goodbye;
use crate::early;
use crate::fault::{Close, Early, Effect, Phase, Scripted, ScriptedBody, Spoiling, When};
use crate::gateway;
use crate::held::Held;
use crate::http::auth::Caller;
use crate::http::reply::{Refusal, Reply};
use crate::http::request::{Request, Target};
use crate::journal::{Entry, EntryId};
use crate::reset::Reset;
use crate::response;
use crate::script::Script;
use crate::spoiling::{spoil, streams};
use crate::state::State;
use crate::state::records::ApiCall;
use crate::state::servers::Life;

/// Answers the requests of one coordinator.
#[derive(Clone)]
pub(crate) struct Handler {
    coordinator: Arc<Inner>,
}

/// The end of a connection: what is still said, and how it is closed.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) script: Script,
    pub(crate) how: Close,
}

impl Default for Cut {
    fn default() -> Self {
        Self { script: Script::new([]), how: Close::Fin }
    }
}

/// What ends in place of a whole answer.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The connection, with all that is under way on it.
    Connection(Cut),
    /// The stream alone; over HTTP/1.1 that is the connection as well.
    Stream(Reset),
}

impl Ended {
    /// The connection, without a word.
    pub(crate) fn silently(how: Close) -> Self {
        Self::Connection(Cut { how, ..Cut::default() })
    }
}

impl tower_service::Service<http::Request<Incoming>> for Handler {
    type Response = Response<Body>;
    type Error = Ended;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Ended>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().receive(request))
    }
}

impl Handler {
    pub(crate) fn new(coordinator: Arc<Inner>) -> Self {
        Self { coordinator }
    }

    pub(crate) fn coordinator(&self) -> &Arc<Inner> {
        &self.coordinator
    }

    async fn receive(self, request: http::Request<Incoming>) -> Result<Response<Body>, Ended> {
        let (mut head, body) = request.into_parts();
        let prefix = &self.coordinator.cluster.config.path_prefix;
        if !prefix.is_empty() {
            match gateway::strip(prefix, &head.uri) {
                Some(uri) => head.uri = uri,
                None => return Ok(gateway::page().map(Body::Whole)),
            }
        }
        let struck = self.coordinator.faults.strike(&head.method, Target::parse(head.uri.path()).path);
        match struck.effect {
            Some(Effect::Spoil(Spoiling::Cut { phase: Phase::BeforeRead, how })) => {
                return Err(Ended::silently(how));
            }
            Some(Effect::Spoil(Spoiling::Reset { phase: Phase::BeforeRead, reason })) => {
                return Err(Ended::Stream(reason));
            }
            Some(Effect::Disown) => return Err(goodbye::disown(&head)),
            Some(Effect::GoAway) => goodbye::begin(&head),
            _ => {}
        }
        if let Some(Effect::Early(fault)) = &struck.effect {
            return self.answer_early(&head, body, fault, struck.latency).await;
        }
        // The client has given up: of HTTP/2 that is one stream, and others go on.
        let Ok(body) = body.collect().await else { return Err(Ended::Stream(Reset::CANCEL)) };
        let request = Request::new(&head, body.to_bytes());
        let born = self.coordinator.heart.pulse().generation;
        let coordinator = Arc::clone(&self.coordinator);
        // In a task of its own, because a server finishes what it has read even if the client is gone.
        let running = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = coordinator.heart.until(|pulse| pulse.generation != born) => Err(Ended::silently(Close::Fin)),
                answer = self.answer(request, struck.latency, struck.effect, born) => answer,
            }
        });
        running.await.unwrap_or_else(|_| Err(Ended::silently(Close::Fin)))
    }

    async fn answer_early(
        &self,
        head: &http::request::Parts,
        rest: Incoming,
        fault: &Early,
        latency: Duration,
    ) -> Result<Response<Body>, Ended> {
        self.coordinator.awake().await;
        let request = Request::new(head, Bytes::new());
        let entry = self.journalise(&request);
        sleep(latency).await;
        let response = response::of_reply(&request, early::reply(fault), self.queue_time());
        self.coordinator.cluster.journal.answered(entry, fault.status);
        early::send(response, rest, fault.close, head.version)
    }

    async fn answer(
        &self,
        request: Request,
        latency: Duration,
        effect: Option<Effect>,
        born: u64,
    ) -> Result<Response<Body>, Ended> {
        self.coordinator.awake().await;
        let entry = self.journalise(&request);
        // One that is slow holds its cursor as long as it takes, like one that computes.
        let _held = Held::by(&self.coordinator, &request, entry);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        let journal = &self.coordinator.cluster.journal;
        match &effect {
            Some(Effect::Spoil(Spoiling::Cut { phase: Phase::AfterRead, how })) => {
                return Err(Ended::silently(*how));
            }
            Some(Effect::Spoil(Spoiling::Reset { phase: Phase::AfterRead, reason })) => {
                return Err(Ended::Stream(*reason));
            }
            Some(Effect::Answer(scripted)) if scripted.when == When::BeforeExecution => {
                journal.answered(entry, scripted.status);
                return Ok(self.scripted(&request, scripted).map(Body::Whole));
            }
            _ => {}
        }
        let Some(reply) = self.execute(&request, entry, born).await else {
            return Err(Ended::silently(Close::Fin));
        };
        self.coordinator.awake().await;
        let response = response::of_reply(&request, reply, self.queue_time());
        let config = &self.coordinator.cluster.config;
        let response = response::compressed(&request, response, config.compress_answers_from);
        let response = response::hiding_product(response, config.hides_product);
        journal.answered(entry, response.status().as_u16());
        match effect {
            None | Some(Effect::Latency(_) | Effect::Early(_) | Effect::GoAway | Effect::Disown) => {
                Ok(response.map(Body::Whole))
            }
            Some(Effect::Spoil(spoiling)) if request.version == Version::HTTP_2 => {
                streams::spoil(spoiling, response, &self.coordinator).await
            }
            Some(Effect::Spoil(spoiling)) => spoil(spoiling, response, &self.coordinator),
            Some(Effect::Answer(scripted)) => {
                journal.answered(entry, scripted.status);
                Ok(self.scripted(&request, &scripted).map(Body::Whole))
            }
        }
    }

    /// An answer that no handler wrote; if it is ArangoDB's, it may be compressed as others are.
    fn scripted(&self, request: &Request, scripted: &Scripted) -> Response<Bytes> {
        let response = scripted_answer(request, scripted, self.queue_time());
        let config = &self.coordinator.cluster.config;
        match &scripted.body {
            ScriptedBody::ErrorObject { .. } => {
                let response = response::compressed(request, response, config.compress_answers_from);
                response::hiding_product(response, config.hides_product)
            }
            ScriptedBody::Raw { .. } => response,
        }
    }

    /// How long requests wait here, as answers say.
    fn queue_time(&self) -> Duration {
        self.coordinator.cluster.state().conditions.queue_time(self.coordinator.index)
    }

    fn journalise(&self, request: &Request) -> EntryId {
        self.coordinator.cluster.journal.received_one(Entry {
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

    /// Executes a request; `None` if the process died before it was applied.
    async fn execute(&self, request: &Request, entry: EntryId, born: u64) -> Option<Reply> {
        match self.apply(request, entry, born)? {
            Outcome::Now(reply) => Some(reply),
            Outcome::Wait { every, mut check } => loop {
                sleep(every).await;
                let mut state = self.coordinator.cluster.state();
                let now = state.clock.now();
                state.advance(now);
                if state.coordinators[self.coordinator.index].generation != born {
                    return None;
                }
                if let Some(reply) = check(&mut state) {
                    return Some(reply);
                }
            },
            Outcome::Stop { reply, every, may, after } => {
                // Outlives the request on purpose: the answer comes first, the end later.
                tokio::spawn(self.clone().stop(every, may, after, born));
                Some(reply)
            }
            Outcome::Background { id, reply } => {
                let mut request = request.clone();
                request.headers.remove("x-arango-async");
                // Nobody waits for it; what it answers is fetched by its id, if it has one.
                tokio::spawn(self.clone().in_background(id, request, entry, born));
                Some(reply)
            }
        }
    }

    /// Ends the process when it may, unless it has ended before.
    async fn stop(self, every: Duration, may: fn(&State, usize) -> bool, after: Duration, born: u64) {
        let coordinator = &self.coordinator;
        let lives = || coordinator.heart.pulse().generation == born;
        let may_end = || {
            let mut state = coordinator.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            may(&state, coordinator.index)
        };
        sleep(every).await;
        while lives() && !may_end() {
            sleep(every).await;
        }
        sleep(after).await;
        if lives() {
            coordinator.kill();
        }
    }

    /// Erased, because it executes what executes it.
    fn in_background(
        self,
        id: Option<u64>,
        request: Request,
        entry: EntryId,
        born: u64,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let result = self.execute(&request, entry, born).await;
            if let (Some(id), Some(result)) = (id, result) {
                self.coordinator.cluster.state().async_jobs.finish(id, result);
            }
        })
    }

    /// The instant in which a request is refused or applied.
    fn apply(&self, request: &Request, entry: EntryId, born: u64) -> Option<Outcome> {
        let shared = &self.coordinator.cluster;
        let index = self.coordinator.index;
        let mut state = shared.state();
        let now = state.clock.now();
        state.advance(now);
        let server = &mut state.coordinators[index];
        if server.generation != born || matches!(server.life, Life::Down { .. }) {
            return None;
        }
        server.requests.count(&request.method);
        let version = server.version(&shared.config).clone();
        let door = Door { config: &shared.config, version: &version, index };
        let admitted = admission::admit(&state, door, request);
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
                    shared.journal.executed_one(entry, marker(&request));
                    let record = ApiCall {
                        at: call.state.at,
                        method: request.method.clone(),
                        path: request.path.clone(),
                        database: request.database.clone(),
                    };
                    call.state.coordinators[index].records.called(record);
                    api::answer(&mut call)
                }
            }
        };
        Some(outcome)
    }
}

fn marker(request: &Request) -> Option<&str> {
    request.header("x-sim-marker")
}

fn scripted_answer(request: &Request, scripted: &Scripted, queue_time: Duration) -> Response<Bytes> {
    match &scripted.body {
        ScriptedBody::ErrorObject { error_num, message } => {
            let reply = Refusal::new(scripted.status, *error_num, message.clone()).into();
            response::with_headers(response::of_reply(request, reply, queue_time), &scripted.headers)
        }
        ScriptedBody::Raw { content_type, body } => response::with_headers(
            response::foreign(scripted.status, content_type, body.clone()),
            &scripted.headers,
        ),
    }
}
