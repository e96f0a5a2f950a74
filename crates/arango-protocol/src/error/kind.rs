//! Kinds of failures.

use std::fmt;

use http::StatusCode;

/// Defines the kinds, each with its text in errors.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The kind of a failure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

kinds! {
    /// The request could not be built; nothing was sent.
    Request = "the request could not be built";
    /// The operation changes the coordinator that executes it, and none was specified.
    NeedsCoordinator = "the operation changes a single coordinator, and none was given";
    /// The request is pinned to a coordinator that the client lacks.
    ///
    /// It was removed from the client's hosts, or is no longer in the lists of coordinators.
    UnknownCoordinator = "unknown coordinator: the client does not have it, or no longer has it";
    /// The client was closed before the call began, or before it ended.
    ClientClosed = "the client is closed";
    /// There is no running tokio runtime; nothing was sent.
    ///
    /// The call was awaited outside of one, or in one that is shutting down.
    NoRuntime = "no tokio runtime: await the call within one";
    /// None of the coordinators could be reached.
    NoCoordinatorAvailable = "no coordinator could be reached";
    /// The host name of the coordinator could not be resolved.
    Dns = "the host name could not be resolved";
    /// The connection was refused, or there is no route to the coordinator.
    ConnectRefused = "the connection could not be opened";
    /// The connection could not be opened in time.
    ConnectTimeout = "the connection could not be opened in time";
    /// The TLS handshake broke off or timed out.
    TlsHandshake = "the TLS handshake failed";
    /// A certificate was rejected, or the TLS settings do not match.
    ///
    /// In the second case client and server share no TLS version or cipher.
    TlsCertificate = "the TLS handshake was refused";
    /// No connection became free in time.
    ///
    /// The limits of the client's pool allow no further one.
    PoolExhausted = "no connection became free in time";
    /// Connections were closed before the request could be passed to them.
    ConnectionClosedBeforeSend = "the connection was closed before the request was sent";
    /// The connection broke after the request was passed to it.
    ConnectionLost = "the connection broke before the response arrived";
    /// The coordinator refused the HTTP/2 stream without executing the request.
    StreamRefused = "the coordinator refused the HTTP/2 stream";
    /// The coordinator sent GOAWAY and did not process this stream.
    ///
    /// Only on an HTTP/2 connection.
    GoAway = "the coordinator closed the HTTP/2 connection (GOAWAY) before it handled the request";
    /// The coordinator executed the request but dropped the response.
    ///
    /// It had no space for the response.
    ResponseDropped = "the coordinator executed the request and dropped the response";
    /// The response head did not arrive in time.
    AttemptTimeout = "no response arrived in time";
    /// The call exceeded its time limit.
    DeadlineExceeded = "the call exceeded its time limit";
    /// The response is not valid HTTP.
    ProtocolViolation = "the response is not valid HTTP";
    /// The response body was cut off.
    BodyInterrupted = "the response was cut off";
    /// The response body stalled for too long.
    BodyTimeout = "the response stalled";
    /// The response body is larger than allowed.
    BodyTooLarge = "the response is larger than allowed";
    /// The response is not what the operation expects.
    Decode = "unexpected response";
    /// An ArangoDB error response without an error object.
    ///
    /// For example, that of a Foxx service.
    Http = "the server returned an error without an error object";
    /// The response did not come from ArangoDB.
    ///
    /// It came from a proxy, ingress or other service.
    NotArangoDb = "the response did not come from ArangoDB";
    /// The user or the password is wrong.
    BadCredentials = "the user or the password is wrong";
    /// There is no token, because the login failed.
    Login = "the login failed";
    /// The request is not authenticated, or the user lacks access.
    ///
    /// Access here means access to the database.
    NotAuthorized = "not authorized";
    /// The user lacks the permission.
    Forbidden = "forbidden";
    /// The server is in read-only mode, or the user may only read the collection.
    ReadOnly = "the server or the collection is read-only";
    /// The coordinator is starting, or in maintenance mode.
    StartingUp = "the coordinator is starting or in maintenance mode";
    /// The coordinator is shutting down.
    ShuttingDown = "the coordinator is shutting down";
    /// The queue of the server is full.
    QueueFull = "the server's queue is full";
    /// The queue time of the server exceeds the limit of the request.
    QueueTimeViolated = "the server's queue is too slow";
    /// The coordinator could not reach a DB-Server.
    BackendUnavailable = "a DB-Server could not be reached";
    /// The coordinator lost its connection to a DB-Server during the request.
    BackendConnectionLost = "the connection to a DB-Server broke";
    /// A DB-Server did not respond to the coordinator in time.
    ///
    /// It may still be executing the request.
    BackendTimeout = "a DB-Server did not respond in time";
    /// The coordinator does not know the server id in the request.
    ///
    /// That server may not be registered yet.
    UnknownServer = "unknown server";
    /// The server is not the leader.
    NotLeader = "the server is not the leader";
    /// The coordinator does not know the database.
    DatabaseUnknown = "unknown database";
    /// The requested object does not exist.
    ///
    /// It is neither a database nor a collection, document, cursor or transaction.
    NotFound = "not found";
    /// The collection or view does not exist.
    CollectionNotFound = "collection or view not found";
    /// The document does not exist.
    DocumentNotFound = "document not found";
    /// The cursor or job no longer exists.
    ///
    /// It has expired, or the coordinator that held it no longer exists.
    OwnerGone = "the cursor or job no longer exists";
    /// The transaction no longer exists.
    ///
    /// It was aborted, it has expired, or the coordinator that held it no longer exists.
    TransactionGone = "the transaction no longer exists";
    /// The transaction is still executing an earlier request.
    TransactionBusy = "the transaction is in use";
    /// An earlier call of the transaction may have been executed, so that no further one is sent.
    TransactionPoisoned = "an earlier call of the transaction has an unknown outcome";
    /// The cursor is in use.
    CursorBusy = "the cursor is in use";
    /// The object already exists, or two writes conflicted.
    Conflict = "conflict";
    /// The value of a unique attribute is already in use.
    ///
    /// The attribute is the key, or one of a unique index.
    UniqueViolation = "unique constraint violated";
    /// A lock on a collection could not be acquired in time.
    LockTimeout = "a collection could not be locked in time";
    /// Too few replicas of the shard are in sync for its write concern.
    WriteConcernNotMet = "too few replicas are in sync";
    /// The revision, or another precondition of the request, does not match.
    PreconditionFailed = "a precondition failed";
    /// The document does not match the schema of its collection.
    SchemaViolation = "the document does not match the schema";
    /// The query is invalid, or an expression of it failed.
    InvalidQuery = "the query failed";
    /// The query would use more resources than it may.
    ///
    /// For example, more memory than its limit.
    ResourceLimit = "a resource limit was exceeded";
    /// The operation was aborted or cancelled.
    Aborted = "aborted";
    /// The query was killed.
    QueryKilled = "query killed";
    /// The agency did not respond to the coordinator.
    AgencyUnavailable = "the agency did not respond";
    /// Too many requests.
    Throttled = "too many requests";
    /// A proxy in front of the coordinator returned an error.
    Gateway = "a proxy in front of the coordinator failed";
    /// The response is a redirect; redirects are never followed.
    UnexpectedRedirect = "the response is a redirect, and redirects are not followed";
    /// The server does not support the operation.
    NotSupported = "the server does not support this";
    /// The server has the role `SINGLE`, and the operation requires a cluster.
    NotACluster = "this server is not part of a cluster";
    /// The server failed, or returned an error without a more specific kind.
    Server = "the server returned an error";
    /// A custom layer failed, or another callback of the program.
    ///
    /// For example, a connector or random source that panicked while a connection was opened.
    Middleware = "a middleware layer or another callback failed";
}

impl ErrorKind {
    /// Returns whether a DB-Server may refuse a part of a request in this way after another part was executed.
    ///
    /// Errors of the admission and of the coordinator itself come before anything is executed.
    #[doc(hidden)] // for the crates `arango-transport` and `arango-data`
    #[must_use]
    pub fn may_follow_execution(self) -> bool {
        matches!(
            self,
            Self::ReadOnly
                | Self::NotLeader
                | Self::WriteConcernNotMet
                | Self::LockTimeout
                | Self::Conflict
                | Self::PreconditionFailed
                | Self::UniqueViolation
                | Self::SchemaViolation
                | Self::DocumentNotFound
        )
    }

    /// Returns whether the failure is transient: an unavailable or overloaded server or network.
    ///
    /// A failure is not transient if a user has to fix it, or if the same request would fail again.
    #[must_use]
    pub fn is_transient(self, status: Option<StatusCode>) -> bool {
        match self {
            Self::NoCoordinatorAvailable
            | Self::Dns
            | Self::ConnectRefused
            | Self::ConnectTimeout
            | Self::TlsHandshake
            | Self::PoolExhausted
            | Self::ConnectionClosedBeforeSend
            | Self::ConnectionLost
            | Self::StreamRefused
            | Self::GoAway
            | Self::ResponseDropped
            | Self::AttemptTimeout
            | Self::DeadlineExceeded
            | Self::ProtocolViolation
            | Self::BodyInterrupted
            | Self::BodyTimeout
            | Self::NotArangoDb
            | Self::StartingUp
            | Self::ShuttingDown
            | Self::QueueFull
            | Self::QueueTimeViolated
            | Self::BackendUnavailable
            | Self::BackendConnectionLost
            | Self::BackendTimeout
            | Self::UnknownServer
            | Self::NotLeader
            | Self::CursorBusy
            | Self::AgencyUnavailable
            | Self::TransactionBusy
            | Self::LockTimeout
            | Self::WriteConcernNotMet
            | Self::Throttled
            | Self::Gateway => true,
            Self::Server | Self::Http => {
                status.is_some_and(|status| status.is_server_error() || status == 408)
            }
            // A failed login is classified by its cause.
            Self::Login
            | Self::Request
            | Self::NeedsCoordinator
            | Self::UnknownCoordinator
            | Self::ClientClosed
            | Self::NoRuntime
            | Self::TlsCertificate
            | Self::BodyTooLarge
            | Self::Decode
            | Self::BadCredentials
            | Self::NotAuthorized
            | Self::Forbidden
            | Self::ReadOnly
            | Self::DatabaseUnknown
            | Self::NotFound
            | Self::CollectionNotFound
            | Self::DocumentNotFound
            | Self::OwnerGone
            | Self::TransactionGone
            | Self::TransactionPoisoned
            | Self::Conflict
            | Self::UniqueViolation
            | Self::SchemaViolation
            | Self::InvalidQuery
            | Self::ResourceLimit
            | Self::QueryKilled
            | Self::PreconditionFailed
            | Self::Aborted
            | Self::UnexpectedRedirect
            | Self::NotSupported
            | Self::NotACluster
            | Self::Middleware => false,
        }
    }
}

/// Returns whether a status means that the request or its head is too large.
#[doc(hidden)] // for the crate `arango-transport`
#[must_use]
pub fn is_too_large(status: StatusCode) -> bool {
    matches!(status.as_u16(), 413 | 414 | 431)
}
