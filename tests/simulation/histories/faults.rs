//! The faults of a history: lost responses, requests that are executed late, late copies, and coordinators that die.

use std::time::Duration;

use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::time::sleep;

use super::{Recorder, seeded_rng};

const DOCUMENTS: &str = "/_api/document/*";
const FAULTS: usize = 10;

/// Injects faults, one after the other, some of which overlap.
pub(super) async fn run(cluster: &TestCluster, seed: u64, recorder: &Recorder) {
    let mut rng = seeded_rng(seed, 79);
    let mut active = Vec::new();
    for _ in 0..FAULTS {
        sleep(Duration::from_millis(rng.random_range(0..1_000))).await;
        let index = rng.random_range(0..cluster.coordinators().len());
        let coordinator = cluster.coordinator(index);
        if rng.random_bool(0.2) {
            recorder.with(|_, trace| trace.push(format!("FAULT coordinator {index} dies")));
            coordinator.kill();
            sleep(Duration::from_millis(rng.random_range(100..2_000))).await;
            coordinator.restart().await.expect("a coordinator in memory needs no port");
            continue;
        }
        let (name, faults) = draw(&mut rng);
        recorder.with(|_, trace| trace.push(format!("FAULT {name} at coordinator {index}")));
        active.extend(faults.into_iter().map(|fault| coordinator.inject(fault)));
        if active.len() > 4 {
            drop(active.remove(0));
        }
    }
}

fn draw(rng: &mut StdRng) -> (String, Vec<Fault>) {
    let times = rng.random_range(1..=3);
    let phases = [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    let phase = *phases.choose(rng).expect("there are five");
    let delay = Duration::from_millis(rng.random_range(50..5_000));
    let requests = Match::path(DOCUMENTS);
    match rng.random_range(0..4) {
        // Longer than the limit of an attempt: the request is executed after the client has given it up.
        0 => (format!("latency {delay:?} ×{times}"), vec![Fault::latency(delay).on(requests).times(times)]),
        1 => {
            // Only of writes of which a second copy has no effect: documents are not removed, and revisions do not return.
            let method = if rng.random_bool(0.5) { Method::POST } else { Method::PATCH };
            let requests = Match::method(method, DOCUMENTS);
            let late = Fault::late_copy(delay).on(requests.clone()).times(times);
            let lost = Fault::close(Phase::AfterExecution).on(requests).times(times);
            (format!("late copies after {delay:?} ×{times}"), vec![late, lost])
        }
        _ => (format!("close {phase:?} ×{times}"), vec![Fault::close(phase).on(requests).times(times)]),
    }
}
