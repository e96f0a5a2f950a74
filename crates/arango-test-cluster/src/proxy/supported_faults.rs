//! Which faults a proxy can cause.

use super::error::UnsupportedFault;
use crate::faults::effect::{Effect, Phase, ResponseFault};
use crate::faults::fault::Fault;
use crate::faults::garbage::Garbage;
use crate::faults::request_match::Match;

/// What a proxy can read of what it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    /// Requests and responses.
    Http,
    /// Bytes of TLS.
    Bytes,
}

const WITHIN_A_SERVER: &str = "it happens within a server";
const NO_REQUESTS: &str = "it cannot read requests over TLS; without TLS it can. Over TLS there are `latency`, `close` with \
                           the phase `before-read`, `hang`, `garbage`, `stall` and `truncate`, without `method` and `path`";

/// Checks that a proxy can cause a fault.
///
/// # Errors
/// If it cannot, with the reason.
pub(super) fn check(fault: &Fault, visibility: Visibility) -> Result<(), UnsupportedFault> {
    let refuse = |reason| Err(UnsupportedFault { kind: kind(&fault.effect).to_owned(), reason });
    match &fault.effect {
        Effect::RepeatedWrite
        | Effect::LateCopy(_)
        | Effect::SlowCommit(_)
        | Effect::FailedCommit
        | Effect::LostWrite(_) => return refuse(WITHIN_A_SERVER),
        _ if visibility == Visibility::Http => return Ok(()),
        Effect::Latency(_)
        | Effect::ResponseFault(
            ResponseFault::Close { phase: Phase::BeforeRead, .. }
            | ResponseFault::Hang
            | ResponseFault::Garbage(Garbage::StatusLine)
            | ResponseFault::Stall { .. }
            | ResponseFault::Truncate { .. },
        ) => {}
        Effect::Response(_)
        | Effect::EarlyResponse(_)
        | Effect::ResponseFault(_)
        | Effect::GoAway
        | Effect::GoAwayUnprocessed => return refuse(NO_REQUESTS),
    }
    if fault.on == Match::any() { Ok(()) } else { refuse(NO_REQUESTS) }
}

/// The name of an effect in JSON.
fn kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::Latency(_) => "latency",
        Effect::RepeatedWrite => "repeated-write",
        Effect::LateCopy(_) => "late-copy",
        Effect::SlowCommit(_) => "slow-commit",
        Effect::FailedCommit => "failed-commit",
        Effect::LostWrite(_) => "lost-write",
        Effect::Response(_) => "response",
        Effect::EarlyResponse(_) => "early-response",
        Effect::GoAway => "go-away",
        Effect::GoAwayUnprocessed => "go-away-unprocessed",
        Effect::ResponseFault(fault) => match fault {
            ResponseFault::Close { .. } => "close",
            ResponseFault::Hang => "hang",
            ResponseFault::Garbage(Garbage::StatusLine) => "garbage",
            ResponseFault::Garbage(Garbage::HugeHead) => "huge-head",
            ResponseFault::Garbage(Garbage::Chunks) => "bad-chunks",
            ResponseFault::SlowHead { .. } => "slow-head",
            ResponseFault::SlowBody { .. } => "slow-body",
            ResponseFault::Stall { .. } => "stall",
            ResponseFault::Truncate { .. } => "truncate",
            ResponseFault::Padded { .. } => "padded",
            ResponseFault::Reset { .. } => "reset-stream",
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(fault: &Fault, visibility: Visibility) -> Option<String> {
        check(fault, visibility).err().map(|refused| refused.to_string())
    }

    #[test]
    fn what_happens_within_a_server_is_refused_by_name() {
        for (fault, name) in [
            (Fault::repeated_write(), "repeated-write"),
            (Fault::late_copy(Duration::ZERO), "late-copy"),
            (Fault::slow_commit(Duration::ZERO), "slow-commit"),
            (Fault::failed_commit(), "failed-commit"),
            (Fault::lost_write(0), "lost-write"),
        ] {
            let refused = refused(&fault, Visibility::Http).unwrap();
            assert!(refused.contains(name) && refused.contains("within a server"), "{refused}");
        }
    }

    #[test]
    fn over_tls_only_faults_of_bytes_are_accepted() {
        for fault in [
            Fault::latency(Duration::ZERO),
            Fault::close(Phase::BeforeRead),
            Fault::hang(),
            Fault::garbage(),
            Fault::stall(1),
            Fault::truncate(1),
        ] {
            assert_eq!(refused(&fault, Visibility::Bytes), None);
            assert!(refused(&fault.on(Match::get("/_api/version")), Visibility::Bytes).is_some());
        }
        for fault in [Fault::close(Phase::AfterExecution), Fault::goaway(), Fault::response(503, 503, "")] {
            assert_eq!(refused(&fault, Visibility::Http), None);
            let refused = refused(&fault, Visibility::Bytes).unwrap();
            assert!(refused.contains("cannot read requests over TLS"), "{refused}");
        }
    }
}
