//! Which failures of a look pass by themselves.

use std::error::Error as _;
use std::io;

use arango_transport::{Error, ErrorKind};

/// Whether the next look may show what this one did not: a server was away, or busy, or the agency without a leader.
///
/// Whoever may not look, or asks for what is not there, is told the same each time. A login that failed is judged by its
/// cause: a password that is refused is refused each time.
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
        | K::NotLeader
        | K::AgencyUnavailable
        | K::Throttled
        | K::Gateway => true,
        K::Server | K::Http => {
            error.status().is_some_and(|status| status.is_server_error() || status.as_u16() == 408)
        }
        K::Login => is_cause_passing(error),
        _ => false,
    }
}

/// The same of what a failure was caused by, such as the failure of a login: of the first cause that can be judged.
fn is_cause_passing(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(this) = cause {
        if let Some(error) = this.downcast_ref::<Error>() {
            return is_passing(error);
        }
        if let Some(error) = this.downcast_ref::<io::Error>() {
            return is_io_passing(error.kind());
        }
        cause = this.source();
    }
    false
}

/// Whether what a source of tokens uses was away.
fn is_io_passing(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(
        kind,
        K::ConnectionRefused
            | K::ConnectionReset
            | K::ConnectionAborted
            | K::HostUnreachable
            | K::NetworkUnreachable
            | K::NotConnected
            | K::BrokenPipe
            | K::UnexpectedEof
            | K::TimedOut
            | K::Interrupted
            | K::WouldBlock
    )
}
