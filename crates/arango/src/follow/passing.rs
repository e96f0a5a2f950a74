//! Which failures of a look pass by themselves.

use arango_transport::{Error, ErrorKind};

/// Whether the next look may show what this one did not: a server was away, or busy, or the agency without a leader.
///
/// Whoever may not look, or asks for what is not there, is told the same each time.
pub(super) fn is_passing(error: &Error) -> bool {
    use ErrorKind as K;
    match error.kind() {
        K::NoCoordinatorAvailable
        | K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::PoolExhausted
        | K::ConnectionClosedBeforeSend
        | K::ConnectionLost
        | K::StreamRefused
        | K::GoAway
        | K::ResponseDropped
        | K::AttemptTimeout
        | K::DeadlineExceeded
        | K::ProtocolViolation
        | K::BodyInterrupted
        | K::BodyTimeout
        | K::StartingUp
        | K::ShuttingDown
        | K::QueueFull
        | K::QueueTimeViolated
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::BackendTimeout
        | K::UnknownServer
        | K::NotLeader
        | K::AgencyUnavailable
        | K::Throttled
        | K::Gateway => true,
        K::Server | K::Http => {
            error.status().is_some_and(|status| status.is_server_error() || status.as_u16() == 408)
        }
        _ => false,
    }
}
