//! The calls of a phase, and the record of the phase.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, Coordinator as Address, Error};
use arango_test_cluster::{Journal, TestCluster};
use tokio::time::Instant;

use super::network::{Counts, Network};
use crate::sim::test_operations::Insert;

/// One call and its result.
#[derive(Debug)]
pub(crate) struct TestCallRecord {
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    /// Times are counted from the start of the phase.
    pub(crate) began: Duration,
    /// `None` if it was dropped.
    pub(crate) ended: Option<(Duration, Result<(), Error>)>,
}

/// What happened in a phase.
#[derive(Debug)]
pub(crate) struct PhaseRecord {
    pub(crate) trace: Vec<String>,
    pub(crate) calls: Vec<TestCallRecord>,
    pub(crate) journal: Journal,
    pub(crate) counts: Counts,
    /// Time at which the remaining calls were dropped.
    pub(crate) calls_until: Duration,
    pub(crate) length: Duration,
    /// Time between the last panic of the token source and the phase, if there was one.
    pub(crate) since_panic: Option<Duration>,
    /// Time until which the runtime of the last phase existed without running.
    pub(crate) disturbed_until: Duration,
    /// What was wrong with a call in the context of the dropped runtime.
    pub(crate) after_drop: Option<String>,
    /// What the client had left at the end of a quiet phase.
    pub(crate) leftovers: Vec<String>,
    /// What had not recovered at the end of the last phase.
    pub(crate) unrecovered: Vec<String>,
}

/// Writes into the record of a phase. Clones share it.
#[derive(Clone)]
pub(crate) struct Recorder {
    began: Instant,
    /// Time before the phase.
    elapsed: Duration,
    record: Arc<Mutex<PhaseRecord>>,
}

impl Recorder {
    /// Starts the record of a phase, `elapsed` after the start of the first one.
    pub(crate) fn begin(cluster: &TestCluster, network: &Network, elapsed: Duration) -> Self {
        let panicked = network.state().panicked;
        let record = PhaseRecord {
            trace: Vec::new(),
            calls: Vec::new(),
            journal: cluster.journal(),
            counts: Counts::default(),
            calls_until: Duration::ZERO,
            length: Duration::ZERO,
            since_panic: panicked.map(|at| Instant::now().saturating_duration_since(at)),
            disturbed_until: Duration::ZERO,
            after_drop: None,
            leftovers: Vec::new(),
            unrecovered: Vec::new(),
        };
        Self { began: Instant::now(), elapsed, record: Arc::new(Mutex::new(record)) }
    }

    /// Ends the record. Calls of a stopped runtime that have not ended stay as they are.
    pub(crate) fn end(&self) -> PhaseRecord {
        let mut record = self.lock();
        let empty = PhaseRecord {
            trace: Vec::new(),
            calls: Vec::new(),
            journal: record.journal.clone(),
            after_drop: None,
            leftovers: Vec::new(),
            unrecovered: Vec::new(),
            ..*record
        };
        std::mem::replace(&mut *record, empty)
    }

    /// The instant `after` the start of the phase.
    pub(crate) fn moment(&self, after: Duration) -> Instant {
        self.began + after
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, PhaseRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log(&self, what: &str) {
        let at = (self.elapsed + self.now()).as_secs_f64();
        self.lock().trace.push(format!("{at:>10.3}s {what}"));
    }

    /// Makes a call and records it.
    pub(crate) async fn call(
        &self,
        client: &Client,
        marker: String,
        class: RequestClass,
        pinned: Option<Address>,
    ) {
        let index = {
            let (mut record, began) = (self.lock(), self.now());
            record.calls.push(TestCallRecord { marker: marker.clone(), class, began, ended: None });
            record.calls.len() - 1
        };
        let insert = Insert { marker: marker.clone(), class, padding: 0 };
        let result = match &pinned {
            None => client.db("_system").execute(insert).await,
            Some(address) => client.coordinator(address).execute(insert).await,
        };
        self.log(&match &result {
            Ok(()) => format!("{marker} SUCCEEDED"),
            Err(error) => format!("{marker} FAILED {:?} {:?}", error.kind(), error.outcome()),
        });
        self.lock().calls[index].ended = Some((self.now(), result));
    }
}
