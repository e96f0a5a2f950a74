//! The meaning of an HTTP/2 stream that ends without a response.
//!
//! hyper never returns such a request, and hides the reason in the sources of its error.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arango_protocol::{ErrorKind, Outcome};
use h2::Reason;

use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::h2::driver::ConnectionStatus;
use crate::types::boxed::BoxError;

/// The error of a body that ends because its connection is lost, and not only its stream.
///
/// It reads as the error of hyper.
#[derive(Debug)]
pub(in crate::pool) struct ConnectionLostInBody {
    error: hyper::Error,
    connection: Arc<ConnectionStatus>,
}

impl ConnectionLostInBody {
    /// Reports the loss of the connection; returns whether another stream has already reported it.
    pub(in crate::pool) fn report(&self) -> bool {
        self.connection.lost.swap(true, Ordering::Relaxed)
    }
}

impl fmt::Display for ConnectionLostInBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for ConnectionLostInBody {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Returns the error of a body that was not read to its end.
pub(super) fn body_error(error: hyper::Error, connection: &Arc<ConnectionStatus>) -> BoxError {
    // Not whether the connection is open: it may be closing while other streams are reset.
    if h2_source(&error).is_some_and(|error| error.is_io() || error.is_go_away()) {
        return ConnectionLostInBody { error, connection: Arc::clone(connection) }.into();
    }
    error.into()
}

/// Returns the error of a request that was sent and not returned.
pub(super) fn attempt_error(error: hyper::Error) -> AttemptError {
    let (kind, outcome) = classify(&error);
    AttemptError::new(kind, outcome, Phase::Sent).with_source(error)
}

fn classify(error: &hyper::Error) -> (ErrorKind, Outcome) {
    let lost = (ErrorKind::ConnectionLost, Outcome::Unknown);
    let Some(error) = h2_source(error) else { return lost };
    if violates_protocol(error) {
        return (ErrorKind::ProtocolViolation, Outcome::Unknown);
    }
    // Only streams that a GOAWAY does not cover end with it, and the server declares that it has not
    // processed them.
    if error.is_go_away() {
        return (ErrorKind::GoAway, Outcome::NotExecuted);
    }
    match error.reason() {
        Some(Reason::REFUSED_STREAM) => (ErrorKind::StreamRefused, Outcome::NotExecuted),
        // arangod sends it when it has no room for the response, which means after the execution.
        Some(Reason::ENHANCE_YOUR_CALM) => (ErrorKind::ResponseDropped, Outcome::Executed),
        _ => lost,
    }
}

/// Returns whether the data received is not HTTP/2.
pub(super) fn violates(error: &hyper::Error) -> bool {
    h2_source(error).is_some_and(violates_protocol)
}

/// Returns whether this side ended the stream because of invalid data.
fn violates_protocol(error: &h2::Error) -> bool {
    !error.is_remote() && error.reason().is_some()
}

fn h2_source(error: &hyper::Error) -> Option<&h2::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
