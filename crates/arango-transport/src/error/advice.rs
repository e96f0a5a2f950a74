//! What to do about a failure, in a few words.

use crate::ErrorKind;

/// What somebody who reads of a failure of this kind can do about it; `None` if its text says all there is to say.
pub(crate) fn advice(kind: ErrorKind) -> Option<&'static str> {
    use ErrorKind as K;
    Some(match kind {
        K::NeedsCoordinator => "ask through client.coordinator(&one)",
        K::ClientClosed => "build another client",
        K::UnknownCoordinator => "name one of client.coordinators()",
        K::NoCoordinatorAvailable => "check hosts, ports and the network",
        K::Dns => "check the name of the host",
        K::ConnectRefused => "check that a coordinator listens there",
        K::ConnectTimeout => "check host, port and firewalls, or raise Limits::connect",
        K::PoolExhausted => "raise PoolLimits::connections, or call less at once",
        K::AttemptTimeout => "raise Limits::attempt for what takes that long",
        K::DeadlineExceeded => "raise Limits::total for what takes that long",
        K::ProtocolViolation => "check that host and port are a coordinator's",
        K::BodyTooLarge => "raise Limits::body_bytes, or ask for less",
        K::NotArangoDb => "check that the host is a coordinator's, and what stands before it",
        K::UnexpectedRedirect => "name the coordinators themselves: redirects are not followed",
        K::BadCredentials => "check user and password",
        K::ReadOnly => "check the server's mode, its license and its disk",
        K::StartingUp | K::ShuttingDown => "wait for it, or check its log if it stays so",
        K::QueueFull | K::QueueTimeViolated | K::Throttled => "call less at once, or try again later",
        K::BackendUnavailable | K::BackendConnectionLost | K::BackendTimeout | K::NotLeader => {
            "check the DB-Servers: cluster().health() tells of them"
        }
        K::AgencyUnavailable => "check the agents: cluster().health() tells of them",
        K::DatabaseUnknown => "check its name; one that was just created is known everywhere a little later",
        K::OwnerGone => "begin anew: it cannot be got back",
        K::Gateway => "check what stands before the coordinator, and whether that is running",
        _ => return None,
    })
}
