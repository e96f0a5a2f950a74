//! Runs the client: what a call does after the replies that it has met so far.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arango::balance::SeededRandom;
use arango::data::Evidence;
use arango::protocol::Resolution;
use arango::{Client, Error, ErrorKind, Outcome};
use tokio::runtime::Builder;

use crate::message::{Reply, Request};
use crate::network::{HOSTS, Network};
use crate::writes::{Done, Write};

/// What a call does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// It sends a request to a coordinator.
    Sends {
        coordinator: usize,
        request: Request,
    },
    Ends(End),
}

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Success {
        evidence: Option<Evidence>,
        is_unchanged: bool,
    },
    Failure {
        kind: ErrorKind,
        outcome: Outcome,
        resolution: Option<Resolution>,
        /// Whether it is the error of the read with which `modify` begins.
        is_of_read: bool,
    },
}

/// The calls of the model, and what they do after each script.
///
/// What a call does depends only on what its attempts have met: it runs from its start, on a clock and a network that
/// are simulated. So the client is the complete one, and its state need not be copied.
pub(crate) struct Replays {
    writes: Vec<Write>,
    known: Vec<RwLock<HashMap<Vec<Reply>, Step>>>,
}

impl Replays {
    pub(crate) fn new(writes: Vec<Write>) -> Self {
        let known = writes.iter().map(|_| RwLock::default()).collect();
        Self { writes, known }
    }

    pub(crate) fn write(&self, index: usize) -> &Write {
        &self.writes[index]
    }

    /// Returns how many scripts were run.
    pub(crate) fn count(&self) -> usize {
        self.known.iter().map(|known| known.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Returns what a call does after these replies.
    pub(crate) fn step(&self, write: usize, script: &[Reply]) -> Step {
        let known = &self.known[write];
        if let Some(step) = known.read().unwrap_or_else(PoisonError::into_inner).get(script) {
            return *step;
        }
        let step = run(&self.writes[write], script);
        known.write().unwrap_or_else(PoisonError::into_inner).insert(script.to_vec(), step);
        step
    }
}

/// Runs a call until it needs a reply that the script does not have.
fn run(write: &Write, script: &[Reply]) -> Step {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let network = Network::new(script);
        let client = Client::builder()
            .hosts(HOSTS.join(","))
            .basic_auth("root", "")
            .connect(network.clone())
            .random_source(Arc::new(SeededRandom::new(1)))
            .build()
            .expect("the settings are valid");
        let step = tokio::select! {
            biased;
            (coordinator, request) = network.beyond_script() => Step::Sends { coordinator, request },
            result = (write.run)(client.db("library")) => Step::Ends(end(result)),
        };
        assert!(network.has_followed_script(), "{}: {script:?}", write.name);
        step
    })
}

fn end(result: Result<Done, Error>) -> End {
    match result {
        Ok(Done { evidence, is_unchanged }) => End::Success { evidence, is_unchanged },
        Err(error) => End::Failure {
            kind: error.kind(),
            outcome: error.outcome(),
            resolution: error.resolution(),
            is_of_read: error.operation() == "document.read_existing",
        },
    }
}
