//! What a failed attempt says about the health of its coordinator.
//!
//! `docs/failure-semantics.md` contains the same table with its reasons. A test fails until a new
//! [`ErrorKind`] is listed here.

use arango_balance::Signal;
use arango_protocol::{ErrorKind, Outcome, is_too_large};

use crate::error::attempt::Attempt;

/// Returns what a failed attempt indicates about its coordinator.
pub(crate) fn signal(attempt: &Attempt) -> Signal {
    listed_signal(attempt).unwrap_or(Signal::Neutral)
}

/// Returns what a failed attempt indicates; `None` if its kind is not listed.
fn listed_signal(attempt: &Attempt) -> Option<Signal> {
    use ErrorKind as K;
    Some(match attempt.kind {
        // Another stream of the same connection has already reported the loss.
        K::ConnectionLost | K::BodyInterrupted if attempt.already_reported => Signal::Neutral,
        // The limit of a call says nothing about the coordinator.
        K::ConnectTimeout if attempt.is_cut_short => Signal::Neutral,
        K::Dns
        | K::ConnectRefused
        | K::ConnectTimeout
        | K::TlsHandshake
        | K::TlsCertificate
        | K::ProtocolViolation
        | K::BodyInterrupted
        | K::BodyTimeout => Signal::Unreachable,
        // An idle connection may just have reached its idle timeout.
        K::ConnectionLost if attempt.may_be_stale() => Signal::Neutral,
        K::ConnectionLost => Signal::Unreachable,
        // As above. But that even a new connection was closed at once proves that no coordinator is behind it.
        K::ConnectionClosedBeforeSend if attempt.reused => Signal::Neutral,
        K::ConnectionClosedBeforeSend => Signal::Unreachable,
        K::StreamRefused | K::ResponseDropped => Signal::Overloaded,
        K::GoAway => Signal::Draining,
        K::Gateway => Signal::GatewayError,
        K::StartingUp | K::QueueTimeViolated | K::Throttled => Signal::Overloaded,
        K::ShuttingDown => Signal::Draining,
        // An intermediary may have lower limits than the coordinator.
        K::NotArangoDb if attempt.status.is_some_and(is_too_large) => Signal::Neutral,
        K::NotArangoDb => Signal::Unrecognized,
        K::UnexpectedRedirect if !attempt.is_arangodb => Signal::Unrecognized,
        K::QueueFull if attempt.outcome == Outcome::NotExecuted => Signal::Overloaded,
        K::Server if attempt.status.is_some_and(|status| status.is_server_error()) => Signal::Failure,
        K::Forbidden
        | K::ReadOnly
        | K::DatabaseUnknown
        | K::NotFound
        | K::CollectionNotFound
        | K::DocumentNotFound
        | K::OwnerGone
        | K::TransactionGone
        | K::TransactionBusy
        | K::UniqueViolation
        | K::SchemaViolation
        | K::LockTimeout
        | K::InvalidQuery
        | K::ResourceLimit
        | K::QueryKilled
        | K::CursorBusy
        | K::Conflict
        | K::PreconditionFailed
        | K::Aborted
        | K::NotSupported
        | K::NotACluster
        | K::Server => Signal::Success,
        // Responses that say nothing about the coordinator, limits of the client, and failures outside of it.
        // Whether a timeout counts depends on other responses: the attempt layer decides.
        K::AttemptTimeout
        | K::QueueFull
        | K::BackendUnavailable
        | K::BackendConnectionLost
        | K::BackendTimeout
        | K::UnknownServer
        | K::NotLeader
        | K::WriteConcernNotMet
        | K::AgencyUnavailable
        | K::PoolExhausted
        | K::BodyTooLarge
        | K::Http
        | K::NotAuthorized
        | K::BadCredentials
        | K::Login
        | K::UnexpectedRedirect
        | K::Middleware
        | K::Decode
        | K::DeadlineExceeded
        | K::Request
        | K::NeedsCoordinator
        | K::UnknownCoordinator
        | K::TransactionPoisoned
        | K::ClientClosed
        | K::NoRuntime
        | K::NoCoordinatorAvailable => Signal::Neutral,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::attempt::Phase;

    #[test]
    fn every_kind_is_listed() {
        for &kind in ErrorKind::ALL {
            let attempt = Attempt::new(kind, Outcome::Unknown, Phase::Sent);
            assert!(listed_signal(&attempt).is_some(), "{kind:?}");
        }
    }
}
