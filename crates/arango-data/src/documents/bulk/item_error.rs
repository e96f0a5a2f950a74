//! Why one item of a bulk write failed.

use std::fmt;
use std::sync::Arc;

use arango_protocol::{
    BuildError, Conclusion, ErrorKind, ErrorNumber, Failure, Outcome, Resolution, ResponseAuthor,
    classify_response,
};
use http::StatusCode;

use crate::names::Key;

/// Why one item of a bulk write failed, and whether it was executed.
#[derive(Debug, Clone)]
pub struct ItemError {
    failure: Failure,
    message: Option<Arc<str>>,
    key: Option<Key>,
    resolution: Option<Resolution>,
    ticket: Option<Box<str>>,
}

impl ItemError {
    /// The item was not sent, because it is no valid document.
    #[must_use]
    #[inline]
    pub fn invalid(error: &BuildError) -> Self {
        let text = match error {
            // serde_json counts lines within the document, which is mistaken for a line of the file.
            BuildError::Body(error) if error.line() > 0 => {
                let (text, column) = (error.to_string(), error.column());
                let reason = text.split(" at line ").next().unwrap_or_default();
                format!("is no valid JSON: {reason}, at column {column}")
            }
            _ => std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string),
        };
        Self::new(Failure::new(ErrorKind::Request, Outcome::NotExecuted, None), Some(text.into()), None)
    }

    /// The request with the item has failed, or was not sent.
    #[must_use]
    pub fn of_request(kind: ErrorKind, outcome: Outcome, message: &Arc<str>) -> Self {
        Self::new(Failure::new(kind, outcome, None), Some(Arc::clone(message)), None)
    }

    pub(super) fn new(failure: Failure, message: Option<Arc<str>>, key: Option<Key>) -> Self {
        Self { failure, message, key, resolution: None, ticket: None }
    }

    /// The server has refused the item, and executed the others.
    #[inline]
    pub(super) fn refused(
        number: ErrorNumber,
        message: Option<String>,
        names_revision: bool,
        key: Option<Key>,
    ) -> Self {
        let (kind, outcome) = classify(number, names_revision);
        Self::new(Failure::new(kind, outcome, Some(number)), message.map(Into::into), key)
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind
    }

    /// Returns what is known about the execution of the item.
    pub fn outcome(&self) -> Outcome {
        self.failure.outcome
    }

    /// Returns the server's error number; `None` if no response was received.
    pub fn number(&self) -> Option<ErrorNumber> {
        self.failure.number
    }

    /// Returns the message: that of the server, or that of the request that failed.
    ///
    /// `None` if the server has sent only a number.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the key of the document, if it is known.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Returns what was found out about the item after it had failed.
    ///
    /// `None` if there was no doubt, or nothing to look for.
    pub fn resolution(&self) -> Option<Resolution> {
        self.resolution
    }

    /// Returns what finds out later whether the item was executed, as text to store: a
    /// [`DocumentTicket`](crate::DocumentTicket).
    ///
    /// Only for an item with a key whose outcome is unknown.
    pub fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// Returns whether the same item may succeed later.
    ///
    /// Whether it may be sent again depends on its [outcome](Self::outcome), too.
    pub fn is_transient(&self) -> bool {
        self.failure.kind.is_transient(None)
    }

    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Another copy of the item may have been executed.
    #[inline]
    pub(super) fn after_ambiguous_attempt(&mut self) {
        self.failure.has_ambiguous_predecessor = true;
        self.failure.outcome = self.failure.outcome.max(Outcome::Unknown);
    }

    pub(super) fn resolve<T>(&mut self, conclusion: Option<&Conclusion<T>>) {
        let resolution = match conclusion {
            None => Resolution::Failed,
            Some(Conclusion::NotExecuted) => Resolution::NotExecuted,
            Some(Conclusion::Superseded) => Resolution::Superseded,
            Some(Conclusion::NotSeen) => Resolution::NotSeen,
            Some(_) => Resolution::CannotTell,
        };
        match resolution {
            Resolution::NotExecuted => self.failure.outcome = Outcome::NotExecuted,
            // It had to be looked into, since it may be about an earlier copy, and that may still be.
            Resolution::Failed | Resolution::CannotTell | Resolution::NotSeen => {
                self.failure.outcome = self.failure.outcome.max(Outcome::Unknown);
            }
            _ => {}
        }
        self.resolution = Some(resolution);
    }

    pub(super) fn set_ticket(&mut self, ticket: String) {
        self.ticket = Some(ticket.into());
    }
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message)?,
            None => self.failure.kind.fmt(f)?,
        }
        if let Some(number) = self.failure.number {
            write!(f, " (error {number})")?;
        }
        f.write_str(match self.failure.outcome {
            Outcome::NotExecuted => "; not executed",
            Outcome::Unknown => "; unknown whether it was executed",
            Outcome::Executed => "; executed",
        })?;
        match self.resolution {
            Some(resolution) => write!(f, "; {resolution}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ItemError {}

/// Classifies the error of one element, which has no status.
fn classify(number: ErrorNumber, names_revision: bool) -> (ErrorKind, Outcome) {
    let status = match number {
        ErrorNumber::CONFLICT if names_revision => StatusCode::PRECONDITION_FAILED,
        ErrorNumber::CONFLICT => StatusCode::CONFLICT,
        // Errors of documents, and of the graphs that they belong to.
        ErrorNumber(1200..2000 | 4000..5000) => StatusCode::BAD_REQUEST,
        // Errors of the server.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let (kind, outcome) = classify_response(status, ResponseAuthor::ArangoDb(number));
    // An element that was refused has changed nothing.
    (kind, if outcome == Outcome::Executed { Outcome::NotExecuted } else { outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_was_refused_is_not_executed_and_a_lost_shard_leaves_it_unknown() {
        use ErrorKind as K;
        for (number, kind) in [
            (1210, K::UniqueViolation),
            (1221, K::Server),
            (1202, K::DocumentNotFound),
            (1620, K::SchemaViolation),
            (1429, K::WriteConcernNotMet),
            (1466, K::Server),
            (4003, K::Server),
        ] {
            assert_eq!(classify(ErrorNumber(number), false), (kind, Outcome::NotExecuted), "{number}");
        }
        for (number, kind) in [
            (1478, K::BackendUnavailable),
            (1465, K::BackendConnectionLost),
            (1457, K::BackendTimeout),
            (4, K::Server),
        ] {
            assert_eq!(classify(ErrorNumber(number), false), (kind, Outcome::Unknown), "{number}");
        }
        let conflict = |names_revision| classify(ErrorNumber::CONFLICT, names_revision).0;
        assert_eq!((conflict(true), conflict(false)), (K::PreconditionFailed, K::Conflict));
    }
}
