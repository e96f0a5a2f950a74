//! The operations that clients have called, and whether one order explains their results.

use std::collections::{BTreeMap, BTreeSet};

use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester};

use super::document::{Document, Operation, Output};

/// Operations on documents, in the order of their starts.
#[derive(Debug, Default)]
pub(super) struct History {
    calls: Vec<Call>,
    /// The number of starts and ends so far.
    events: usize,
}

#[derive(Debug)]
struct Call {
    key: String,
    operation: Operation,
    began: usize,
    end: End,
}

/// How an operation has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// It may take effect at any time, or never.
    Unknown,
    /// It is proved that it has no effect.
    NotExecuted,
    Returned(usize, Output),
}

/// Names a call until it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallId(usize);

impl History {
    /// Records the start of an operation.
    pub(super) fn begin(&mut self, key: &str, operation: Operation) -> CallId {
        let began = self.next_event();
        self.calls.push(Call { key: key.to_owned(), operation, began, end: End::Unknown });
        CallId(self.calls.len() - 1)
    }

    /// Records a result.
    pub(super) fn returned(&mut self, call: CallId, output: Output) {
        let at = self.next_event();
        self.calls[call.0].end = End::Returned(at, output);
    }

    /// Records that an operation has no effect.
    pub(super) fn not_executed(&mut self, call: CallId) {
        self.calls[call.0].end = End::NotExecuted;
    }

    /// Returns how many operations have a result, have none, and may have had an effect.
    pub(super) fn outcome_counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for call in &self.calls {
            counts[match call.end {
                End::Returned(..) => 0,
                End::NotExecuted => 1,
                End::Unknown => 2,
            }] += 1;
        }
        counts
    }

    /// Returns the documents whose results no order of the operations explains, each with its operations.
    pub(super) fn violations(&self) -> Vec<(String, Vec<String>)> {
        let keys: BTreeSet<&str> = self.calls.iter().map(|call| call.key.as_str()).collect();
        let broken = keys.into_iter().filter(|key| !self.is_linearizable(key));
        broken.map(|key| (key.to_owned(), self.of(key).map(|call| format!("{call:?}")).collect())).collect()
    }

    fn is_linearizable(&self, key: &str) -> bool {
        let mut events = BTreeMap::new();
        for (number, call) in self.of(key).filter(|call| call.end != End::NotExecuted).enumerate() {
            // A read without a result says nothing.
            if call.operation == Operation::Read && call.end == End::Unknown {
                continue;
            }
            events.insert(call.began, (number, call, None));
            if let End::Returned(at, output) = &call.end {
                events.insert(*at, (number, call, Some(output.clone())));
            }
        }
        // Each operation is a separate thread: what ended before another one began is known by the order of events.
        let mut tester = LinearizabilityTester::new(Document(None));
        for (number, call, output) in events.into_values() {
            let recorded = match output {
                None => tester.on_invoke(number, call.operation.clone()).map(drop),
                Some(output) => tester.on_return(number, output).map(drop),
            };
            recorded.expect("each operation begins once, and ends at most once");
        }
        tester.is_consistent()
    }

    fn of(&self, key: &str) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.key == key)
    }

    fn next_event(&mut self) -> usize {
        self.events += 1;
        self.events
    }
}
