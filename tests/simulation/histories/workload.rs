//! A client that reads and writes documents, and records what it calls and what it gets.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::{RoundRobin, SeededRandom};
use arango::data::Document as Stored;
use arango::{Client, Collection, Database, Error, ErrorKind, Limits, Outcome};
use arango_test_cluster::TestCluster;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::document::{Operation, Output};
use super::history::CallId;
use super::network::Network;
use super::{Recorder, seeded_rng};

/// The keys of the documents. The first two are there from the beginning.
pub(super) const KEYS: [&str; 3] = ["old-1", "old-2", "new"];
const COLLECTION: &str = "registers";
const CALLS: usize = 14;
/// The longest pause between two calls.
const MAX_PAUSE_MS: u64 = 800;

/// What a client does after a write whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    /// It records that the outcome is unknown.
    Correct,
    /// It sends the write again, as drivers do that do not distinguish writes.
    RepeatsWrites,
    /// It takes the write for one that was not executed.
    TakesLostForNotExecuted,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Body {
    number: u64,
}

/// One client.
pub(super) struct Worker {
    index: usize,
    database: Database,
    collection: Collection,
    rng: StdRng,
    behavior: Behavior,
    recorder: Recorder,
    written: u64,
}

impl Worker {
    pub(super) fn new(
        cluster: &TestCluster,
        seed: u64,
        index: usize,
        behavior: Behavior,
        recorder: &Recorder,
    ) -> Self {
        let purpose = 80 + u64::try_from(index).unwrap_or_default();
        let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(4));
        let client = Client::builder()
            .hosts(cluster.urls())
            .basic_auth("root", cluster.root_password())
            .random_source(Arc::new(SeededRandom::new(seed.wrapping_mul(31) ^ purpose)))
            .policy(RoundRobin::default())
            .limits(limits)
            .connect(Network(cluster.coordinators().to_vec()))
            .build()
            .expect("the configuration is valid");
        let database = client.db("_system");
        let collection = database.collection(COLLECTION);
        let recorder = recorder.clone();
        Self { index, database, collection, rng: seeded_rng(seed, purpose), behavior, recorder, written: 0 }
    }

    /// Creates the collection and the first documents, before there are faults.
    pub(super) async fn create_documents(&self) {
        self.database.create_collection(COLLECTION).await.expect("there are no faults yet");
        // By then all coordinators know it.
        sleep(Duration::from_secs(2)).await;
        for (number, key) in (0..).zip(&KEYS[..2]) {
            let insert = Operation::Insert(number);
            let call = self.recorder.with(|history, _| history.begin(key, insert));
            self.collection.insert(&Body { number }).key(*key).await.expect("there are no faults yet");
            self.recorder.with(|history, _| history.returned(call, Output::Written));
        }
    }

    /// Makes all calls, one after the other.
    pub(super) async fn work(&mut self) {
        for _ in 0..CALLS {
            let pause = self.rng.random_range(0..MAX_PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
            let key = KEYS[self.rng.random_range(0..KEYS.len())];
            match self.rng.random_range(0..10) {
                0..=3 => drop(self.read(key).await),
                4 | 5 => self.replace(key).await,
                6 => self.insert(key).await,
                _ => self.read_and_replace(key).await,
            }
        }
    }

    /// Reads a document.
    pub(super) async fn read(&mut self, key: &str) -> Option<Stored<Body>> {
        let call = self.begin(key, Operation::Read);
        let result = self.collection.get::<Stored<Body>>(key).await;
        let read =
            self.end(call, result, |found| Output::Read(found.as_ref().map(|found| found.data.number)));
        read.flatten()
    }

    async fn insert(&mut self, key: &str) {
        let number = self.next_number();
        let call = self.begin(key, Operation::Insert(number));
        let result = self.collection.insert(&Body { number }).key(key).await;
        self.end(call, result, |_| Output::Written);
    }

    async fn replace(&mut self, key: &str) {
        let number = self.next_number();
        let call = self.begin(key, Operation::Replace(number));
        let mut result = self.collection.replace(key, &Body { number }).await;
        if self.behavior == Behavior::RepeatsWrites && is_unknown(&result) {
            result = self.collection.replace(key, &Body { number }).await;
        }
        self.end(call, result, |_| Output::Written);
    }

    async fn read_and_replace(&mut self, key: &str) {
        let Some(found) = self.read(key).await else { return };
        let pause = self.rng.random_range(0..MAX_PAUSE_MS / 2);
        sleep(Duration::from_millis(pause)).await;
        let new = self.next_number();
        let call = self.begin(key, Operation::ReplaceIf { expected: found.data.number, new });
        let update = self.collection.update(key, &Body { number: new }).if_revision(&found.revision);
        let result = update.await;
        self.end(call, result, |_| Output::Written);
    }

    fn begin(&self, key: &str, operation: Operation) -> CallId {
        self.recorder.with(|history, trace| {
            trace.push(format!("client {} {key} {operation:?}", self.index));
            history.begin(key, operation)
        })
    }

    /// Records how an operation has ended.
    fn end<T>(&self, call: CallId, result: Result<T, Error>, output: impl FnOnce(&T) -> Output) -> Option<T> {
        self.recorder.with(|history, trace| match result {
            Ok(result) => {
                let output = output(&result);
                trace.push(format!("client {} got {output:?}", self.index));
                history.returned(call, output);
                Some(result)
            }
            Err(error) => {
                let outcome = error.outcome();
                trace.push(format!("client {} failed, {outcome:?}: {error}", self.index));
                match (outcome, error.kind()) {
                    // The server has refused it because of the document that is there.
                    (
                        Outcome::NotExecuted,
                        ErrorKind::UniqueViolation
                        | ErrorKind::DocumentNotFound
                        | ErrorKind::PreconditionFailed,
                    ) => {
                        trace.push(format!("client {} got {:?}", self.index, Output::Refused));
                        history.returned(call, Output::Refused);
                    }
                    (Outcome::NotExecuted, _) => history.not_executed(call),
                    _ if self.behavior == Behavior::TakesLostForNotExecuted => history.not_executed(call),
                    _ => {}
                }
                None
            }
        })
    }

    /// Returns a number that no other write has.
    fn next_number(&mut self) -> u64 {
        self.written += 1;
        1_000 * u64::try_from(self.index + 1).unwrap_or_default() + self.written
    }
}

fn is_unknown<T>(result: &Result<T, Error>) -> bool {
    result.as_ref().is_err_and(|error| error.outcome() != Outcome::NotExecuted)
}
