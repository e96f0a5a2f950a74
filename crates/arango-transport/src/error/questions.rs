//! The questions that callers ask of an error.

use arango_protocol::{ErrorCategory, ErrorKind, ErrorObject};

use crate::error::Error;

impl Error {
    /// The category of its [kind](Self::kind).
    pub fn category(&self) -> ErrorCategory {
        self.kind().category()
    }

    /// Returns whether a time limit ended the call.
    ///
    /// The limit is one of the client's, or the server's for a DB-Server.
    pub fn is_timeout(&self) -> bool {
        self.category() == ErrorCategory::Timeout
            || matches!(self.kind(), ErrorKind::ConnectTimeout | ErrorKind::BackendTimeout)
    }

    /// Whether no connection could be opened, so that nothing was sent.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::NoCoordinatorAvailable
                | ErrorKind::Dns
                | ErrorKind::ConnectRefused
                | ErrorKind::ConnectTimeout
                | ErrorKind::TlsHandshake
                | ErrorKind::TlsCertificate
        )
    }

    /// Whether the server reported that something does not exist.
    pub fn is_not_found(&self) -> bool {
        self.category() == ErrorCategory::NotFound
    }

    /// Whether another write or a request condition stands in the way.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Conflict | ErrorKind::UniqueViolation | ErrorKind::PreconditionFailed
        )
    }

    /// Whether the credentials were missing, wrong or not accepted.
    ///
    /// A login that failed for another reason, such as a coordinator that could not be reached, is not meant.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.kind(), ErrorKind::BadCredentials | ErrorKind::NotAuthorized)
    }

    /// Whether the server or the deployment does not support the operation.
    pub fn is_unsupported(&self) -> bool {
        self.category() == ErrorCategory::Unsupported
    }

    /// The error object that the server sent, if it sent one.
    pub fn server_error(&self) -> Option<ErrorObject> {
        self.error_number()?;
        ErrorObject::parse(self.body())
    }
}
