//! Which failures are likely to pass by themselves.

use std::io;

use super::Error;
use crate::ErrorKind;

impl Error {
    /// Whether the cause is likely to pass by itself: a server was away or busy, or the network was.
    ///
    /// A failed login is judged by its own cause: a refused password does not pass, a coordinator that was away does.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Login => self.is_cause_transient(),
            kind => kind.is_transient(self.status()),
        }
    }

    /// Judges the first cause that can be judged.
    fn is_cause_transient(&self) -> bool {
        let mut cause = self.cause();
        while let Some(this) = cause {
            if let Some(error) = this.downcast_ref::<Self>() {
                return error.is_transient();
            }
            if let Some(error) = this.downcast_ref::<io::Error>() {
                return is_io_transient(error.kind());
            }
            cause = this.source();
        }
        false
    }
}

/// Whether what a source of tokens needs was away.
fn is_io_transient(kind: io::ErrorKind) -> bool {
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
