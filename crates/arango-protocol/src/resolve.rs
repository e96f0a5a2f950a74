//! Finding out whether a write was executed whose response was lost.

use std::fmt;
use std::time::Duration;

use crate::database_name::DatabaseName;
use crate::error::kind::ErrorKind;
use crate::error::number::ErrorNumber;
use crate::error::object::ErrorObject;
use crate::error::outcome::Outcome;
use crate::operation::Operation;

/// A write that can find out whether it was executed.
///
/// If its response is lost, or if its refusal may be about its own first copy, the client asks the [question](Self::question)
/// and concludes from the answer. All functions are pure. The questions are a part of the call: they end at its deadline,
/// and the retry budget pays for them.
pub trait Resolve: Operation {
    /// What is asked: an operation without effect.
    type Question: Operation;

    /// Returns what to ask after this failure.
    ///
    /// `None` if the failure says all that can be known.
    fn question(&self, failure: &Failure) -> Option<Self::Question>;

    /// Concludes from the answer: the output of the question, or the error object with which the server refused it.
    ///
    /// Seeing the effect of the write proves that it was executed. Not seeing it proves nothing while a copy of the
    /// request may still be executed: that is [`NotSeen`](Conclusion::NotSeen).
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<<Self::Question as Operation>::Output, &ErrorObject>,
    ) -> Conclusion<Self::Output>;

    /// Returns how long the question is asked again while the answer is [`AskAgain`](Conclusion::AskAgain).
    ///
    /// Zero, the default: it is asked twice.
    fn resolution_timeout(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns what can find out later whether the write was executed, as text.
    ///
    /// The error of a write of unknown outcome carries it. `None`, the default, if nothing can. The database is
    /// that of the write; `unix_millis` is its time, in milliseconds since 1970.
    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        let _ = (database, unix_millis);
        None
    }
}

impl<O: Resolve + ?Sized> Resolve for &O {
    type Question = O::Question;

    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        (**self).question(failure)
    }

    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<<Self::Question as Operation>::Output, &ErrorObject>,
    ) -> Conclusion<Self::Output> {
        (**self).conclusion(failure, answer)
    }

    fn resolution_timeout(&self) -> Duration {
        (**self).resolution_timeout()
    }

    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        (**self).ticket_text(database, unix_millis)
    }
}

/// What is known about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is known about its execution.
    pub outcome: Outcome,
    /// The error number of the response, if there was one.
    pub number: Option<ErrorNumber>,
    /// Whether another copy of the request may have been executed, besides that of the failure.
    pub has_ambiguous_predecessor: bool,
}

impl Failure {
    /// Creates the failure of the only copy of a request.
    #[must_use]
    pub fn new(kind: ErrorKind, outcome: Outcome, number: Option<ErrorNumber>) -> Self {
        Self { kind, outcome, number, has_ambiguous_predecessor: false }
    }

    /// Declares that another copy of the request may have been executed.
    #[must_use]
    pub fn after_ambiguous_attempt(mut self) -> Self {
        self.has_ambiguous_predecessor = true;
        self
    }

    /// Returns whether the request may have been executed, and its response was not received.
    #[must_use]
    pub fn is_response_lost(&self) -> bool {
        use ErrorKind as K;
        // Of the executed requests, only those that were not refused.
        let is_unread = matches!(
            self.kind,
            K::BodyInterrupted | K::BodyTimeout | K::BodyTooLarge | K::Decode | K::ResponseDropped
        );
        match self.outcome {
            Outcome::NotExecuted => false,
            Outcome::Unknown => true,
            Outcome::Executed => is_unread || self.has_ambiguous_predecessor,
        }
    }
}

/// What an answer shows about a write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conclusion<T> {
    /// It was executed, with this output.
    Executed(T),
    /// It was not executed, and no copy of it can be executed any more.
    NotExecuted,
    /// Its effect is not there. A copy of it may still be executed.
    NotSeen,
    /// The effect of another write is there, which may have replaced that of this one.
    Superseded,
    /// The answer says nothing about it, such as a missing permission.
    CannotTell,
    /// The answer does not decide it yet.
    AskAgain {
        /// The output to return if it stays undecided; `None` is [`NotSeen`](Self::NotSeen).
        otherwise: Option<T>,
    },
}

/// What was found out about a write that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// It was not executed, and no copy of it can be executed any more.
    NotExecuted,
    /// Its effect was not there when the client looked. A copy of it may still be executed.
    NotSeen,
    /// The effect of another write was there, which may have replaced that of this one.
    Superseded,
    /// The client looked, and what is there does not show whose it is.
    CannotTell,
    /// The client could not look.
    Failed,
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotExecuted => "its effect was looked for: it was not executed",
            Self::NotSeen => "its effect was looked for and is not there; a copy of it may still be executed: look again before you repeat it",
            Self::Superseded => "its effect was looked for; another write has replaced it, or came before it: read what is there",
            Self::CannotTell => "its effect was looked for, and what is there does not show whose it is: read it before you repeat the write",
            Self::Failed => "its effect could not be looked for: read what is there before you repeat it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_lost_if_it_is_unknown_or_unread_but_not_if_it_is_a_refusal() {
        let lost = |kind, outcome| Failure::new(kind, outcome, None).is_response_lost();
        assert!(lost(ErrorKind::ConnectionLost, Outcome::Unknown));
        assert!(lost(ErrorKind::BodyInterrupted, Outcome::Executed));
        assert!(!lost(ErrorKind::Server, Outcome::Executed));
        assert!(!lost(ErrorKind::ConnectRefused, Outcome::NotExecuted));
        let refused = Failure::new(ErrorKind::Http, Outcome::Executed, None);
        assert!(!refused.is_response_lost() && refused.after_ambiguous_attempt().is_response_lost());
    }
}
