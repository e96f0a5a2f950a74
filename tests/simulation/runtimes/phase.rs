//! One phase: a new runtime, a new cluster in it, calls and faults, and the end of the runtime.

use std::time::Duration;

use arango::Client;
use arango::balance::RoundRobin;
use arango_test_cluster::{FaultGuard, TestCluster};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until, timeout};

use super::calls::{PhaseRecord, Recorder};
use super::clock::Clock;
use super::invariants::TICK;
use super::network::Network;
use super::scenario::{Call, PhaseEnd, PhasePlan, ROOT_PASSWORD, Scenario};
use super::stopped_runtime::{StoppedRuntime, StoppedRuntimeHandle};
use crate::sim::test_operations::CreateCollection;

/// Time for which the runtime continues after its calls were dropped.
const AFTER_CALLS: Duration = Duration::from_millis(20);
/// Time for which a quiet phase waits for calls beyond their deadline, and for background work to finish.
const SETTLE_TIME: Duration = Duration::from_secs(60);

/// A phase that has not begun.
#[derive(Clone, Copy)]
pub(crate) struct Phase<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) number: usize,
    pub(crate) plan: &'a PhasePlan,
    pub(crate) client: &'a Client,
    pub(crate) network: &'a Network,
}

impl Phase<'_> {
    /// Runs the phase in a new runtime, and drops that.
    pub(crate) fn run(self, clock: &mut Clock, stopped: &mut Option<StoppedRuntime>) -> PhaseRecord {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without drivers can be built");
        let mut guards = Vec::new();
        let dropped = stopped.as_ref().map(|stopped| stopped.drop_after);
        let previous = StoppedRuntimeHandle::new(stopped.take());
        let running = self.run_on_runtime(clock, &mut guards, (previous.clone(), dropped));
        let (cluster, recorder) = runtime.block_on(Box::pin(running));
        // The next phase has at most one stopped runtime.
        previous.drop_now();
        if let PhaseEnd::Stopped { dropped, .. } = self.plan.end {
            *stopped = Some(StoppedRuntime { runtime, guards, cluster, drop_after: dropped });
        } else {
            // The runtime is dropped first, with tasks in flight.
            let handle = runtime.handle().clone();
            drop(runtime);
            recorder.lock().after_drop = self.call_on_dropped_runtime(&handle);
            drop((guards, cluster));
        }
        let mut record = recorder.end();
        record.counts = self.network.state().counts;
        record
    }

    async fn run_on_runtime(
        self,
        clock: &mut Clock,
        guards: &mut Vec<FaultGuard>,
        (previous, dropped): (StoppedRuntimeHandle, Option<Duration>),
    ) -> (TestCluster, Recorder) {
        clock.start_phase(self.plan.gap).await;
        let cluster = self.cluster().await;
        self.network.connect_to(&cluster);
        let recorder = Recorder::begin(&cluster, self.network, clock.elapsed);
        recorder.log(&format!("PHASE {} begins", self.number));
        if let Some(after) = dropped {
            recorder.lock().disturbed_until = after + TICK;
            let recorder = recorder.clone();
            tokio::spawn(async move {
                sleep(after).await;
                recorder.log("the stopped runtime is dropped");
                previous.drop_now();
            });
        }

        let calls: Vec<_> = (0..)
            .zip(&self.plan.calls)
            .map(|(index, call)| self.spawn_call(index, call, &recorder))
            .collect();
        match self.plan.end {
            PhaseEnd::Cut(after) | PhaseEnd::CallsFirst(after) | PhaseEnd::Stopped { after, .. } => {
                timeout(after, self.inject(&cluster, &recorder, guards)).await.unwrap_or_default();
                recorder.lock().calls_until = recorder.now();
                if matches!(self.plan.end, PhaseEnd::CallsFirst(_)) {
                    recorder.log("the calls are dropped");
                    calls.iter().for_each(JoinHandle::abort);
                    sleep(AFTER_CALLS).await;
                }
                for call in calls.into_iter().filter(JoinHandle::is_finished) {
                    assert!(!call.await.is_err_and(|error| error.is_panic()), "a call does not panic");
                }
                self.log_in_flight(&recorder);
            }
            PhaseEnd::Quiet | PhaseEnd::Recovered => {
                let all = async {
                    for call in calls {
                        call.await.expect("a call does not panic");
                    }
                };
                let in_time = timeout(self.scenario.total * 2 + SETTLE_TIME, all).await.is_ok();
                let disturbed_until = recorder.lock().disturbed_until;
                sleep_until(recorder.moment(disturbed_until)).await;
                if in_time && self.plan.end == PhaseEnd::Recovered {
                    self.recover(&cluster, &recorder).await;
                }
                recorder.lock().calls_until = recorder.now();
                sleep(SETTLE_TIME).await;
                self.find_leftovers(&recorder);
            }
        }
        recorder.log("the runtime stops");
        let length = recorder.now();
        recorder.lock().length = length;
        clock.end_phase(length);
        (cluster, recorder)
    }

    /// Starts the cluster of the phase, and creates the collection for inserts.
    async fn cluster(&self) -> TestCluster {
        let builder = TestCluster::builder()
            .coordinators(self.scenario.coordinators)
            .seed(7)
            .root_password(ROOT_PASSWORD)
            .jwt_secret(&*self.plan.secret)
            .token_lifetime(self.scenario.token_lifetime);
        let cluster = builder.in_memory().start().await.expect("a cluster in memory needs no ports");
        let network = Network::default();
        network.connect_to(&cluster);
        let client = Client::builder()
            .hosts(cluster.urls())
            .basic_auth("root", ROOT_PASSWORD)
            .policy(RoundRobin::default())
            .connect(network)
            .build()
            .expect("the cluster's own addresses are valid");
        client.db("_system").execute(CreateCollection("books")).await.expect("there are no faults yet");
        cluster.journal().clear();
        cluster
    }

    fn spawn_call(&self, index: usize, call: &Call, recorder: &Recorder) -> JoinHandle<()> {
        let (client, recorder, class) = (self.client.clone(), recorder.clone(), call.class);
        let (at, marker) = (recorder.moment(call.at), format!("p{}-{index}", self.number));
        let pinned = call.pinned.map(|index| {
            let address = format!("http://127.0.0.1:{}", 8529 + 10 * index);
            address.parse().expect("it is an address")
        });
        tokio::spawn(async move {
            sleep_until(at).await;
            Box::pin(recorder.call(&client, marker, class, pinned)).await;
        })
    }
}
