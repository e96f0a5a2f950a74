//! What can go wrong, by situation.

use std::fmt;

use http::StatusCode;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be formed; nothing was sent.
    Request,
    /// The operation changes the coordinator that answers, and must be told which.
    NeedsCoordinator,
    /// The coordinator that the request is meant for is not one of the client's, or is no more: it was named no longer,
    /// or has left the lists of coordinators.
    UnknownCoordinator,
    /// The client was closed before the call began, or before it ended.
    ClientClosed,
    /// The call was awaited outside of a tokio runtime, or in one that is shutting down; nothing was sent.
    NoRuntime,
    /// None of the coordinators could be reached.
    NoCoordinatorAvailable,
    /// The name of the coordinator could not be resolved.
    Dns,
    /// The connection was refused, or there is no way to the coordinator.
    ConnectRefused,
    /// The connection could not be opened in time.
    ConnectTimeout,
    /// The TLS handshake broke off, or was not over in time.
    TlsHandshake,
    /// A certificate was not accepted, or the two ends have no version or cipher of TLS in common.
    TlsCertificate,
    /// No connection became free in time; the limit is the client's own.
    PoolExhausted,
    /// Connections were closed before the request could be handed to them.
    ConnectionClosedBeforeSend,
    /// The connection broke after the request was handed to it.
    ConnectionLost,
    /// The coordinator refused the stream of HTTP/2, and did nothing.
    StreamRefused,
    /// The coordinator said goodbye on an HTTP/2 connection, and that it has not looked at this stream.
    GoAway,
    /// The coordinator has executed the request, and had no room for the answer.
    ResponseDropped,
    /// The head of the answer did not come in time.
    AttemptTimeout,
    /// The call took longer than it may.
    DeadlineExceeded,
    /// What came back is not HTTP.
    ProtocolViolation,
    /// The body of the answer was cut off.
    BodyInterrupted,
    /// The body of the answer stood still for too long.
    BodyTimeout,
    /// The body of the answer is larger than allowed.
    BodyTooLarge,
    /// The answer is not what the operation expects.
    Decode,
    /// A refusal by ArangoDB without its error object, as a Foxx service may write.
    Http,
    /// The answer did not come from ArangoDB: a proxy, an ingress or another service answered.
    NotArangoDb,
    /// The user or the password is wrong.
    BadCredentials,
    /// There is no token, because the login failed.
    Login,
    /// Not logged in, or not allowed to know the database.
    NotAuthorized,
    /// The user may not do this.
    Forbidden,
    /// The server only reads at the moment.
    ReadOnly,
    /// The coordinator is starting, or in maintenance mode.
    StartingUp,
    /// The coordinator is stopping.
    ShuttingDown,
    /// The queue of the server is full.
    QueueFull,
    /// The server would have let the request wait for longer than it allows.
    QueueTimeViolated,
    /// The coordinator could not reach a DB-Server.
    BackendUnavailable,
    /// The coordinator lost its connection to a DB-Server in the middle.
    BackendConnectionLost,
    /// A DB-Server did not answer the coordinator in time, and may be at it still.
    BackendTimeout,
    /// The coordinator knows no server of the id that the request names, or that server has not registered yet.
    UnknownServer,
    /// The server that was asked does not lead.
    NotLeader,
    /// The coordinator does not know the database.
    DatabaseUnknown,
    /// There is no such thing.
    NotFound,
    /// The coordinator that held the cursor, transaction or job is gone, or it has expired.
    OwnerGone,
    /// The cursor is in use.
    CursorBusy,
    /// There is one already, or two writes met.
    Conflict,
    /// The revision, or another condition, is not as the request demands.
    PreconditionFailed,
    /// It was killed, aborted or cancelled.
    Aborted,
    /// The agency did not answer the coordinator.
    AgencyUnavailable,
    /// Too many requests.
    Throttled,
    /// Something before the coordinator answered for it.
    Gateway,
    /// A redirect, which is never followed.
    UnexpectedRedirect,
    /// The server does not know the call.
    NotSupported,
    /// The server has said that its role is `SINGLE`: it is not part of a cluster, and the call needs one.
    NotACluster,
    /// The server failed, or refused for a reason that has no kind of its own.
    Server,
    /// A layer that is not ours failed.
    Middleware,
}

impl ErrorKind {
    /// Whether what failed is likely to pass by itself: a server was away or busy, or the network was. What a user has to
    /// mend, or what would be refused just the same, is not.
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
            // Whether a login passes is told by its own error.
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
            Self::UnknownCoordinator => "unknown coordinator: the client does not have it, or no longer",
            Self::NoCoordinatorAvailable => "no coordinator could be reached",
            Self::Dns => "the host name could not be resolved",
            Self::ConnectRefused => "the connection could not be opened",
            Self::ConnectTimeout => "the connection could not be opened in time",
            Self::TlsHandshake => "the TLS handshake failed",
            Self::TlsCertificate => "the TLS handshake was refused",
            Self::PoolExhausted => "no connection became free in time",
            Self::ConnectionClosedBeforeSend => "the connection was closed before the request was sent",
            Self::ConnectionLost => "the connection broke before the answer came",
            Self::StreamRefused => "the coordinator refused the HTTP/2 stream",
            Self::GoAway => {
                "the coordinator closed the HTTP/2 connection (GOAWAY) before it handled the request"
            }
            Self::ResponseDropped => "the coordinator executed the request and dropped the answer",
            Self::AttemptTimeout => "no answer came in time",
            Self::DeadlineExceeded => "the call exceeded its time limit",
            Self::ProtocolViolation => "the answer is not valid HTTP",
            Self::BodyInterrupted => "the answer was cut off",
            Self::BodyTimeout => "the answer stopped coming",
            Self::BodyTooLarge => "the answer is larger than allowed",
            Self::Decode => "unexpected answer",
            Self::Http => "the server answered with an error, but without an error object",
            Self::NotArangoDb => "the answer did not come from ArangoDB",
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
            Self::BackendTimeout => "a DB-Server did not answer in time",
            Self::UnknownServer => "unknown server",
            Self::NotLeader => "the server is not the leader",
            Self::DatabaseUnknown => "unknown database",
            Self::NotFound => "not found",
            Self::OwnerGone => "the cursor, transaction or job is gone",
            Self::CursorBusy => "the cursor is in use",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "a precondition failed",
            Self::Aborted => "aborted",
            Self::AgencyUnavailable => "the agency did not answer",
            Self::Throttled => "too many requests",
            Self::Gateway => "a proxy in front of the coordinator failed",
            Self::UnexpectedRedirect => "the answer is a redirect, and redirects are not followed",
            Self::NotSupported => "the server does not support this",
            Self::NotACluster => "this server is not part of a cluster",
            Self::Server => "the server answered with an error",
            Self::Middleware => "a middleware layer failed",
        })
    }
}
