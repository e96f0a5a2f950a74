//! What has happened at the server, which the client does not see.

use crate::closure::message::{Known, Refusal, Request, Response};
use crate::closure::program::End;
use crate::closure::server::{Phase, Server};

/// What has happened at the server.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Facts {
    /// A commit has met a fault.
    pub(crate) was_lost: bool,
    /// A proof met the lock of an earlier run.
    pub(crate) met_lock: bool,
    /// A proof was there already.
    pub(crate) met_proof: bool,
    /// A coordinator has called a transaction aborted that was committed.
    pub(crate) lied_about_abort: bool,
    /// A late commit was refused.
    pub(crate) was_late_and_refused: bool,
    /// A commit still took time when the call ended.
    pub(crate) ended_early: bool,
}

impl Facts {
    /// Records what a request has met.
    pub(crate) fn record(&mut self, request: Request, response: Response) {
        if let (Request::InsertProof { .. }, Response::Refused(refusal)) = (request, response) {
            self.met_lock |= refusal == Refusal::Conflict;
            self.met_proof |= refusal == Refusal::UniqueViolation;
        }
    }

    /// Records what coordinators say, and what is true.
    pub(crate) fn record_server(&mut self, server: &Server) {
        self.lied_about_abort |= server.transactions.iter().any(|one| {
            one.known == Known::Aborted && matches!(one.phase, Phase::Ended(parts) if parts == server.leaders)
        });
    }

    /// Records the end of the call.
    pub(crate) fn record_end(&mut self, end: End, server: &Server) {
        let is_undecided = |phase| matches!(phase, Phase::Committing { .. } | Phase::InDoubt { .. });
        self.ended_early |= matches!(end, End::Committed(_))
            && server.transactions.iter().any(|one| one.may_commit() && is_undecided(one.phase));
    }
}
