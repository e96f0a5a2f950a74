//! The server of the model: transactions of coordinators, and what DB-Servers make of them.
//!
//! A coordinator calls a transaction committed before it commits it, and corrects that if it fails. It calls it aborted
//! if it has lost the DB-Server meanwhile, whatever that does. One that was restarted knows nothing, and
//! calls what it is asked to end aborted from then on. DB-Servers keep a transaction that has lost its coordinator for up to
//! five minutes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::closure::message::{Id, Known, Number, ProofKey, Refusal, Request, Response};

/// The leaders that have committed their part of a transaction: bits.
pub(crate) type Parts = u8;
/// The leader of the proofs, or of everything.
pub(crate) const FIRST_PART: Parts = 1;

/// How long a commit takes at most.
const LONGEST_COMMIT: Duration = Duration::from_secs(10);
/// How long DB-Servers keep a transaction that has lost its coordinator.
const KEPT: Duration = Duration::from_secs(300);

/// What becomes of a transaction at the DB-Servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Open,
    /// Its owner has begun to commit it.
    Committing {
        since: Duration,
    },
    /// Its owner does not decide any more.
    InDoubt {
        since: Duration,
        may_commit: bool,
    },
    Ended(Parts),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Transaction {
    pub(crate) owner: usize,
    /// What its owner says.
    pub(crate) known: Known,
    pub(crate) phase: Phase,
    pub(crate) proof: Option<ProofKey>,
    /// The run of the closure that it belongs to.
    pub(crate) run: Option<Number>,
    /// The value in its proof.
    pub(crate) value: Option<Number>,
}

impl Transaction {
    fn is_unended(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    /// Returns whether some of it may be there now or later.
    pub(crate) fn may_commit(&self) -> bool {
        match self.phase {
            Phase::Open => false,
            Phase::Committing { .. } => true,
            Phase::InDoubt { may_commit, .. } => may_commit,
            Phase::Ended(parts) => parts != 0,
        }
    }
}

/// How the commit of a DB-Server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    Committed,
    Failed,
    /// Only this leader has committed.
    InPart(Parts),
    /// The coordinator has lost the DB-Server.
    DbServerLost,
}

/// A coordinator that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stopped {
    pub(crate) coordinator: usize,
    pub(crate) is_removed: bool,
}

/// All transactions, and the proofs that were committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) proofs: BTreeMap<ProofKey, Option<Number>>,
    pub(crate) stopped: Option<Stopped>,
    /// All leaders.
    pub(crate) leaders: Parts,
}

impl Server {
    pub(crate) fn new(leaders: Parts) -> Self {
        Self { transactions: Vec::new(), proofs: BTreeMap::new(), stopped: None, leaders }
    }

    pub(crate) fn transaction(&mut self, id: Id) -> &mut Transaction {
        &mut self.transactions[usize::from(id) - 1]
    }

    pub(crate) fn is_owner_alive(&self, id: Id) -> bool {
        let owner = self.transactions[usize::from(id) - 1].owner;
        self.stopped.is_none_or(|stopped| stopped.coordinator != owner)
    }

    /// Executes a request that a coordinator has received.
    pub(crate) fn execute(&mut self, coordinator: usize, request: Request) -> Response {
        let Some(id) = request.id() else {
            return match request {
                Request::ReadProof(proof) => match self.proofs.get(&proof) {
                    Some(value) => Response::Found(*value),
                    None => Response::Refused(Refusal::NoProof),
                },
                _ => self.begin(coordinator),
            };
        };
        if !self.is_owner_alive(id) {
            let is_removed = self.stopped.is_some_and(|stopped| stopped.is_removed);
            return Response::Refused(if is_removed { Refusal::OwnerRemoved } else { Refusal::OwnerSilent });
        }
        match request {
            Request::GetState(id) => self.state(id),
            Request::Commit(id) => self.commit(id),
            Request::Abort(id) => self.abort(id),
            _ => self.call(id, request),
        }
    }

    fn begin(&mut self, owner: usize) -> Response {
        let (known, phase) = (Known::Running, Phase::Open);
        self.transactions.push(Transaction { owner, known, phase, proof: None, run: None, value: None });
        Response::Begun(u8::try_from(self.transactions.len()).expect("few"))
    }

    fn state(&mut self, id: Id) -> Response {
        match self.transaction(id).known {
            Known::Nothing => Response::Refused(Refusal::UnknownTransaction),
            known => Response::State(id, known),
        }
    }

    /// Executes a call within a transaction.
    fn call(&mut self, id: Id, request: Request) -> Response {
        let refused = match self.transaction(id).known {
            Known::Running => None,
            Known::Committed => Some(Refusal::Disallowed),
            Known::Aborted => Some(Refusal::Aborted),
            Known::Nothing => Some(Refusal::UnknownTransaction),
        };
        let others = || {
            let numbered = self.transactions.iter().enumerate();
            numbered.filter(|(index, other)| index + 1 != usize::from(id) && other.is_unended())
        };
        let refused = refused.or(match request {
            Request::InsertProof { proof, .. } if self.proofs.contains_key(&proof) => {
                Some(Refusal::UniqueViolation)
            }
            Request::InsertProof { proof, .. } if others().any(|(_, other)| other.proof == Some(proof)) => {
                Some(Refusal::Conflict)
            }
            Request::Write { .. } if others().any(|(_, other)| other.run.is_some()) => {
                Some(Refusal::Conflict)
            }
            _ => None,
        });
        if let Some(refusal) = refused {
            return Response::Refused(refusal);
        }
        let transaction = self.transaction(id);
        match request {
            Request::InsertProof { proof, .. } => transaction.proof = Some(proof),
            Request::Write { run, .. } => transaction.run = Some(run),
            Request::StoreValue { run, .. } => transaction.value = Some(run),
            _ => {}
        }
        Response::Written
    }

    fn commit(&mut self, id: Id) -> Response {
        match self.transaction(id).known {
            Known::Running => {
                self.finish(id, Finish::Committed, Duration::ZERO);
                Response::State(id, Known::Committed)
            }
            Known::Committed => Response::State(id, Known::Committed),
            Known::Aborted => Response::Refused(Refusal::Disallowed),
            Known::Nothing => self.record_unknown(id),
        }
    }

    fn abort(&mut self, id: Id) -> Response {
        let transaction = self.transaction(id);
        match transaction.known {
            Known::Running => {
                (transaction.known, transaction.phase) = (Known::Aborted, Phase::Ended(0));
                Response::State(id, Known::Aborted)
            }
            Known::Aborted => Response::State(id, Known::Aborted),
            Known::Committed => Response::Refused(Refusal::Disallowed),
            Known::Nothing => self.record_unknown(id),
        }
    }

    fn record_unknown(&mut self, id: Id) -> Response {
        self.transaction(id).known = Known::Aborted;
        Response::Refused(Refusal::UnknownTransaction)
    }

    /// Begins a commit, which ends later.
    pub(crate) fn begin_commit(&mut self, id: Id, now: Duration) {
        let transaction = self.transaction(id);
        (transaction.known, transaction.phase) = (Known::Committed, Phase::Committing { since: now });
    }

    /// Ends a commit.
    pub(crate) fn finish(&mut self, id: Id, finish: Finish, now: Duration) {
        self.transaction(id).known = match finish {
            Finish::Committed => Known::Committed,
            Finish::Failed | Finish::InPart(_) | Finish::DbServerLost => Known::Aborted,
        };
        match finish {
            Finish::Committed => self.end(id, self.leaders),
            Finish::Failed => self.end(id, 0),
            Finish::InPart(parts) => self.end(id, parts),
            Finish::DbServerLost => {
                self.transaction(id).phase = Phase::InDoubt { since: now, may_commit: true };
            }
        }
    }

    /// Ends a transaction at the DB-Servers.
    pub(crate) fn end(&mut self, id: Id, parts: Parts) {
        let transaction = self.transaction(id);
        transaction.phase = Phase::Ended(parts);
        if let (true, Some(proof)) = (parts & FIRST_PART != 0, transaction.proof) {
            let value = transaction.value;
            self.proofs.insert(proof, value);
        }
    }

    /// Lets a coordinator forget its transactions.
    pub(crate) fn forget(&mut self, coordinator: usize, now: Duration) {
        for transaction in self.transactions.iter_mut().filter(|one| one.owner == coordinator) {
            transaction.known = Known::Nothing;
            transaction.phase = match transaction.phase {
                Phase::Open => Phase::InDoubt { since: now, may_commit: false },
                Phase::Committing { .. } => Phase::InDoubt { since: now, may_commit: true },
                phase => phase,
            };
        }
    }

    /// Returns whether a commit has taken, or DB-Servers have kept a transaction, for as long as they may.
    pub(crate) fn has_overdue(&self, now: Duration) -> bool {
        self.transactions.iter().any(|one| match one.phase {
            Phase::Committing { since } => now >= since + LONGEST_COMMIT,
            Phase::InDoubt { since, .. } => now >= since + KEPT,
            Phase::Open | Phase::Ended(_) => false,
        })
    }
}
