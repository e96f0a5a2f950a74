//! What is known about an open transaction: which calls it still accepts, and whether another run would help.

use std::time::Duration;

use arango_data::{CursorId, ItemError};
use arango_transport::Error;
use arango_transport::protocol::{ErrorKind, ErrorNumber, Failure, Outcome};
use tokio::time::Instant;

/// How long after its last use a transaction is committed. Servers abort it after 60 s.
const IDLE_LIMIT: Duration = Duration::from_secs(55);

/// How long after its last use a server may have aborted a transaction when a commit arrives.
const SERVER_IDLE_LIMIT: Duration = Duration::from_secs(59);

const BUSY: &str =
    "a call of it was dropped before its response arrived; the transaction can only be aborted";
const POISONED: &str = "the transaction can only be aborted";
const CONFLICT: &str = "it met a conflict with another write, and has to begin again";
const GONE: &str = "an earlier call was refused because of that";
const IDLE: &str = "it was not used for 55 s, and may be about to be aborted by the server";
const ENDED: &str = "it was committed or aborted before";
const DETACHED: &str = "its closure has returned";

/// What is known about a transaction.
#[derive(Debug)]
pub(super) struct State {
    status: Status,
    /// Whether a call is in progress. If it is dropped, it stays so.
    is_busy: bool,
    /// Whether the closure has returned to which the handle was given.
    is_detached: bool,
    last_use: Instant,
    /// Whether a transaction that begins again may succeed after the last failure.
    repeat: Option<Repeat>,
    /// Cursors that were dropped before their end.
    dropped_cursors: Vec<CursorId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Open,
    /// An operation may have been executed. Only an abort is sent.
    Poisoned,
    /// It met a conflict. Only an abort is sent.
    Conflict,
    /// The server does not have it any more.
    Gone,
    /// A commit or an abort was sent. Nothing else is.
    Ended,
}

/// Who uses a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// The program, by its handle.
    Handle,
    /// The runner of a closure, which has returned.
    Runner,
}

/// When a transaction begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After a conflict: when the other transaction has ended.
    Soon,
    /// After a failure: when the cluster has had time to recover.
    Later,
}

/// Why a call is not sent.
pub(super) type Refusal = (ErrorKind, &'static str);

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            status: Status::Open,
            is_busy: false,
            is_detached: false,
            last_use: now,
            repeat: None,
            dropped_cursors: Vec::new(),
        }
    }

    /// Begins a call.
    pub(super) fn begin_call(&mut self, caller: Caller) -> Result<(), Refusal> {
        if self.is_detached && caller == Caller::Handle {
            return Err((ErrorKind::TransactionGone, DETACHED));
        }
        self.check()?;
        self.is_busy = true;
        Ok(())
    }

    /// Ends a call.
    pub(super) fn end_call(&mut self, failure: Option<Met>, now: Instant) {
        self.is_busy = false;
        if failure.is_none_or(Met::was_answered) {
            self.last_use = now;
        }
        self.repeat = failure.and_then(Met::repeat);
        if let Some(met) = failure {
            self.status = met.status_after().unwrap_or(self.status);
        }
    }

    /// Begins the commit. From then on, nothing is sent but what finds out about it.
    pub(super) fn begin_commit(&mut self, now: Instant) -> Result<(), Refusal> {
        self.check()?;
        if now.saturating_duration_since(self.last_use) > IDLE_LIMIT {
            self.repeat = Some(Repeat::Soon);
            return Err((ErrorKind::TransactionGone, IDLE));
        }
        self.status = Status::Ended;
        Ok(())
    }

    /// Returns whether a commit that has succeeded may have come too late, so that the server has aborted the transaction.
    pub(super) fn was_late(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_use) > SERVER_IDLE_LIMIT
    }

    /// Declares that the server has aborted it, so that it may begin again.
    pub(super) fn expired(&mut self) {
        self.repeat = Some(Repeat::Soon);
    }

    /// Records the failure of a request outside of the transaction on which a call depends.
    pub(super) fn record_failure(&mut self, met: Met) {
        self.repeat = met.repeat();
    }

    /// Begins an abort that the program wants. Returns whether there is anything to abort.
    pub(super) fn begin_abort_by_handle(&mut self) -> Result<bool, Refusal> {
        if self.is_detached { Err((ErrorKind::TransactionGone, DETACHED)) } else { Ok(self.begin_abort()) }
    }

    /// Begins an abort. Returns whether there is anything to abort.
    pub(super) fn begin_abort(&mut self) -> bool {
        let is_open = !matches!(self.status, Status::Gone | Status::Ended);
        self.status = Status::Ended;
        is_open
    }

    /// Declares that the commit or the abort was not executed, so that the transaction may still be open.
    pub(super) fn reopen(&mut self) {
        self.status = Status::Poisoned;
    }

    /// Declares that the closure has returned. No handle can be used any more.
    pub(super) fn detach(&mut self) {
        self.is_detached = true;
    }

    /// Returns whether a transaction that begins again may succeed after the last failure.
    pub(super) fn repeat(&self) -> Option<Repeat> {
        if self.is_busy { Some(Repeat::Later) } else { self.repeat }
    }

    pub(super) fn add_dropped_cursors(&mut self, ids: impl IntoIterator<Item = CursorId>) {
        self.dropped_cursors.extend(ids);
    }

    /// Takes the cursors to close before the next call.
    pub(super) fn take_cursors_before_call(&mut self) -> Vec<CursorId> {
        if self.status == Status::Open { self.take_dropped_cursors() } else { Vec::new() }
    }

    /// Takes the cursors to close before an abort.
    pub(super) fn take_dropped_cursors(&mut self) -> Vec<CursorId> {
        std::mem::take(&mut self.dropped_cursors)
    }

    fn check(&mut self) -> Result<(), Refusal> {
        if self.is_busy {
            (self.status, self.repeat) = (Status::Poisoned, Some(Repeat::Later));
            return Err((ErrorKind::TransactionPoisoned, BUSY));
        }
        match self.status {
            Status::Open => Ok(()),
            Status::Poisoned => Err((ErrorKind::TransactionPoisoned, POISONED)),
            Status::Conflict => Err((ErrorKind::TransactionGone, CONFLICT)),
            Status::Gone => Err((ErrorKind::TransactionGone, GONE)),
            Status::Ended => Err((ErrorKind::TransactionGone, ENDED)),
        }
    }
}

/// What a call has met instead of a success.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    failure: Failure,
    is_transient: bool,
}

impl From<&Error> for Met {
    fn from(error: &Error) -> Self {
        Self { failure: error.failure(), is_transient: error.is_transient() }
    }
}

impl From<&ItemError> for Met {
    fn from(error: &ItemError) -> Self {
        let failure = Failure::new(error.kind(), error.outcome(), error.number());
        Self { failure, is_transient: error.is_transient() }
    }
}

impl Met {
    /// Returns how much it makes of the transaction: more for what ends it, and most for what poisons it.
    pub(super) fn severity(&self) -> u8 {
        match self.status_after() {
            Some(Status::Poisoned) => 3,
            Some(_) => 2,
            None => u8::from(self.repeat().is_some()),
        }
    }

    /// Returns whether a transaction that begins again may succeed.
    pub(super) fn repeat(self) -> Option<Repeat> {
        use ErrorKind as K;
        match self.failure.kind {
            K::LockTimeout => Some(Repeat::Soon),
            K::TransactionGone | K::TransactionPoisoned | K::OwnerGone | K::UnknownCoordinator => {
                Some(Repeat::Later)
            }
            _ if self.is_conflict() => Some(Repeat::Soon),
            _ => self.is_transient.then_some(Repeat::Later),
        }
    }

    /// Returns what it makes of the transaction; `None` if that can go on.
    fn status_after(self) -> Option<Status> {
        use ErrorKind as K;
        // A refusal without a body, as of a HEAD request. If one with a number is of unknown outcome, a part was executed.
        let is_refused = self.failure.number.is_none()
            && matches!(
                self.failure.kind,
                K::DocumentNotFound
                    | K::CollectionNotFound
                    | K::UniqueViolation
                    | K::PreconditionFailed
                    | K::SchemaViolation
            );
        // Executed, but the caller does not know with which result.
        let is_unread =
            matches!(self.failure.kind, K::BodyInterrupted | K::BodyTimeout | K::ResponseDropped | K::Decode);
        match self.failure.kind {
            K::TransactionGone => Some(Status::Gone),
            _ if self.is_conflict() => Some(Status::Conflict),
            _ if is_unread || self.failure.outcome == Outcome::Unknown && !is_refused => {
                Some(Status::Poisoned)
            }
            _ => None,
        }
    }

    /// Returns whether the request has come to the transaction, which then begins to be idle.
    fn was_answered(self) -> bool {
        let at_the_door = matches!(self.failure.kind, ErrorKind::QueueFull | ErrorKind::QueueTimeViolated);
        self.failure.number.is_some() && !at_the_door
    }

    /// Returns whether another write was in the way. Nothing was executed.
    fn is_conflict(self) -> bool {
        self.failure.kind == ErrorKind::Conflict && self.failure.number == Some(ErrorNumber::CONFLICT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(kind: ErrorKind, outcome: Outcome, number: Option<ErrorNumber>) -> Met {
        Met { failure: Failure::new(kind, outcome, number), is_transient: kind.is_transient(None) }
    }

    /// Executes one call that meets this, and returns the kind with which the next one is refused.
    fn after(met: Met) -> Option<ErrorKind> {
        let (mut state, now) = (State::new(Instant::now()), Instant::now());
        state.begin_call(Caller::Handle).unwrap();
        state.end_call(Some(met), now);
        state.begin_call(Caller::Handle).err().map(|(kind, _)| kind)
    }

    #[test]
    fn a_call_of_unknown_outcome_poisons_and_a_refusal_does_not() {
        use ErrorKind as K;
        for (kind, outcome, expected) in [
            (K::ConnectionLost, Outcome::Unknown, Some(K::TransactionPoisoned)),
            (K::BodyInterrupted, Outcome::Executed, Some(K::TransactionPoisoned)),
            (K::Decode, Outcome::Executed, Some(K::TransactionPoisoned)),
            (K::InvalidQuery, Outcome::Unknown, Some(K::TransactionPoisoned)),
            (K::InvalidQuery, Outcome::NotExecuted, None),
            (K::ConnectRefused, Outcome::NotExecuted, None),
            (K::UniqueViolation, Outcome::NotExecuted, None),
            (K::DocumentNotFound, Outcome::Unknown, None),
            (K::LockTimeout, Outcome::NotExecuted, None),
            (K::TransactionBusy, Outcome::NotExecuted, None),
            (K::TransactionGone, Outcome::Unknown, Some(K::TransactionGone)),
            (K::TransactionGone, Outcome::NotExecuted, Some(K::TransactionGone)),
        ] {
            assert_eq!(after(met(kind, outcome, None)), expected, "{kind:?} {outcome:?}");
        }
        let in_part =
            met(K::UniqueViolation, Outcome::Unknown, Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED));
        assert_eq!(after(in_part), Some(K::TransactionPoisoned), "a part of several writes");
        let conflict = met(K::Conflict, Outcome::NotExecuted, Some(ErrorNumber::CONFLICT));
        assert_eq!(after(conflict), Some(K::TransactionGone));
        let duplicate = met(K::Conflict, Outcome::NotExecuted, Some(ErrorNumber::DUPLICATE_NAME));
        assert_eq!(after(duplicate), None);
    }

    #[test]
    fn a_transaction_begins_again_after_what_another_one_would_not_meet() {
        use ErrorKind as K;
        let repeat = |kind| met(kind, Outcome::NotExecuted, None).repeat();
        assert_eq!(repeat(K::LockTimeout), Some(Repeat::Soon));
        for kind in [K::TransactionGone, K::UnknownCoordinator, K::ConnectRefused, K::AttemptTimeout] {
            assert_eq!(repeat(kind), Some(Repeat::Later), "{kind:?}");
        }
        for kind in [K::UniqueViolation, K::InvalidQuery, K::ResourceLimit, K::Conflict, K::Forbidden] {
            assert_eq!(repeat(kind), None, "{kind:?}");
        }
        let in_part =
            met(K::UniqueViolation, Outcome::Unknown, Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED));
        assert_eq!(after(in_part), Some(K::TransactionPoisoned), "a part of several writes");
        let conflict = met(K::Conflict, Outcome::NotExecuted, Some(ErrorNumber::CONFLICT));
        assert_eq!(conflict.repeat(), Some(Repeat::Soon));
    }

    #[test]
    fn a_call_that_was_dropped_poisons_the_transaction_and_only_an_abort_is_left() {
        let mut state = State::new(Instant::now());
        state.begin_call(Caller::Handle).unwrap();
        assert_eq!(state.begin_call(Caller::Handle).unwrap_err().0, ErrorKind::TransactionPoisoned);
        assert_eq!(state.begin_commit(Instant::now()).unwrap_err().0, ErrorKind::TransactionPoisoned);
        assert!(state.repeat().is_some() && state.begin_abort() && !state.begin_abort());
    }

    #[test]
    fn a_transaction_that_was_not_used_for_55_s_is_not_committed() {
        let (begin, seconds) = (Instant::now(), Duration::from_secs);
        let mut state = State::new(begin);
        assert_eq!(state.begin_commit(begin + seconds(56)).unwrap_err().0, ErrorKind::TransactionGone);
        assert!(state.repeat().is_some() && state.begin_abort());
        state = State::new(begin);
        state.begin_call(Caller::Handle).unwrap();
        state.end_call(None, begin + seconds(54));
        assert!(state.begin_commit(begin + seconds(108)).is_ok());
        assert!(!state.begin_abort(), "after a commit nothing is aborted");
    }

    #[test]
    fn a_handle_that_outlives_its_closure_is_refused_and_the_runner_is_not() {
        let mut state = State::new(Instant::now());
        state.detach();
        assert_eq!(state.begin_call(Caller::Handle).unwrap_err().0, ErrorKind::TransactionGone);
        assert!(state.begin_call(Caller::Runner).is_ok());
    }

    #[test]
    fn only_what_the_server_has_answered_counts_as_a_use() {
        let used = [
            (None, true),
            (Some(met(ErrorKind::UniqueViolation, Outcome::NotExecuted, Some(ErrorNumber(1210)))), true),
            (Some(met(ErrorKind::ConnectRefused, Outcome::NotExecuted, None)), false),
            (Some(met(ErrorKind::QueueFull, Outcome::NotExecuted, Some(ErrorNumber(21003)))), false),
        ];
        for (failure, is_use) in used {
            let began = Instant::now();
            let mut state = State::new(began);
            state.begin_call(Caller::Handle).unwrap();
            state.end_call(failure, began + IDLE_LIMIT);
            let committed = state.begin_commit(began + IDLE_LIMIT + Duration::from_secs(1));
            assert_eq!(committed.is_ok(), is_use, "{failure:?}");
        }
    }
}
