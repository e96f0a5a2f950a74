//! How far a call has got. Recorded without a lock, because every call does.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering};

use arango_protocol::names_arangodb;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, StatusCode};

use crate::call::send_tracker::SendTracker;
use crate::error::attempt::Phase;

/// How far a call has got.
#[derive(Debug)]
pub(crate) struct CallProgress {
    pub(crate) sends: SendTracker,
    phase: AtomicU8,
    /// The status of the last response that a connection returned to the current attempt; 0 if none did.
    response_status: AtomicU16,
    /// The author of that response, as far as its head shows.
    responder: AtomicU8,
    /// Whether an attempt succeeded. Middleware may have changed the response afterwards.
    succeeded: AtomicBool,
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

// Relaxed everywhere: the values are read by the task that wrote them, or after it has handed over the call.
impl CallProgress {
    // Constructed in place: each call has one.
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            sends: SendTracker::default(),
            phase: AtomicU8::new(Phase::Waiting as u8),
            response_status: AtomicU16::new(0),
            responder: AtomicU8::new(Responder::Nothing as u8),
            succeeded: AtomicBool::new(false),
            decodes_responses: AtomicBool::new(false),
        }
    }

    /// Begins an attempt. Returns how often the request was sent before.
    pub(crate) fn begin(&self) -> u32 {
        self.response_status.store(0, Ordering::Relaxed);
        self.set_responder(Responder::Nothing);
        self.set_phase(Phase::Waiting);
        self.sends.sent()
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

    /// Returns whether a connection returned this status, rather than middleware.
    pub(crate) fn is_response_status(&self, status: StatusCode) -> bool {
        self.response_status.load(Ordering::Relaxed) == status.as_u16()
    }

    /// Records the author of the response.
    pub(crate) fn set_responder(&self, by: Responder) {
        self.responder.store(by as u8, Ordering::Relaxed);
    }

    /// Returns the author of the response to the current or successful attempt.
    pub(crate) fn responder(&self) -> Responder {
        Responder::ALL[usize::from(self.responder.load(Ordering::Relaxed))]
    }

    /// Records whether the current attempt succeeded.
    pub(crate) fn set_succeeded(&self, succeeded: bool) {
        self.succeeded.store(succeeded, Ordering::Relaxed);
    }

    /// Returns whether ArangoDB has executed the call.
    pub(crate) fn is_executed(&self) -> bool {
        self.succeeded.load(Ordering::Relaxed) && self.responder() == Responder::ArangoDb
    }

    /// Records the encodings that middleware requests: it decodes such responses itself.
    pub(crate) fn set_request_encodings(&self, headers: &HeaderMap) {
        if headers.contains_key(ACCEPT_ENCODING) {
            self.decodes_responses.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether middleware decodes responses itself.
    pub(crate) fn decodes_responses(&self) -> bool {
        self.decodes_responses.load(Ordering::Relaxed)
    }
}
