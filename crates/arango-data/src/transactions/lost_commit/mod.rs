//! What to ask about a commit whose response was lost, and what the answers prove.

mod answer;
#[cfg(test)]
mod tests;

use std::time::Duration;

use arango_protocol::{ErrorKind, ErrorNumber, Failure, Outcome};

pub use answer::CommitAnswer;

use super::id::TransactionState;

/// The pause before the same question is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// The pause between two looks for a proof that may still appear.
const PROOF_PAUSE: Duration = Duration::from_secs(5);
/// How long after the end of the first copy the state of the transaction is trusted.
const SETTLED: Duration = Duration::from_secs(1);
/// How far apart two equal states are trusted while the first copy may be executed.
const APART: Duration = Duration::from_secs(5);
/// How long DB-Servers keep a transaction that its coordinator does not commit any more, and a reserve.
const ORPHANED: Duration = Duration::from_secs(330);
/// How long a coordinator remembers a transaction that has ended.
const TOMBSTONE: Duration = Duration::from_secs(600);

/// Whether the transaction has written a document whose presence proves its commit.
#[doc(hidden)] // for the crate `arango`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Written,
    Absent,
}

/// How many DB-Servers have executed the writes of the transaction.
#[doc(hidden)] // for the crate `arango`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaders {
    /// One, which commits all or nothing.
    One,
    /// Several, or it is unknown. Each of them commits by itself.
    Several,
}

/// What to do about a commit whose response was lost.
#[doc(hidden)] // for the crate `arango`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStep {
    /// Do nothing for this long.
    Wait(Duration),
    /// Ask for the state of the transaction.
    GetState,
    /// Commit again: the transaction is open.
    Commit,
    /// Look for the proof.
    ReadProof,
    /// It was committed.
    Committed,
    /// It was not committed, and cannot be any more.
    NotCommitted,
    /// Nothing can be found out.
    Unknown,
}

/// Finds out whether a commit was executed whose response was lost. It has no clock and no IO.
///
/// The state is asked for before anything else: a coordinator that was restarted answers a commit or an abort of a
/// transaction that it does not know with 404, and from then on says that it was aborted. A state `committed` is not
/// trusted at once either, since it is set before the commit is executed, and taken back if that fails. Without a proof it is
/// trusted when it has lasted: wrongly, if the commit takes even longer and then fails. A state `aborted` proves nothing: a
/// coordinator that loses the DB-Server during the commit says so, too, and the DB-Server may have committed, or still do so.
#[doc(hidden)] // for the crate `arango`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostCommit {
    proof: Proof,
    step: CommitStep,
    /// When the step may be taken. All times are those since the response was lost.
    at: Duration,
    /// Whether the coordinator has responded to the last copy, so that all copies have ended.
    have_copies_ended: bool,
    /// Whether it has said that it was committed.
    is_acknowledged: bool,
    /// When the transaction was first said to be committed.
    committed_at: Option<Duration>,
    /// When it was certain that the coordinator does not commit it any more: it has aborted it, or has died.
    abandoned_at: Option<Duration>,
}

impl LostCommit {
    /// Begins with the failure of the commit, which was sent once.
    #[must_use]
    pub fn new(failure: &Failure, proof: Proof, leaders: Leaders) -> Self {
        let step = match first_conclusion(failure, leaders) {
            Some(decided) => decided,
            None => CommitStep::GetState,
        };
        Self {
            proof,
            step,
            at: Duration::ZERO,
            have_copies_ended: failure.number.is_some(),
            is_acknowledged: false,
            committed_at: None,
            abandoned_at: None,
        }
    }

    /// Returns whether it depends on the number of leaders what the failure of the commit proves.
    #[must_use]
    pub fn depends_on_leaders(failure: &Failure) -> bool {
        first_conclusion(failure, Leaders::One) != first_conclusion(failure, Leaders::Several)
    }

    /// Begins with the success of a commit that may have been sent too late.
    ///
    /// A server that is about to abort a transaction which was not used for too long does so, and says that it was committed.
    /// Then it has recorded that it was aborted.
    #[must_use]
    pub fn of_late_success(proof: Proof) -> Self {
        Self {
            proof,
            step: CommitStep::GetState,
            at: Duration::ZERO,
            have_copies_ended: true,
            is_acknowledged: true,
            committed_at: None,
            abandoned_at: None,
        }
    }

    /// Returns what to do.
    #[must_use]
    pub fn step(&self, now: Duration) -> CommitStep {
        match self.step {
            CommitStep::Committed | CommitStep::NotCommitted | CommitStep::Unknown => self.step,
            step => match self.at.checked_sub(now) {
                Some(wait) if !wait.is_zero() => CommitStep::Wait(wait),
                _ => step,
            },
        }
    }

    /// Takes the answer to what was asked last.
    #[inline]
    pub fn record(&mut self, answer: &CommitAnswer, now: Duration) {
        match self.step {
            CommitStep::GetState => self.record_state(answer, now),
            CommitStep::Commit => self.record_commit(answer, now),
            CommitStep::ReadProof => self.record_proof(answer, now),
            // Nothing was asked.
            _ => {}
        }
    }

    #[inline]
    fn record_state(&mut self, answer: &CommitAnswer, now: Duration) {
        use TransactionState::{Aborted, Committed, Running};
        match answer {
            CommitAnswer::State(Committed) if self.is_acknowledged => self.step = CommitStep::Committed,
            CommitAnswer::State(Aborted) if self.is_acknowledged => self.step = CommitStep::NotCommitted,
            CommitAnswer::State(Running) => self.next(CommitStep::Commit, now),
            CommitAnswer::State(Committed) => self.said_committed(now),
            CommitAnswer::State(Aborted) | CommitAnswer::Gone => self.abandoned(now),
            // The owner may be unreachable from here only.
            _ => match self.proof {
                Proof::Written => self.next(CommitStep::ReadProof, now),
                Proof::Absent => self.next(CommitStep::GetState, now + PAUSE),
            },
        }
    }

    #[inline]
    fn record_commit(&mut self, answer: &CommitAnswer, now: Duration) {
        match answer {
            CommitAnswer::State(TransactionState::Committed) => self.said_committed(now),
            CommitAnswer::State(TransactionState::Aborted) | CommitAnswer::Gone => self.abandoned(now),
            _ => {
                // This copy may still be executed, and the state may be its own.
                (self.have_copies_ended, self.committed_at) = (false, None);
                self.next(CommitStep::GetState, now + PAUSE);
            }
        }
    }

    #[inline]
    fn record_proof(&mut self, answer: &CommitAnswer, now: Duration) {
        match (answer, self.abandoned_at) {
            (CommitAnswer::Proof(true), _) => self.step = CommitStep::Committed,
            (CommitAnswer::Proof(false), Some(abandoned)) if self.at >= abandoned + ORPHANED => {
                self.step = CommitStep::NotCommitted;
            }
            (_, Some(abandoned)) => {
                let last = abandoned + ORPHANED;
                // A last look that failed is repeated.
                let at = if now < last { (now + PROOF_PAUSE).min(last) } else { now + PAUSE };
                self.next(CommitStep::ReadProof, at);
            }
            (_, None) => self.next(CommitStep::GetState, now + PAUSE),
        }
    }

    fn said_committed(&mut self, now: Duration) {
        if self.proof == Proof::Written {
            // It shows the end of the commit, however long that takes.
            return self.next(CommitStep::ReadProof, now);
        }
        let Some(first) = self.committed_at else {
            self.committed_at = Some(now);
            let trusted_at = if self.have_copies_ended { SETTLED.max(now) } else { now + APART };
            return self.next(CommitStep::GetState, trusted_at);
        };
        let is_settled = self.have_copies_ended && now >= SETTLED;
        if is_settled || now >= first + APART {
            self.step = CommitStep::Committed;
        } else {
            self.next(CommitStep::GetState, if self.have_copies_ended { SETTLED } else { first + APART });
        }
    }

    /// The coordinator does not commit it any more. What it has begun may still come.
    fn abandoned(&mut self, now: Duration) {
        match self.proof {
            Proof::Absent => self.step = CommitStep::Unknown,
            Proof::Written => {
                // Later it may have forgotten the transaction without having died.
                if now < TOMBSTONE {
                    self.abandoned_at.get_or_insert(now);
                }
                self.next(CommitStep::ReadProof, now);
            }
        }
    }

    fn next(&mut self, step: CommitStep, at: Duration) {
        (self.step, self.at) = (step, at);
    }
}

/// Returns what the failure of the first copy proves by itself.
fn first_conclusion(failure: &Failure, leaders: Leaders) -> Option<CommitStep> {
    const REFUSALS: [ErrorNumber; 3] = [
        ErrorNumber::TRANSACTION_DISALLOWED,
        ErrorNumber::TRANSACTION_ABORTED,
        ErrorNumber::TRANSACTION_NOT_FOUND,
    ];
    if failure.has_ambiguous_predecessor {
        return None;
    }
    let is_refused = failure.number.is_some_and(|number| REFUSALS.contains(&number));
    if failure.outcome == Outcome::NotExecuted || is_refused {
        // One leader may have refused it after another has committed.
        let may_be_partial = is_refused || failure.kind.may_follow_execution();
        let is_proof = leaders == Leaders::One || !may_be_partial;
        return is_proof.then_some(CommitStep::NotCommitted);
    }
    // The head of the response said that it was committed.
    let is_unread =
        matches!(failure.kind, ErrorKind::BodyInterrupted | ErrorKind::BodyTimeout | ErrorKind::BodyTooLarge);
    (failure.outcome == Outcome::Executed && is_unread).then_some(CommitStep::Committed)
}
