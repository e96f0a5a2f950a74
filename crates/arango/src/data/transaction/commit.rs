//! Committing, and finding out about a commit whose response was lost.

use std::time::Duration;

use arango_data::{
    CommitAnswer, CommitStep, CommitTransaction, GetTransaction, Leaders, LostCommit, Proof, TransactionState,
};
use arango_transport::Error;
use arango_transport::protocol::{ErrorKind, ErrorNumber, Resolution};
use tokio::time::{Instant, sleep};

use super::calls::{TransactionCalls, refused};
use super::proof::{self, ProofDocument};
use crate::handles::time_limit::TimeLimit;
use crate::handles::unix_time::unix_millis;

/// How long the answer to one question may take. A coordinator that forwards it to a dead one does not answer for longer.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);

/// The pause before the retry budget is asked again to pay for a question.
const QUESTION_PAUSE: Duration = Duration::from_millis(100);

const EXPIRED: &str = "it was not used for 59 s, and the server has aborted it";
const LATE: &str = "it was not used for 59 s, and it is unknown whether the server has aborted it";

impl TransactionCalls {
    /// Commits the transaction. If the response is lost, it is found out about for as long as `resolution_timeout`.
    #[inline]
    pub(super) async fn commit(
        &self,
        proof: Option<&ProofDocument>,
        resolution_timeout: Duration,
    ) -> Result<(), Error> {
        let commit = CommitTransaction { id: self.id().clone() };
        let database = self.after_dropped_cursors(&commit).await;
        self.state().begin_commit(Instant::now()).map_err(refused::<CommitTransaction>)?;
        let limit = TimeLimit::start(&database, &commit);
        let result = match database.execute(commit).await {
            Ok(()) if !self.state().was_late(Instant::now()) => return Ok(()),
            // Boxed: rare and large, so it should not enlarge the future of every commit.
            Ok(()) => Box::pin(self.confirm(proof, limit.left(), resolution_timeout)).await,
            Err(error) => Box::pin(self.find_out(proof, resolution_timeout, error)).await,
        };
        // With the time of the questions.
        result.map_err(|error| {
            let further = limit.elapsed().saturating_sub(error.elapsed());
            error.with_further_time(further)
        })
    }

    /// Finds out whether a commit was executed that has succeeded, but may have come too late.
    #[inline]
    async fn confirm(
        &self,
        proof: Option<&ProofDocument>,
        left: Duration,
        resolution_timeout: Duration,
    ) -> Result<(), Error> {
        let commit = LostCommit::of_late_success(written(proof));
        let (answer, step) = self.ask(commit, proof, left, resolution_timeout).await;
        match step {
            CommitStep::Committed => Ok(()),
            CommitStep::NotCommitted => {
                self.state().expired();
                Err(refused::<CommitTransaction>((ErrorKind::TransactionGone, EXPIRED)))
            }
            _ => Err(self.undecided(
                refused::<CommitTransaction>((ErrorKind::TransactionGone, LATE)),
                &answer,
                proof,
            )),
        }
    }

    /// Finds out whether a commit was executed that has failed.
    #[inline]
    async fn find_out(
        &self,
        proof: Option<&ProofDocument>,
        resolution_timeout: Duration,
        error: Error,
    ) -> Result<(), Error> {
        let (failure, began) = (error.failure(), Instant::now());
        let whole = error.time_left();
        let leaders = if LostCommit::depends_on_leaders(&failure) {
            self.leaders(whole.min(resolution_timeout)).await
        } else {
            Leaders::Several
        };
        let commit = LostCommit::new(&failure, written(proof), leaders);
        let left = whole.saturating_sub(began.elapsed());
        let resolution_timeout = resolution_timeout.saturating_sub(began.elapsed());
        match commit.step(Duration::ZERO) {
            CommitStep::NotCommitted => return Err(self.refused_commit(error)),
            // The head of the response said so, as late as a complete one might.
            CommitStep::Committed if self.state().was_late(Instant::now()) => {
                return self.confirm(proof, left, resolution_timeout).await;
            }
            _ => {}
        }
        let (answer, step) = self.ask(commit, proof, left, resolution_timeout).await;
        match step {
            CommitStep::Committed => Ok(()),
            CommitStep::NotCommitted => Err(error.with_resolution(Resolution::NotExecuted, None)),
            _ => Err(self.undecided(error, &answer, proof)),
        }
    }

    /// Returns how many leaders the written documents have: several, if that cannot be found out in time.
    #[inline]
    async fn leaders(&self, limit: Duration) -> Leaders {
        let began = Instant::now();
        let database = || {
            let left = limit.saturating_sub(began.elapsed());
            self.database().timeout(QUESTION_LIMIT.min(left))
        };
        match proof::have_single_leader(database, self.written()).await {
            Ok(true) => Leaders::One,
            Ok(false) | Err(_) => Leaders::Several,
        }
    }

    /// Asks until a commit is decided, or nothing can be found out, or the time is up. Returns the last answer, and the
    /// last step.
    ///
    /// The retry budget pays for each question. Waiting for it takes from the `whole` time that is left of the call, and
    /// not from the `resolution_timeout`: to give up would leave the commit in doubt, and the locks of the transaction on
    /// the server.
    #[inline]
    async fn ask(
        &self,
        mut commit: LostCommit,
        proof: Option<&ProofDocument>,
        whole: Duration,
        mut resolution_timeout: Duration,
    ) -> (CommitAnswer, CommitStep) {
        let (lost, mut last_answer) = (Instant::now(), CommitAnswer::None);
        loop {
            let now = lost.elapsed();
            let left = whole.min(resolution_timeout).saturating_sub(now);
            let step = commit.step(now);
            let answer = match step {
                CommitStep::Committed | CommitStep::NotCommitted | CommitStep::Unknown => {
                    return (last_answer, step);
                }
                CommitStep::Wait(wait) if wait < left => {
                    sleep(wait).await;
                    continue;
                }
                CommitStep::Wait(_) => return (last_answer, step),
                _ if left.is_zero() => return (last_answer, step),
                _ if !self.database().transport.pay_for_retry() => {
                    let pause = QUESTION_PAUSE.min(left);
                    resolution_timeout = resolution_timeout.saturating_add(pause);
                    sleep(pause).await;
                    continue;
                }
                CommitStep::GetState => self.get_state(left).await,
                CommitStep::Commit => self.commit_again(left).await,
                CommitStep::ReadProof => self.read_proof(proof, left).await,
            };
            commit.record(&answer, lost.elapsed());
            last_answer = answer;
        }
    }

    /// Returns the error of a commit of which it stays unknown whether it was executed.
    #[inline]
    fn undecided(&self, error: Error, answer: &CommitAnswer, proof: Option<&ProofDocument>) -> Error {
        let resolution = match answer {
            CommitAnswer::None => Resolution::Failed,
            CommitAnswer::Proof(_) => Resolution::NotSeen,
            _ => Resolution::CannotTell,
        };
        let error = error.with_resolution(resolution, None);
        match proof.and_then(|proof| proof.ticket(&self.database(), unix_millis())) {
            Some(ticket) => error.with_ticket(ticket),
            None => error,
        }
    }

    /// Returns the error of a commit that was refused.
    fn refused_commit(&self, error: Error) -> Error {
        let is_gone = error.kind() == ErrorKind::TransactionGone
            || error.error_number() == Some(ErrorNumber::TRANSACTION_DISALLOWED);
        if !is_gone {
            // It may be open: it is aborted when the handle is dropped.
            self.state().reopen();
        }
        error.before_execution()
    }

    #[inline]
    async fn get_state(&self, left: Duration) -> CommitAnswer {
        let get = GetTransaction { id: self.id().clone() };
        match self.database().timeout(QUESTION_LIMIT.min(left)).execute(get).await {
            Ok(state) => CommitAnswer::State(state),
            Err(error) => CommitAnswer::of_failure(&error.failure()),
        }
    }

    #[inline]
    async fn commit_again(&self, left: Duration) -> CommitAnswer {
        match self.database().timeout(left).execute(CommitTransaction { id: self.id().clone() }).await {
            Ok(()) => CommitAnswer::State(TransactionState::Committed),
            Err(error) => CommitAnswer::of_failure(&error.failure()),
        }
    }

    #[inline]
    async fn read_proof(&self, proof: Option<&ProofDocument>, left: Duration) -> CommitAnswer {
        let Some(proof) = proof else { return CommitAnswer::None };
        match proof.is_there(&self.database().timeout(QUESTION_LIMIT.min(left))).await {
            Ok(is_there) => CommitAnswer::Proof(is_there),
            Err(_) => CommitAnswer::None,
        }
    }
}

fn written(proof: Option<&ProofDocument>) -> Proof {
    proof.map_or(Proof::Absent, |_| Proof::Written)
}
