//! What happens to a call, written down as it happens.
//!
//! The record is shared by every layer a request passes, so that whoever ends the call (a deadline,
//! a user's layer, the last attempt) can tell how far it got.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::names_arangodb;
use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use tokio::time::Instant;

use crate::compression::Compressed;
use crate::copies::Copies;
use crate::failed_attempt::{Attempt, Phase};
use crate::opened::Via;
use crate::retry::Failed;
use crate::settings::Settings;
use crate::strays::Strays;
use crate::template::Template;
use crate::{Call, Coordinator, Credentials, ErrorKind, Outcome};

/// The most failed attempts that are kept of one call.
const KEPT: usize = 16;

/// What happened to one call so far.
#[derive(Debug)]
pub(crate) struct CallRecord {
    pub(crate) call: Call,
    pub(crate) template: Template,
    /// What the client was set to when it began.
    pub(crate) settings: Arc<Settings>,
    pub(crate) started: Instant,
    pub(crate) deadline: Instant,
    pub(crate) copies: Copies,
    phase: AtomicU8,
    /// The status of the last answer that a connection gave to the attempt under way; 0 if none did.
    heard: AtomicU16,
    /// Who wrote that answer, as far as its head shows.
    answered: AtomicU8,
    /// An attempt succeeded; what a layer of the user's made of that is another matter.
    succeeded: AtomicBool,
    /// It goes on from an answer that was no success.
    pub(crate) is_resumed: bool,
    strays: Strays,
    strays_before: u64,
    log: Mutex<Log>,
    is_hedge: bool,
    /// The body of the request as it is sent.
    pub(crate) compressed: Compressed,
    /// A layer of the user's has asked for encodings, and undoes them.
    undoes_encodings: AtomicBool,
}

/// Who wrote an answer of success, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Answered {
    /// No connection has brought one.
    No,
    /// ArangoDB.
    ByArangoDb,
    /// That is not seen from its head: the body will show it to those who read it.
    BySomething,
}

impl Answered {
    const ALL: [Self; 3] = [Self::No, Self::ByArangoDb, Self::BySomething];
}

#[derive(Debug)]
struct Log {
    current: Option<Current>,
    /// There were two attempts at once, which only a layer of the user's can bring about.
    concurrent: bool,
    failed: Vec<Attempt>,
    /// The seats of the coordinators whose health it has counted against.
    counted: Vec<usize>,
    /// Failed attempts that are not kept.
    dropped: u32,
    worst_dropped: Outcome,
    /// The record of an attempt beside these.
    hedge: Option<Arc<CallRecord>>,
    /// The attempt that a resumed call goes on from.
    rejected: Option<Failed>,
}

/// The attempt that is under way.
#[derive(Debug)]
struct Current {
    coordinator: Coordinator,
    since: Instant,
    /// Copies that were sent before it began.
    sent_before: u32,
    /// The connection it was handed to.
    connection: Option<Via>,
}

impl Current {
    /// Names the connection in a failure that does not.
    fn stamp(&self, failed: &mut Attempt) {
        if let Some(via) = self.connection
            && failed.protocol.is_none()
            && matches!(failed.phase, Phase::Sent | Phase::Body)
        {
            via.stamp(failed);
        }
    }
}

impl Default for Log {
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

impl Log {
    /// Keeps the first and the last of many: what began it, and what it came to.
    fn keep(&mut self, attempt: Attempt) {
        if self.failed.len() == KEPT {
            // Not without its outcome, which counts for that of the call.
            let dropped = self.failed.remove(KEPT / 2);
            self.worst_dropped = self.worst_dropped.max(dropped.outcome);
            self.dropped += 1;
        }
        self.failed.push(attempt);
    }

    /// The most that any attempt which failed may have done.
    fn worst(&self) -> Outcome {
        self.failed.iter().map(|attempt| attempt.outcome).fold(self.worst_dropped, Outcome::max)
    }
}

impl CallRecord {
    /// Who asks, unless the request itself says so.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.call.own_credentials().unwrap_or(&self.settings.credentials)
    }

    pub(crate) fn new(call: Call, template: Template, settings: Arc<Settings>, strays: &Strays) -> Arc<Self> {
        let started = Instant::now();
        let total = settings.limits.total;
        // One attempt may last as long as the server blocks, and then there must be time for another.
        let total = match (call.own_total_limit(), call.patience) {
            (Some(own), _) => own,
            (None, Some(patience)) => patience.saturating_add(total),
            (None, None) => total,
        };
        let times = (started, deadline(started, total));
        Self::begin_record(call, template, settings, times, strays, false, Compressed::default())
    }

    /// The record of a request that belongs to no call: nobody reads it.
    pub(crate) fn of_no_call(request: &Request<Full<Bytes>>, total: Duration) -> Arc<Self> {
        let (call, template) = (Call::of_method(request.method()), Template::of(request.clone()));
        let started = Instant::now();
        let times = (started, deadline(started, total));
        Self::begin_record(
            call,
            template,
            Settings::of_no_call(),
            times,
            &Strays::default(),
            false,
            Compressed::default(),
        )
    }

    /// The record of an attempt beside those of this call, with the time that is left to them.
    pub(crate) fn beside(&self, template: Template, now: Instant) -> Arc<Self> {
        let (settings, times) = (Arc::clone(&self.settings), (now, self.deadline));
        let compressed = self.compressed.clone();
        let hedge =
            Self::begin_record(self.call.clone(), template, settings, times, &self.strays, true, compressed);
        self.log().hedge = Some(Arc::clone(&hedge));
        hedge
    }

    /// The record of the attempt beside those of this call, if there is one.
    pub(crate) fn hedge(&self) -> Option<Arc<Self>> {
        self.log().hedge.clone()
    }

    // Made where it stays: it is large, and each call has one.
    #[inline]
    fn begin_record(
        call: Call,
        template: Template,
        settings: Arc<Settings>,
        (started, deadline): (Instant, Instant),
        strays: &Strays,
        is_hedge: bool,
        compressed: Compressed,
    ) -> Arc<Self> {
        Arc::new(Self {
            call,
            template,
            settings,
            started,
            deadline,
            phase: AtomicU8::new(0),
            copies: Copies::default(),
            heard: AtomicU16::new(0),
            answered: AtomicU8::new(Answered::No as u8),
            succeeded: AtomicBool::new(false),
            is_resumed: false,
            strays: strays.clone(),
            strays_before: strays.count(),
            log: Mutex::default(),
            is_hedge,
            compressed,
            undoes_encodings: AtomicBool::new(false),
        })
    }

    /// Notes what a layer of the user's hands on: an answer in an encoding that it asks for is its own to undo.
    pub(crate) fn handed_on(&self, headers: &HeaderMap) {
        if headers.contains_key(ACCEPT_ENCODING) {
            self.undoes_encodings.store(true, Ordering::Relaxed);
        }
    }

    /// Whether who asked will undo the encoding of an answer.
    pub(crate) fn undoes_encodings_itself(&self) -> bool {
        self.template.header(&ACCEPT_ENCODING).is_some() || self.undoes_encodings.load(Ordering::Relaxed)
    }

    /// Notes that an attempt has reached `phase`.
    pub(crate) fn reached(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed))]
    }

    /// Notes the head of an answer, as it came from a connection.
    pub(crate) fn hears(&self, status: StatusCode, headers: &HeaderMap) {
        self.heard.store(status.as_u16(), Ordering::Relaxed);
        self.answered(if names_arangodb(headers) { Answered::ByArangoDb } else { Answered::BySomething });
        self.reached(Phase::Body);
    }

    /// Notes who wrote the answer.
    pub(crate) fn answered(&self, by: Answered) {
        self.answered.store(by as u8, Ordering::Relaxed);
    }

    /// Who wrote the answer to the attempt that is under way, or has succeeded.
    pub(crate) fn answered_by(&self) -> Answered {
        Answered::ALL[usize::from(self.answered.load(Ordering::Relaxed))]
    }

    /// Whether this is the status that a connection gave, rather than one that a layer made up.
    pub(crate) fn heard(&self, status: StatusCode) -> bool {
        self.heard.load(Ordering::Relaxed) == status.as_u16()
    }

    /// Begins an attempt; tells how many copies were sent before it.
    pub(crate) fn begin(&self, coordinator: &Coordinator, since: Instant) -> u32 {
        let sent_before = self.copies.sent();
        self.heard.store(0, Ordering::Relaxed);
        self.answered(Answered::No);
        self.reached(Phase::Waiting);
        let mut log = self.log();
        log.concurrent |= log.current.is_some();
        log.current =
            Some(Current { coordinator: coordinator.clone(), since, sent_before, connection: None });
        sent_before
    }

    /// Notes the connection that the attempt under way is handed to.
    pub(crate) fn connected(&self, via: Via) {
        if let Some(current) = &mut self.log().current {
            current.connection = Some(via);
        }
    }

    /// Whether a failure counts against the health of the coordinator with this seat: a call that comes
    /// back to it again and again says no more than one that came once.
    pub(crate) fn counts_against(&self, seat: usize) -> bool {
        let mut log = self.log();
        let first = !log.counted.contains(&seat);
        if first {
            log.counted.push(seat);
        }
        first
    }

    /// Names the connection of the attempt that is under way in its failure, if the failure does not.
    pub(crate) fn name_connection(&self, failed: &mut Attempt) {
        if let Some(current) = &self.log().current {
            current.stamp(failed);
        }
    }

    /// Ends the attempt that is under way: it succeeded.
    pub(crate) fn succeed(&self) {
        self.succeeded.store(true, Ordering::Relaxed);
    }

    /// Takes back that it succeeded: the answer is not the success of the call.
    pub(crate) fn reject(&self) {
        self.succeeded.store(false, Ordering::Relaxed);
        self.log().current = None;
    }

    /// Notes that the attempt beside those of the call was answered, and nobody waits for them any more.
    pub(crate) fn overtaken_by(&self, hedge: &Self) {
        let answered = hedge.log().current.take();
        self.log().current = answered;
        self.answered(hedge.answered_by());
        self.succeed();
    }

    /// Ends the attempt that is under way: it failed.
    pub(crate) fn fail(&self, mut attempt: Attempt) {
        attempt.hedge = self.is_hedge;
        let mut log = self.log();
        log.current = None;
        log.keep(attempt);
        self.reached(Phase::Waiting);
    }

    /// Ends the attempt that is under way, if there is one, for a reason from above it.
    pub(crate) fn cut_off(&self, kind: ErrorKind) {
        let outcome = self.worst();
        let phase = self.phase();
        let mut log = self.log();
        if let Some(current) = log.current.take() {
            let mut attempt = Attempt::failed(kind, outcome, phase);
            attempt.hedge = self.is_hedge;
            current.stamp(&mut attempt);
            attempt.coordinator = Some(current.coordinator);
            attempt.elapsed = current.since.elapsed();
            log.keep(attempt);
        }
    }

    /// A record of the same call that goes on from here: the answer that it got, which `failed` tells of, is no success.
    pub(crate) fn resumed(&self, failed: Failed) -> Arc<Self> {
        let mut resumed = Self::begin_record(
            self.call.clone(),
            Template::of(self.template.request()),
            Arc::clone(&self.settings),
            (self.started, self.deadline),
            &self.strays,
            self.is_hedge,
            self.compressed.clone(),
        );
        let mut log = std::mem::take(&mut *self.log());
        (log.current, log.rejected) = (None, Some(failed));
        let new = Arc::get_mut(&mut resumed).expect("a record that was just made is not shared");
        (new.is_resumed, new.log) = (true, Mutex::new(log));
        resumed
    }

    /// The attempt that a resumed call goes on from, once.
    pub(crate) fn take_rejected(&self) -> Option<Failed> {
        if self.is_resumed { self.log().rejected.take() } else { None }
    }

    /// Since when the attempt that has succeeded was under way, and where.
    pub(crate) fn current(&self) -> Option<(Coordinator, Instant)> {
        self.log().current.as_ref().map(|current| (current.coordinator.clone(), current.since))
    }

    /// Where the attempt that is under way, or has succeeded, went.
    pub(crate) fn coordinator(&self) -> Option<Coordinator> {
        self.log().current.as_ref().map(|current| current.coordinator.clone())
    }

    /// The attempts that failed so far.
    pub(crate) fn failed(&self) -> Vec<Attempt> {
        self.log().failed.clone()
    }

    /// How many failed attempts are not kept.
    pub(crate) fn dropped(&self) -> u32 {
        self.log().dropped
    }

    /// The worst that may have happened so far, by all attempts and all their copies.
    pub(crate) fn worst(&self) -> Outcome {
        let log = self.log();
        let sent = self.copies.sent();
        let in_doubt = log.current.as_ref().is_some_and(|current| sent > current.sent_before)
            || (log.concurrent && sent > 0)
            || self.strays.count() != self.strays_before;
        let known = log.worst();
        let succeeded = self.succeeded.load(Ordering::Relaxed);
        if succeeded && self.answered_by() == Answered::ByArangoDb {
            Outcome::Executed
        } else if in_doubt {
            known.max(Outcome::Unknown)
        } else {
            known
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a call is over that may take so long. A total that the clock cannot hold is as good as none: thirty years.
fn deadline(started: Instant, total: Duration) -> Instant {
    started.checked_add(total).unwrap_or(started + Duration::from_secs(946_080_000))
}
