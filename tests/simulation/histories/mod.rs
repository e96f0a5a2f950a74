//! Records what clients do to a few documents while faults occur, and checks that the histories are linearizable.
//!
//! Each document is a register: it takes effect at one instant between the call and its result. A write whose outcome is
//! unknown may take effect at any time after its start, or never; one that is proved not to be executed has none. So an
//! error with a wrong outcome, a write that is repeated although it may not be, and a late copy that overwrites what
//! came after it are found by what others read.

mod document;
mod faults;
mod history;
mod network;
#[cfg(test)]
mod tests;
mod workload;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arango_test_cluster::TestCluster;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::history::History;
use self::workload::{Behavior, KEYS, Worker};
use crate::sim::{Report, Violation};

const CLIENTS: usize = 3;
/// After all faults and late copies.
const SETTLED: Duration = Duration::from_secs(15);

/// What a scenario has recorded. Clones share it.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<(History, Vec<String>)>>);

impl Recorder {
    fn with<T>(&self, record: impl FnOnce(&mut History, &mut Vec<String>) -> T) -> T {
        let mut recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (history, trace) = &mut *recorded;
        record(history, trace)
    }
}

/// Runs the histories of a seed.
pub(crate) fn run(seed: u64) -> Report {
    run_with(seed, Behavior::Correct)
}

/// Runs the histories of a seed, with clients that behave like this.
fn run_with(seed: u64, behavior: Behavior) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without drivers can be built");
    let (history, mut trace) = runtime.block_on(Box::pin(record(seed, behavior)));
    let mut violations = Vec::new();
    for (key, lines) in history.violations() {
        let what = format!("its history is not linearizable:\n    {}", lines.join("\n    "));
        let violation = Violation { seed, invariant: "D6", marker: key, what };
        trace.push(format!("VIOLATION {violation}"));
        violations.push(violation);
    }
    Report { violations, trace, outcome_counts: history.outcome_counts() }
}

fn seeded_rng(seed: u64, purpose: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose)
}

async fn record(seed: u64, behavior: Behavior) -> (History, Vec<String>) {
    let cluster = TestCluster::builder().coordinators(3).seed(seed).in_memory().start().await;
    let cluster = cluster.expect("a cluster in memory needs no ports");
    let recorder = Recorder::default();
    let workers: Vec<_> =
        (0..CLIENTS).map(|index| Worker::new(&cluster, seed, index, behavior, &recorder)).collect();
    workers[0].create_documents().await;
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        tasks.spawn(async move {
            worker.work().await;
            worker
        });
    }
    let ((), mut workers) = tokio::join!(faults::run(&cluster, seed, &recorder), tasks.join_all());
    sleep(SETTLED).await;
    for key in KEYS {
        workers[0].read(key).await;
    }
    recorder.with(|history, trace| (std::mem::take(history), std::mem::take(trace)))
}
