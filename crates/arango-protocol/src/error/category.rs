//! Error kinds in a dozen categories.

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
    /// The client was closed, has no runtime, or middleware or another callback failed.
    Client,
}

impl ErrorKind {
    /// The category of this kind.
    #[must_use]
    pub fn category(self) -> ErrorCategory {
        use ErrorCategory as C;
        match self {
            Self::Request
            | Self::NeedsCoordinator
            | Self::UnknownCoordinator
            | Self::UnknownServer
            | Self::SchemaViolation
            | Self::InvalidQuery => C::InvalidRequest,
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
            Self::DatabaseUnknown
            | Self::NotFound
            | Self::CollectionNotFound
            | Self::DocumentNotFound
            | Self::OwnerGone
            | Self::TransactionGone => C::NotFound,
            Self::CursorBusy
            | Self::TransactionBusy
            | Self::TransactionPoisoned
            | Self::Conflict
            | Self::UniqueViolation
            | Self::LockTimeout
            | Self::PreconditionFailed
            | Self::Aborted
            | Self::QueryKilled => C::Conflict,
            Self::StartingUp
            | Self::ShuttingDown
            | Self::QueueFull
            | Self::QueueTimeViolated
            | Self::BackendUnavailable
            | Self::BackendConnectionLost
            | Self::BackendTimeout
            | Self::NotLeader
            | Self::WriteConcernNotMet
            | Self::AgencyUnavailable
            | Self::Throttled
            | Self::Gateway => C::Unavailable,
            Self::NotSupported | Self::NotACluster => C::Unsupported,
            Self::ProtocolViolation
            | Self::BodyTooLarge
            | Self::Decode
            | Self::NotArangoDb
            | Self::UnexpectedRedirect => C::InvalidResponse,
            Self::Server | Self::Http | Self::ResourceLimit => C::Server,
            Self::ClientClosed | Self::NoRuntime | Self::Middleware => C::Client,
        }
    }
}
