//! One call of a client: its time, its result, and what must be true of it.

use std::sync::Arc;
use std::time::Duration;

use arango::{Client, Collection, Database, Error};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, timeout_at};

use super::claims::Claim;
use super::marker::{ReceivedCursors, with_marker};
use crate::sim::trace::Trace;
use crate::sim::workload::attempt_summary;

/// What a call does, as far as the invariants distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// An insert of a document that no call removes, and of which a second copy has no effect.
    Insert,
    /// An insert of a document that another call may remove, after which a late copy may insert it again.
    InsertRemovable,
    /// An insert that keeps a document that is there.
    Ignore,
    /// An insert under a version that replaces older ones.
    Versioned,
    /// A change or a removal under a revision.
    Conditional,
    /// A removal by a key that only this client uses.
    RemoveOwn,
    /// A write that is sent once.
    Once,
    Modify,
    Read,
}

impl StepKind {
    /// Whether its request is not idempotent.
    pub(super) fn is_sent_once(self) -> bool {
        self == Self::Once
    }

    /// Whether at most one of its copies may have an effect.
    pub(super) fn changes_once(self) -> bool {
        // A late copy of its insert brings a removed document back, and it may be removed again.
        !matches!(self, Self::InsertRemovable | Self::RemoveOwn)
    }

    /// Whether a success without evidence says that a document was changed.
    fn always_changes(self) -> bool {
        // The response to an insert does not say whether it has kept the document that was there.
        !matches!(self, Self::Ignore | Self::Read)
    }
}

/// The result of a call.
#[derive(Debug)]
pub(super) enum StepOutcome {
    /// It succeeded; with whether it says that a document was changed.
    Succeeded(bool),
    Failed(Error),
    /// Its future was dropped.
    Dropped,
}

/// A call that has ended.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) marker: String,
    pub(super) kind: StepKind,
    pub(super) began: Duration,
    pub(super) ended_at: Duration,
    pub(super) limit: Duration,
    pub(super) outcome: StepOutcome,
    /// The document that has at least this version, if the call succeeded.
    pub(super) version: Option<(String, u64)>,
    /// What is wrong with the result itself.
    pub(super) wrong: Option<String>,
    /// Whether it was made long after all faults, and has to succeed.
    pub(super) is_late: bool,
}

/// A client that makes calls, and what observes them.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) client: Client,
    /// The limit of a call.
    pub(super) limit: Duration,
    pub(super) cluster: Arc<TestCluster>,
    pub(super) received: ReceivedCursors,
    pub(super) trace: Trace,
}

/// Makes calls one after the other, and records them.
pub(super) struct StepRunner {
    pub(super) caller: Caller,
    pub(super) marker: String,
    /// When what runs is dropped.
    drop_at: Option<Instant>,
    is_late: bool,
    steps: Vec<Step>,
}

impl StepRunner {
    /// Begins with the calls under a marker. They are dropped after a time.
    pub(super) fn new(caller: Caller, marker: &str, drop_after: Option<Duration>) -> Self {
        let drop_at = drop_after.map(|after| Instant::now() + after);
        Self { caller, marker: marker.to_owned(), drop_at, is_late: false, steps: Vec::new() }
    }

    /// Begins with calls long after all faults, each of which has to succeed.
    pub(super) fn late(caller: Caller, marker: &str) -> Self {
        Self { is_late: true, ..Self::new(caller, marker, None) }
    }

    pub(super) fn database(&self) -> Database {
        self.caller.client.db("_system")
    }

    pub(super) fn collection(&self, name: &str) -> Collection {
        self.database().collection(name)
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Makes a call under the marker with a suffix. Returns its result if it succeeded.
    pub(super) async fn call<T: Claim>(
        &mut self,
        suffix: &str,
        kind: StepKind,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Option<T> {
        let marker = format!("{}{suffix}", self.marker);
        let (mut step, result) = self.measure(&marker, kind, call).await;
        if let Some(result) = &result {
            let evidence = result.evidence();
            let says_changed = match evidence {
                // The document is as it was asked for, by this write or by another one.
                Some(_) if kind == StepKind::Ignore => false,
                Some(_) => result.is_changed(),
                None => kind.always_changes() && result.is_changed(),
            };
            step.outcome = StepOutcome::Succeeded(says_changed);
            let how = evidence.map(|evidence| format!(" {evidence:?}")).unwrap_or_default();
            self.caller.trace.log(format_args!("{marker} SUCCEEDED{how}"));
        }
        self.steps.push(step);
        result
    }

    /// Runs a future under a marker until it ends or is dropped. A success is not written into the trace.
    pub(super) async fn measure<T>(
        &self,
        marker: &str,
        kind: StepKind,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> (Step, Option<T>) {
        let (trace, began) = (&self.caller.trace, self.caller.trace.now());
        trace.log(format_args!("{marker} BEGINS {kind:?}"));
        let running = Box::pin(with_marker(marker, call));
        let ended = match self.drop_at {
            None => Some(running.await),
            Some(at) => timeout_at(at, running).await.ok(),
        };
        let ended_at = trace.now();
        let (outcome, result) = match ended {
            Some(Ok(result)) => (StepOutcome::Succeeded(false), Some(result)),
            Some(Err(error)) => {
                trace.log(format_args!("{marker} FAILED {}", describe(&error)));
                (StepOutcome::Failed(error), None)
            }
            None => {
                trace.log(format_args!("{marker} DROPPED"));
                (StepOutcome::Dropped, None)
            }
        };
        let (marker, limit, is_late) = (marker.to_owned(), self.caller.limit, self.is_late);
        (Step { marker, kind, began, ended_at, limit, outcome, version: None, wrong: None, is_late }, result)
    }

    /// Records that the result of the last call is wrong.
    pub(super) fn report_wrong(&mut self, what: String) {
        if let Some(step) = self.steps.last_mut() {
            step.wrong = Some(what);
        }
    }

    /// Records that the last call has succeeded, and leaves at least this version.
    pub(super) fn record_version(&mut self, key: &str, version: u64) {
        if let Some(step) = self.steps.last_mut() {
            step.version = Some((key.to_owned(), version));
        }
    }

    /// Returns when what runs is dropped.
    pub(super) fn drop_at(&self) -> Option<Instant> {
        self.drop_at
    }
}

/// Describes an error for the trace, without keys and ids, which come from the system clock.
pub(super) fn describe(error: &Error) -> String {
    let number = error.error_number().map(|number| format!(" {}", number.0)).unwrap_or_default();
    let resolution = error.resolution().map(|resolution| format!(" {resolution:?}")).unwrap_or_default();
    let (kind, outcome) = (error.kind(), error.outcome());
    format!("{kind:?}{number} {outcome:?}{resolution} {:?}: {}", error.stopped_by(), attempt_summary(error))
}
