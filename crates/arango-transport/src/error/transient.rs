//! Classifies failures as transient or permanent.

use std::io;

use arango_protocol::ErrorKind;

use super::Error;

impl Error {
    /// Returns whether the cause is transient.
    ///
    /// Such a cause is an unavailable or overloaded server or network. A failed login is classified by its cause: a
    /// rejected password is permanent, an unreachable coordinator is transient. An option whose support is unknown,
    /// because no version could be read, may be supported later.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Login => self.is_cause_transient(),
            ErrorKind::NotSupported => {
                self.unsupported().is_some_and(|unsupported| unsupported.version.is_none())
            }
            kind => kind.is_transient(self.status()),
        }
    }

    /// Classifies the first cause of a known type; unknown causes are permanent.
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

/// Returns whether an I/O error of a token source is transient.
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
