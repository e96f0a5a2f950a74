//! Kinds of failures.

use std::fmt;

use http::StatusCode;

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be built; nothing was sent.
    Request,
    /// The operation changes the coordinator that executes it, and none was specified.
    NeedsCoordinator,
    /// The request is pinned to a coordinator that the client lacks.
    ///
    /// It may have been removed.
    ///
    /// It was removed from the client's hosts, or is no longer in the lists of coordinators.
    UnknownCoordinator,
    /// The client was closed before the call began, or before it ended.
    ClientClosed,
    /// There is no running tokio runtime; nothing was sent.
    ///
    /// The call was awaited outside of one, or in one that is shutting down.
    NoRuntime,
    /// None of the coordinators could be reached.
    NoCoordinatorAvailable,
    /// The host name of the coordinator could not be resolved.
    Dns,
    /// The connection was refused, or there is no route to the coordinator.
    ConnectRefused,
    /// The connection could not be opened in time.
    ConnectTimeout,
    /// The TLS handshake broke off or timed out.
    TlsHandshake,
    /// A certificate was rejected, or the TLS settings do not match.
    ///
    /// In the second case client and server share no TLS version or cipher.
    TlsCertificate,
    /// No connection became free in time.
    ///
    /// None did within the limits of the client's pool.
    PoolExhausted,
    /// Connections were closed before the request could be passed to them.
    ConnectionClosedBeforeSend,
    /// The connection broke after the request was passed to it.
    ConnectionLost,
    /// The coordinator refused the HTTP/2 stream without executing the request.
    StreamRefused,
    /// The coordinator sent GOAWAY and did not process this stream.
    ///
    /// It was sent on an HTTP/2 connection.
    GoAway,
    /// The coordinator executed the request but dropped the response.
    ///
    /// It had no space for the response.
    ResponseDropped,
    /// The response head did not arrive in time.
    AttemptTimeout,
    /// The call exceeded its time limit.
    DeadlineExceeded,
    /// The response is not valid HTTP.
    ProtocolViolation,
    /// The response body was cut off.
    BodyInterrupted,
    /// The response body stalled for too long.
    BodyTimeout,
    /// The response body is larger than allowed.
    BodyTooLarge,
    /// The response is not what the operation expects.
    Decode,
    /// An ArangoDB error response without an error object.
    ///
    /// For example, that of a Foxx service.
    Http,
    /// The response did not come from ArangoDB.
    ///
    /// It came from a proxy, ingress or other service.
    NotArangoDb,
    /// The user or the password is wrong.
    BadCredentials,
    /// There is no token, because the login failed.
    Login,
    /// The request is not authenticated, or the user lacks access.
    ///
    /// Access here means access to the database.
    NotAuthorized,
    /// The user lacks the permission.
    Forbidden,
    /// The server is in read-only mode.
    ReadOnly,
    /// The coordinator is starting, or in maintenance mode.
    StartingUp,
    /// The coordinator is shutting down.
    ShuttingDown,
    /// The queue of the server is full.
    QueueFull,
    /// The queue time of the server exceeds the limit of the request.
    QueueTimeViolated,
    /// The coordinator could not reach a DB-Server.
    BackendUnavailable,
    /// The coordinator lost its connection to a DB-Server during the request.
    BackendConnectionLost,
    /// A DB-Server did not respond to the coordinator in time.
    ///
    /// It may still be executing the request.
    BackendTimeout,
    /// The coordinator does not know the server id in the request.
    ///
    /// That server may not be registered yet.
    UnknownServer,
    /// The server is not the leader.
    NotLeader,
    /// The coordinator does not know the database.
    DatabaseUnknown,
    /// The requested object does not exist.
    NotFound,
    /// The cursor, transaction or job no longer exists.
    ///
    /// It has expired, or the coordinator that held it no longer exists.
    OwnerGone,
    /// The cursor is in use.
    CursorBusy,
    /// The object already exists, or two writes conflicted.
    Conflict,
    /// The revision, or another precondition of the request, does not match.
    PreconditionFailed,
    /// The operation was killed, aborted or cancelled.
    Aborted,
    /// The agency did not respond to the coordinator.
    AgencyUnavailable,
    /// Too many requests.
    Throttled,
    /// A proxy in front of the coordinator returned an error.
    Gateway,
    /// The response is a redirect; redirects are never followed.
    UnexpectedRedirect,
    /// The server does not support the operation.
    NotSupported,
    /// The server has the role `SINGLE`, and the operation requires a cluster.
    NotACluster,
    /// The server failed, or returned an error without a more specific kind.
    Server,
    /// A custom layer failed.
    Middleware,
}

impl ErrorKind {
    /// Returns whether the failure is transient: an unavailable or overloaded server or network.
    ///
    /// A failure is not transient if a user has to fix it, or if the same request would fail again.
    pub(crate) fn is_transient(self, status: Option<StatusCode>) -> bool {
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
            | Self::OwnerGone
            | Self::Conflict
            | Self::PreconditionFailed
            | Self::Aborted
            | Self::UnexpectedRedirect
            | Self::NotSupported
            | Self::NotACluster
            | Self::Middleware => false,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "the request could not be built",
            Self::NeedsCoordinator => "the operation changes a single coordinator, and none was given",
            Self::ClientClosed => "the client is closed",
            Self::NoRuntime => "no tokio runtime: await the call within one",
            Self::UnknownCoordinator => {
                "unknown coordinator: the client does not have it, or no longer has it"
            }
            Self::NoCoordinatorAvailable => "no coordinator could be reached",
            Self::Dns => "the host name could not be resolved",
            Self::ConnectRefused => "the connection could not be opened",
            Self::ConnectTimeout => "the connection could not be opened in time",
            Self::TlsHandshake => "the TLS handshake failed",
            Self::TlsCertificate => "the TLS handshake was refused",
            Self::PoolExhausted => "no connection became free in time",
            Self::ConnectionClosedBeforeSend => "the connection was closed before the request was sent",
            Self::ConnectionLost => "the connection broke before the response arrived",
            Self::StreamRefused => "the coordinator refused the HTTP/2 stream",
            Self::GoAway => {
                "the coordinator closed the HTTP/2 connection (GOAWAY) before it handled the request"
            }
            Self::ResponseDropped => "the coordinator executed the request and dropped the response",
            Self::AttemptTimeout => "no response arrived in time",
            Self::DeadlineExceeded => "the call exceeded its time limit",
            Self::ProtocolViolation => "the response is not valid HTTP",
            Self::BodyInterrupted => "the response was cut off",
            Self::BodyTimeout => "the response stalled",
            Self::BodyTooLarge => "the response is larger than allowed",
            Self::Decode => "unexpected response",
            Self::Http => "the server returned an error without an error object",
            Self::NotArangoDb => "the response did not come from ArangoDB",
            Self::BadCredentials => "the user or the password is wrong",
            Self::Login => "the login failed",
            Self::NotAuthorized => "not authorized",
            Self::Forbidden => "forbidden",
            Self::ReadOnly => "the server is read-only",
            Self::StartingUp => "the coordinator is starting or in maintenance mode",
            Self::ShuttingDown => "the coordinator is shutting down",
            Self::QueueFull => "the server's queue is full",
            Self::QueueTimeViolated => "the server's queue is too slow",
            Self::BackendUnavailable => "a DB-Server could not be reached",
            Self::BackendConnectionLost => "the connection to a DB-Server broke",
            Self::BackendTimeout => "a DB-Server did not respond in time",
            Self::UnknownServer => "unknown server",
            Self::NotLeader => "the server is not the leader",
            Self::DatabaseUnknown => "unknown database",
            Self::NotFound => "not found",
            Self::OwnerGone => "the cursor, transaction or job no longer exists",
            Self::CursorBusy => "the cursor is in use",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "a precondition failed",
            Self::Aborted => "aborted",
            Self::AgencyUnavailable => "the agency did not respond",
            Self::Throttled => "too many requests",
            Self::Gateway => "a proxy in front of the coordinator failed",
            Self::UnexpectedRedirect => "the response is a redirect, and redirects are not followed",
            Self::NotSupported => "the server does not support this",
            Self::NotACluster => "this server is not part of a cluster",
            Self::Server => "the server returned an error",
            Self::Middleware => "a middleware layer failed",
        })
    }
}

/// Returns whether a status means that the request or its head is too large.
pub(crate) fn is_too_large(status: StatusCode) -> bool {
    matches!(status.as_u16(), 413 | 414 | 431)
}
