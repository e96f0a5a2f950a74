//! Why a closure was not executed as a transaction.

use std::fmt;
use std::time::Duration;

use arango_transport::Error;
use arango_transport::protocol::{Outcome, Resolution};

/// Why a closure did not take effect as a transaction, or that it is unknown whether it did.
///
/// The [cause](Self::cause) is the error of the last run: that of the closure as it is, or what
/// [`arango::Error`](crate::Error) was converted to. It becomes an `arango::Error` with `?` if that is the error of the
/// closure.
#[derive(Debug)]
pub struct TransactionError<E> {
    pub(super) cause: E,
    pub(super) outcome: Outcome,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
    /// Whether there was no further run because the retry budget was used up.
    pub(super) is_unpaid: bool,
    pub(super) ticket: Option<String>,
}

impl<E> TransactionError<E> {
    /// Returns the error of the last run.
    pub fn cause(&self) -> &E {
        &self.cause
    }

    /// Returns the error of the last run, by value.
    pub fn into_cause(self) -> E {
        self.cause
    }

    /// Returns whether the closure took effect.
    ///
    /// With [`NotExecuted`](Outcome::NotExecuted) no run was committed, and none can be any more. With
    /// [`Unknown`](Outcome::Unknown) one may have been: see the [ticket](Self::ticket). With
    /// [`Executed`](Outcome::Executed) one was committed, and what it has returned cannot be read from its proof.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns how often the closure was run.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns how long all runs took, with the pauses.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns what finds out later whether a run was committed, as text to store.
    ///
    /// It is that of a [`DocumentTicket`](crate::data::DocumentTicket), for
    /// [`Database::resolve`](crate::Database::resolve). Only with a [proof](crate::data::NewTransaction::proved_in) and an
    /// unknown outcome.
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }
}

impl<E: fmt::Display> fmt::Display for TransactionError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::NotExecuted => "not committed",
            Outcome::Unknown => "unknown whether it was committed",
            Outcome::Executed => "committed",
        };
        let runs = if self.attempts == 1 { "run" } else { "runs" };
        let budget = if self.is_unpaid { ", retry budget used up" } else { "" };
        write!(
            f,
            "transaction {outcome} after {} {runs} in {:.1?}{budget}: {}",
            self.attempts, self.elapsed, self.cause
        )
    }
}

// The cause is a part of the text, and not the source: it need not be an error, such as a boxed one.
impl<E: fmt::Debug + fmt::Display> std::error::Error for TransactionError<E> {}

impl From<TransactionError<Self>> for Error {
    fn from(error: TransactionError<Self>) -> Self {
        let cause = match error.outcome {
            Outcome::NotExecuted => error.cause.before_execution(),
            // An earlier run may have been committed, whatever became of the last one.
            Outcome::Unknown if error.cause.outcome() != Outcome::Unknown => {
                error.cause.of_write(Outcome::Unknown).with_resolution(Resolution::Failed, None)
            }
            // Also if the cause is a read, such as that of the proof.
            outcome @ (Outcome::Unknown | Outcome::Executed) => error.cause.of_write(outcome),
        };
        match error.ticket {
            Some(ticket) => cause.with_ticket(ticket),
            None => cause,
        }
    }
}
