//! Error kinds in a dozen categories, and the questions that callers ask of an error.

use arango_protocol::ErrorObject;

use crate::error::Error;
use crate::error::kind::ErrorKind;

/// A group of [`ErrorKind`]s that a caller usually handles alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCategory {
    /// The request is invalid.
    ///
    /// It was refused by the client, or by the server as malformed or too large.
    InvalidRequest,
    /// No connection could be opened, or it broke.
    Connection,
    /// A time limit of the client ended the attempt or the call.
    Timeout,
    /// The credentials are missing, wrong, or not exchangeable for a token.
    Authentication,
    /// The user lacks a permission, or the server is read-only.
    Permission,
    /// The database, collection, document, cursor, transaction or job does not exist.
    NotFound,
    /// Another write or a condition of the request stands in the way.
    Conflict,
    /// The cluster cannot serve the request now.
    ///
    /// It is starting, stopping, overloaded, or without a leader.
    Unavailable,
    /// The server or the deployment does not support the operation.
    Unsupported,
    /// The response is not one that ArangoDB sends, or cannot be read.
    InvalidResponse,
    /// The server reported an error that belongs to no other category.
    Server,
    /// The client was closed, has no runtime, or a middleware layer failed.
    Client,
}

impl ErrorKind {
    /// The category of this kind.
    #[must_use]
    pub fn category(self) -> ErrorCategory {
        use ErrorCategory as C;
        match self {
            Self::Request | Self::NeedsCoordinator | Self::UnknownCoordinator | Self::UnknownServer => {
                C::InvalidRequest
            }
            Self::NoCoordinatorAvailable
            | Self::Dns
            | Self::ConnectRefused
            | Self::ConnectTimeout
            | Self::TlsHandshake
            | Self::TlsCertificate
            | Self::ConnectionClosedBeforeSend
            | Self::ConnectionLost
            | Self::StreamRefused
            | Self::GoAway
            | Self::ResponseDropped
            | Self::BodyInterrupted => C::Connection,
            Self::PoolExhausted | Self::AttemptTimeout | Self::DeadlineExceeded | Self::BodyTimeout => {
                C::Timeout
            }
            Self::BadCredentials | Self::Login | Self::NotAuthorized => C::Authentication,
            Self::Forbidden | Self::ReadOnly => C::Permission,
            Self::DatabaseUnknown | Self::NotFound | Self::OwnerGone => C::NotFound,
            Self::CursorBusy | Self::Conflict | Self::PreconditionFailed | Self::Aborted => C::Conflict,
            Self::StartingUp
            | Self::ShuttingDown
            | Self::QueueFull
            | Self::QueueTimeViolated
            | Self::BackendUnavailable
            | Self::BackendConnectionLost
            | Self::BackendTimeout
            | Self::NotLeader
            | Self::AgencyUnavailable
            | Self::Throttled
            | Self::Gateway => C::Unavailable,
            Self::NotSupported | Self::NotACluster => C::Unsupported,
            Self::ProtocolViolation
            | Self::BodyTooLarge
            | Self::Decode
            | Self::NotArangoDb
            | Self::UnexpectedRedirect => C::InvalidResponse,
            Self::Server | Self::Http => C::Server,
            Self::ClientClosed | Self::NoRuntime | Self::Middleware => C::Client,
        }
    }
}

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
        matches!(self.kind(), ErrorKind::Conflict | ErrorKind::PreconditionFailed)
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
