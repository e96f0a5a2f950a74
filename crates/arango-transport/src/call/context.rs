//! The state of a call: its request and settings, its progress, and its attempts.
//!
//! The context is shared by every layer that a request passes, so that the end of the call (by a deadline,
//! middleware, the last attempt) can report how far the request got.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::Request;
use http::header::ACCEPT_ENCODING;
use http_body_util::Full;
use tokio::time::Instant;

use crate::call::Call;
use crate::call::attempt_log::AttemptLog;
use crate::call::compressed::CompressedBody;
use crate::call::progress::CallProgress;
use crate::call::replayable_request::ReplayableRequest;
use crate::call::settings::Settings;
use crate::credentials::Credentials;
use crate::error::attempt::{Attempt, Phase};
use crate::error::attempt_error::AttemptError;
use crate::types::coordinator::Coordinator;

/// The state of one call.
#[derive(Debug)]
pub(crate) struct CallContext {
    pub(crate) call: Call,
    pub(crate) request: ReplayableRequest,
    /// The client's settings when the call began.
    pub(crate) settings: Arc<Settings>,
    pub(crate) started: Instant,
    /// How long the call may take.
    pub(crate) limit: Duration,
    pub(crate) deadline: Instant,
    /// Whether the call continues after a response that was not a success.
    pub(crate) is_resumed: bool,
    is_hedge: bool,
    untracked_before: u64,
    /// The compressed body of the request.
    pub(crate) compressed: CompressedBody,
    pub(crate) progress: CallProgress,
    pub(crate) attempts: AttemptLog,
    /// What only a few calls have.
    rare: Mutex<Rare>,
}

#[derive(Debug, Default)]
struct Rare {
    /// The context of the hedged attempt.
    hedge: Option<Arc<CallContext>>,
    /// The failed attempt after which a resumed call continues.
    rejected: Option<AttemptError>,
}

impl CallContext {
    /// Returns the credentials of the call, or those of the client. The request's own header takes
    /// precedence.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.call.own_credentials().unwrap_or(&self.settings.credentials)
    }

    // Converts the request itself, because moving a converted one is expensive.
    pub(crate) fn new(
        call: Call,
        request: impl Into<ReplayableRequest>,
        settings: Arc<Settings>,
    ) -> Arc<Self> {
        let times = CallTimes::new(Instant::now(), call.limit(&settings));
        Self::build(call, request.into(), settings, times, false, CompressedBody::default())
    }

    /// Returns the context of a request that belongs to no call.
    pub(crate) fn untracked(request: &Request<Full<Bytes>>, total: Duration) -> Arc<Self> {
        let (call, template) =
            (Call::from_method(request.method()), ReplayableRequest::from(request.clone()));
        let times = CallTimes::new(Instant::now(), total);
        Self::build(call, template, Settings::untracked(), times, false, CompressedBody::default())
    }

    /// Creates the context of a hedged attempt, with the deadline of this call.
    pub(crate) fn start_hedge(&self, template: ReplayableRequest, now: Instant) -> Arc<Self> {
        let (settings, times) = (Arc::clone(&self.settings), CallTimes::until(now, self.deadline));
        let compressed = self.compressed.clone();
        let hedge = Self::build(self.call.clone(), template, settings, times, true, compressed);
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).hedge = Some(Arc::clone(&hedge));
        hedge
    }

    /// Returns the context of the hedged attempt, if there is one.
    pub(crate) fn hedge(&self) -> Option<Arc<Self>> {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).hedge.clone()
    }

    // Constructed in place: it is large, and each call has one.
    #[inline]
    fn build(
        call: Call,
        template: ReplayableRequest,
        settings: Arc<Settings>,
        CallTimes { started, limit, deadline }: CallTimes,
        is_hedge: bool,
        compressed: CompressedBody,
    ) -> Arc<Self> {
        let untracked_before = settings.untracked.count();
        Arc::new(Self {
            call,
            request: template,
            settings,
            started,
            limit,
            deadline,
            is_resumed: false,
            is_hedge,
            untracked_before,
            compressed,
            progress: CallProgress::new(),
            attempts: AttemptLog::default(),
            rare: Mutex::default(),
        })
    }

    /// Returns how much time is left at `now`.
    #[inline]
    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        // The first attempt begins with the call, and a subtraction of times is not cheap.
        if now == self.started { self.limit } else { self.deadline.saturating_duration_since(now) }
    }

    /// Returns whether the caller or middleware decodes responses itself.
    pub(crate) fn decodes_responses(&self) -> bool {
        self.request.header(&ACCEPT_ENCODING).is_some() || self.progress.decodes_responses()
    }

    /// Begins an attempt. Returns how often the request was sent before.
    #[inline]
    pub(crate) fn begin(&self, coordinator: &Coordinator, since: Instant) -> u32 {
        let sent_before = self.progress.begin();
        self.attempts.begin(coordinator, since, sent_before);
        sent_before
    }

    /// Revokes the success: the response is not a success of the call.
    pub(crate) fn reject(&self) {
        self.progress.set_succeeded(false);
        self.attempts.set_current(None);
    }

    /// Records that the hedged attempt was answered and replaces the call's own attempts.
    pub(crate) fn replace_with_hedge(&self, hedge: &Self) {
        self.attempts.set_current(hedge.attempts.take_current());
        self.progress.set_responder(hedge.progress.responder());
        self.progress.set_succeeded(true);
    }

    /// Records that the current attempt failed.
    pub(crate) fn fail(&self, mut attempt: Attempt) {
        attempt.hedge = self.is_hedge;
        self.attempts.push(attempt);
        self.progress.set_phase(Phase::Waiting);
    }

    /// Ends the current attempt, if there is one, for a reason outside of it.
    pub(crate) fn cancel(&self, kind: ErrorKind) {
        let (outcome, phase) = (self.worst_outcome(), self.progress.phase());
        if let Some(current) = self.attempts.take_current() {
            let mut attempt = Attempt::new(kind, outcome, phase);
            attempt.hedge = self.is_hedge;
            current.add_connection(&mut attempt);
            attempt.coordinator = Some(current.coordinator);
            attempt.elapsed = current.since.elapsed();
            self.attempts.push(attempt);
        }
    }

    /// Returns a context that continues the call after a failed response.
    ///
    /// `failed` describes that response.
    pub(crate) fn resume(&self, failed: AttemptError) -> Arc<Self> {
        let mut resumed = Self::build(
            self.call.clone(),
            ReplayableRequest::from(self.request.request()),
            Arc::clone(&self.settings),
            CallTimes { started: self.started, limit: self.limit, deadline: self.deadline },
            self.is_hedge,
            self.compressed.clone(),
        );
        let mut rare = std::mem::take(&mut *self.rare.lock().unwrap_or_else(PoisonError::into_inner));
        rare.rejected = Some(failed);
        let new = Arc::get_mut(&mut resumed).expect("a new context is not shared");
        (new.is_resumed, new.attempts, new.rare) = (true, self.attempts.take(), Mutex::new(rare));
        resumed
    }

    /// Takes the failed attempt after which a resumed call continues.
    pub(crate) fn take_rejected(&self) -> Option<AttemptError> {
        let rare = self.is_resumed.then(|| self.rare.lock().unwrap_or_else(PoisonError::into_inner));
        rare?.rejected.take()
    }

    /// Returns the worst possible outcome so far, over all attempts and everything that was sent.
    pub(crate) fn worst_outcome(&self) -> Outcome {
        if self.progress.is_executed() {
            return Outcome::Executed;
        }
        self.attempts.worst_outcome(self.progress.sends.sent()).max(self.untracked_outcome())
    }

    /// Returns the worst possible outcome of what was sent before the current attempt.
    pub(crate) fn worst_failure(&self) -> Outcome {
        self.attempts.worst_failure().max(self.untracked_outcome())
    }

    /// Returns the worst possible outcome of requests that middleware created, which may belong to this call.
    fn untracked_outcome(&self) -> Outcome {
        if self.settings.untracked.count() == self.untracked_before {
            Outcome::NotExecuted
        } else {
            Outcome::Unknown
        }
    }
}

/// When a call began, and when it must have ended.
struct CallTimes {
    started: Instant,
    limit: Duration,
    deadline: Instant,
}

impl CallTimes {
    /// Returns those of a call with this limit. One that exceeds the clock's range becomes thirty years.
    fn new(started: Instant, limit: Duration) -> Self {
        match started.checked_add(limit) {
            Some(deadline) => Self { started, limit, deadline },
            None => Self::until(started, started + Duration::from_secs(946_080_000)),
        }
    }

    fn until(started: Instant, deadline: Instant) -> Self {
        Self { started, limit: deadline.saturating_duration_since(started), deadline }
    }
}
