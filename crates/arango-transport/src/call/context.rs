//! The state of a call, recorded while it runs.
//!
//! The context is shared by every layer that a request passes, so that the end of the call (by a deadline,
//! middleware, the last attempt) can report how far the request got.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::names_arangodb;
use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use tokio::time::Instant;

use crate::call::Call;
use crate::call::replayable_request::ReplayableRequest;
use crate::call::send_tracker::SendTracker;
use crate::call::settings::Settings;
use crate::call::untracked_requests::UntrackedRequests;
use crate::compression::compressor::Compressed;
use crate::connect::connected::ConnectionInfo;
use crate::credentials::Credentials;
use crate::error::attempt::{Attempt, Phase};
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::types::coordinator::Coordinator;
use crate::types::outcome::Outcome;

/// The maximum number of failed attempts kept per call.
const MAX_FAILED_ATTEMPTS: usize = 16;

/// The state of one call.
#[derive(Debug)]
pub(crate) struct CallContext {
    pub(crate) call: Call,
    pub(crate) request: ReplayableRequest,
    /// The client's settings when the call began.
    pub(crate) settings: Arc<Settings>,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) sends: SendTracker,
    phase: AtomicU8,
    /// The status of the last response that a connection returned to the current attempt; 0 if none did.
    response_status: AtomicU16,
    /// The author of that response, as far as its head shows.
    responder: AtomicU8,
    /// Whether an attempt succeeded. Middleware may have changed the response afterwards.
    succeeded: AtomicBool,
    /// Whether the call continues after a response that was not a success.
    pub(crate) is_resumed: bool,
    untracked: UntrackedRequests,
    untracked_before: u64,
    log: Mutex<AttemptLog>,
    is_hedge: bool,
    /// The compressed body of the request.
    pub(crate) compressed: Compressed,
    /// Whether middleware requested encodings, and therefore decodes responses.
    decodes_responses: AtomicBool,
}

/// The author of a successful response, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Responder {
    /// No response has arrived.
    Nothing,
    /// ArangoDB.
    ArangoDb,
    /// The head does not show it. The caller that decodes the body finds out.
    Unknown,
}

impl Responder {
    const ALL: [Self; 3] = [Self::Nothing, Self::ArangoDb, Self::Unknown];
}

#[derive(Debug)]
struct AttemptLog {
    current: Option<CurrentAttempt>,
    /// Whether two attempts ran at once, which only middleware can cause.
    concurrent: bool,
    failed: Vec<Attempt>,
    /// The slots of the coordinators whose health a failure of this call has counted against.
    counted: Vec<usize>,
    /// The number of failed attempts that were discarded.
    dropped: u32,
    worst_dropped: Outcome,
    /// The context of the hedged attempt.
    hedge: Option<Arc<CallContext>>,
    /// The failed attempt after which a resumed call continues.
    rejected: Option<AttemptError>,
}

/// The attempt in progress.
#[derive(Debug)]
struct CurrentAttempt {
    coordinator: Coordinator,
    since: Instant,
    /// How often the request was sent before the attempt began.
    sent_before: u32,
    /// The connection that the attempt uses.
    connection: Option<ConnectionInfo>,
}

impl CurrentAttempt {
    /// Adds the connection to a failure that has none.
    fn add_connection(&self, failed: &mut Attempt) {
        if let Some(info) = self.connection
            && failed.protocol.is_none()
            && matches!(failed.phase, Phase::Sent | Phase::Body)
        {
            info.annotate_attempt(failed);
        }
    }
}

impl Default for AttemptLog {
    fn default() -> Self {
        Self {
            current: None,
            concurrent: false,
            failed: Vec::new(),
            counted: Vec::new(),
            dropped: 0,
            worst_dropped: Outcome::NotExecuted,
            hedge: None,
            rejected: None,
        }
    }
}

impl AttemptLog {
    /// Adds a failed attempt. The first and the last attempts are kept when there are too many.
    fn push(&mut self, attempt: Attempt) {
        if self.failed.len() == MAX_FAILED_ATTEMPTS {
            // A discarded attempt still counts for the outcome of the call.
            let dropped = self.failed.remove(MAX_FAILED_ATTEMPTS / 2);
            self.worst_dropped = self.worst_dropped.max(dropped.outcome);
            self.dropped += 1;
        }
        self.failed.push(attempt);
    }

    /// Returns the worst outcome of all failed attempts.
    fn worst_outcome(&self) -> Outcome {
        self.failed.iter().map(|attempt| attempt.outcome).fold(self.worst_dropped, Outcome::max)
    }
}

impl CallContext {
    /// Returns the credentials of the call, or those of the client. The request's own header takes
    /// precedence.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.call.own_credentials().unwrap_or(&self.settings.credentials)
    }

    pub(crate) fn new(
        call: Call,
        request: ReplayableRequest,
        settings: Arc<Settings>,
        untracked: &UntrackedRequests,
    ) -> Arc<Self> {
        let started = Instant::now();
        let total = settings.limits.total;
        // One attempt may last as long as the server timeout. The total must leave time for another attempt.
        let total = match (call.total_limit(), call.server_timeout) {
            (Some(own), _) => own,
            (None, Some(timeout)) => timeout.saturating_add(total),
            (None, None) => total,
        };
        let times = (started, deadline(started, total));
        Self::build(call, request, settings, times, untracked, false, Compressed::default())
    }

    /// Returns the context of a request that belongs to no call.
    pub(crate) fn untracked(request: &Request<Full<Bytes>>, total: Duration) -> Arc<Self> {
        let (call, template) =
            (Call::from_method(request.method()), ReplayableRequest::from_request(request.clone()));
        let started = Instant::now();
        let times = (started, deadline(started, total));
        Self::build(
            call,
            template,
            Settings::untracked(),
            times,
            &UntrackedRequests::default(),
            false,
            Compressed::default(),
        )
    }

    /// Creates the context of a hedged attempt, with the deadline of this call.
    pub(crate) fn start_hedge(&self, template: ReplayableRequest, now: Instant) -> Arc<Self> {
        let (settings, times) = (Arc::clone(&self.settings), (now, self.deadline));
        let compressed = self.compressed.clone();
        let hedge =
            Self::build(self.call.clone(), template, settings, times, &self.untracked, true, compressed);
        self.log().hedge = Some(Arc::clone(&hedge));
        hedge
    }

    /// Returns the context of the hedged attempt, if there is one.
    pub(crate) fn hedge(&self) -> Option<Arc<Self>> {
        self.log().hedge.clone()
    }

    // Constructed in place: it is large, and each call has one.
    #[inline]
    fn build(
        call: Call,
        template: ReplayableRequest,
        settings: Arc<Settings>,
        (started, deadline): (Instant, Instant),
        untracked: &UntrackedRequests,
        is_hedge: bool,
        compressed: Compressed,
    ) -> Arc<Self> {
        Arc::new(Self {
            call,
            request: template,
            settings,
            started,
            deadline,
            phase: AtomicU8::new(0),
            sends: SendTracker::default(),
            response_status: AtomicU16::new(0),
            responder: AtomicU8::new(Responder::Nothing as u8),
            succeeded: AtomicBool::new(false),
            is_resumed: false,
            untracked: untracked.clone(),
            untracked_before: untracked.count(),
            log: Mutex::default(),
            is_hedge,
            compressed,
            decodes_responses: AtomicBool::new(false),
        })
    }

    /// Records the encodings that middleware requests: it decodes such responses itself.
    pub(crate) fn set_request_encodings(&self, headers: &HeaderMap) {
        if headers.contains_key(ACCEPT_ENCODING) {
            self.decodes_responses.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether the caller or middleware decodes responses itself.
    pub(crate) fn decodes_responses(&self) -> bool {
        self.request.header(&ACCEPT_ENCODING).is_some() || self.decodes_responses.load(Ordering::Relaxed)
    }

    /// Records that the attempt has reached `phase`.
    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed))]
    }

    /// Records the head of a response that a connection returned.
    pub(crate) fn record_response_head(&self, status: StatusCode, headers: &HeaderMap) {
        self.response_status.store(status.as_u16(), Ordering::Relaxed);
        self.set_responder(if names_arangodb(headers) { Responder::ArangoDb } else { Responder::Unknown });
        self.set_phase(Phase::Body);
    }

    /// Records the author of the response.
    pub(crate) fn set_responder(&self, by: Responder) {
        self.responder.store(by as u8, Ordering::Relaxed);
    }

    /// Returns the author of the response to the current or successful attempt.
    pub(crate) fn responder(&self) -> Responder {
        Responder::ALL[usize::from(self.responder.load(Ordering::Relaxed))]
    }

    /// Returns whether a connection returned this status, rather than middleware.
    pub(crate) fn is_response_status(&self, status: StatusCode) -> bool {
        self.response_status.load(Ordering::Relaxed) == status.as_u16()
    }

    /// Begins an attempt. Returns how often the request was sent before.
    pub(crate) fn begin(&self, coordinator: &Coordinator, since: Instant) -> u32 {
        let sent_before = self.sends.sent();
        self.response_status.store(0, Ordering::Relaxed);
        self.set_responder(Responder::Nothing);
        self.set_phase(Phase::Waiting);
        let mut log = self.log();
        log.concurrent |= log.current.is_some();
        log.current =
            Some(CurrentAttempt { coordinator: coordinator.clone(), since, sent_before, connection: None });
        sent_before
    }

    /// Records the connection that the current attempt uses.
    pub(crate) fn record_connection(&self, info: ConnectionInfo) {
        if let Some(current) = &mut self.log().current {
            current.connection = Some(info);
        }
    }

    /// Returns whether a failure counts against the health of the coordinator with this slot.
    ///
    /// Only the first failure of a call counts per coordinator.
    pub(crate) fn counts_against(&self, slot: usize) -> bool {
        let mut log = self.log();
        let first = !log.counted.contains(&slot);
        if first {
            log.counted.push(slot);
        }
        first
    }

    /// Adds the connection of the current attempt to its failure, if the failure has none.
    pub(crate) fn set_connection(&self, failed: &mut Attempt) {
        if let Some(current) = &self.log().current {
            current.add_connection(failed);
        }
    }

    /// Records that the current attempt succeeded.
    pub(crate) fn succeed(&self) {
        self.succeeded.store(true, Ordering::Relaxed);
    }

    /// Revokes the success: the response is not a success of the call.
    pub(crate) fn reject(&self) {
        self.succeeded.store(false, Ordering::Relaxed);
        self.log().current = None;
    }

    /// Records that the hedged attempt was answered and replaces the call's own attempts.
    pub(crate) fn replace_with_hedge(&self, hedge: &Self) {
        let answered = hedge.log().current.take();
        self.log().current = answered;
        self.set_responder(hedge.responder());
        self.succeed();
    }

    /// Records that the current attempt failed.
    pub(crate) fn fail(&self, mut attempt: Attempt) {
        attempt.hedge = self.is_hedge;
        let mut log = self.log();
        log.current = None;
        log.push(attempt);
        self.set_phase(Phase::Waiting);
    }

    /// Ends the current attempt, if there is one, for a reason outside of it.
    pub(crate) fn cancel(&self, kind: ErrorKind) {
        let outcome = self.worst_outcome();
        let phase = self.phase();
        let mut log = self.log();
        if let Some(current) = log.current.take() {
            let mut attempt = Attempt::new(kind, outcome, phase);
            attempt.hedge = self.is_hedge;
            current.add_connection(&mut attempt);
            attempt.coordinator = Some(current.coordinator);
            attempt.elapsed = current.since.elapsed();
            log.push(attempt);
        }
    }

    /// Returns a context that continues the call after a failed response.
    ///
    /// `failed` describes that response.
    pub(crate) fn resume(&self, failed: AttemptError) -> Arc<Self> {
        let mut resumed = Self::build(
            self.call.clone(),
            ReplayableRequest::from_request(self.request.request()),
            Arc::clone(&self.settings),
            (self.started, self.deadline),
            &self.untracked,
            self.is_hedge,
            self.compressed.clone(),
        );
        let mut log = std::mem::take(&mut *self.log());
        (log.current, log.rejected) = (None, Some(failed));
        let new = Arc::get_mut(&mut resumed).expect("a new context is not shared");
        (new.is_resumed, new.log) = (true, Mutex::new(log));
        resumed
    }

    /// Takes the failed attempt after which a resumed call continues.
    pub(crate) fn take_rejected(&self) -> Option<AttemptError> {
        if self.is_resumed { self.log().rejected.take() } else { None }
    }

    /// Returns the coordinator and the start of the current or successful attempt.
    pub(crate) fn current(&self) -> Option<(Coordinator, Instant)> {
        self.log().current.as_ref().map(|current| (current.coordinator.clone(), current.since))
    }

    /// Returns the coordinator of the current or successful attempt.
    pub(crate) fn coordinator(&self) -> Option<Coordinator> {
        self.log().current.as_ref().map(|current| current.coordinator.clone())
    }

    /// Returns the failed attempts.
    pub(crate) fn failed(&self) -> Vec<Attempt> {
        self.log().failed.clone()
    }

    /// Returns the number of failed attempts that were discarded.
    pub(crate) fn dropped(&self) -> u32 {
        self.log().dropped
    }

    /// Returns the worst possible outcome so far, over all attempts and everything that was sent.
    pub(crate) fn worst_outcome(&self) -> Outcome {
        let log = self.log();
        let sent = self.sends.sent();
        let is_uncertain = log.current.as_ref().is_some_and(|current| sent > current.sent_before)
            || (log.concurrent && sent > 0)
            || self.untracked.count() != self.untracked_before;
        let known = log.worst_outcome();
        let succeeded = self.succeeded.load(Ordering::Relaxed);
        if succeeded && self.responder() == Responder::ArangoDb {
            Outcome::Executed
        } else if is_uncertain {
            known.max(Outcome::Unknown)
        } else {
            known
        }
    }

    fn log(&self) -> MutexGuard<'_, AttemptLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the deadline of a call. A total that exceeds the clock's range becomes thirty years.
fn deadline(started: Instant, total: Duration) -> Instant {
    started.checked_add(total).unwrap_or(started + Duration::from_secs(946_080_000))
}
