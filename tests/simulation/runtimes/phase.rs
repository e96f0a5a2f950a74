//! One phase: a new runtime, a new cluster in it, calls and faults, and the end of the runtime.

use std::time::Duration;

use arango::Client;
use arango::balance::RoundRobin;
use arango_test_cluster::{FaultGuard, TestCluster};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until, timeout};

use super::calls::{Record, Recorder};
use super::clock::Clock;
use super::invariants::TICK;
use super::network::Network;
use super::setting::{Call, End, PhaseSetting, ROOT_PASSWORD, Setting};
use super::stopped::{Stopped, UntilDropped};
use crate::sim::books::CreateCollection;

/// How long the runtime goes on after calls that were dropped first.
const AFTER_CALLS: Duration = Duration::from_millis(20);
/// How long a quiet phase waits for calls beyond their deadline, and for everything else to come to rest.
const REST: Duration = Duration::from_secs(60);

/// A phase that has not begun.
#[derive(Clone, Copy)]
pub(crate) struct Phase<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) number: usize,
    pub(crate) plan: &'a PhaseSetting,
    pub(crate) client: &'a Client,
    pub(crate) network: &'a Network,
}

impl Phase<'_> {
    /// Runs the phase in a runtime of its own, and drops that.
    pub(crate) fn run(self, clock: &mut Clock, stopped: &mut Option<Stopped>) -> Record {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without a driver needs nothing");
        let mut guards = Vec::new();
        let dropped = stopped.as_ref().map(|stopped| stopped.dropped);
        let previous = UntilDropped::new(stopped.take());
        let happening = self.happen(clock, &mut guards, (previous.clone(), dropped));
        let (cluster, recorder) = runtime.block_on(Box::pin(happening));
        // The next phase has at most one stopped runtime.
        previous.drop_now();
        if let End::Stopped { dropped, .. } = self.plan.end {
            *stopped = Some(Stopped { runtime, guards, cluster, dropped });
        } else {
            // The runtime goes away first, in the middle of whatever is under way.
            let handle = runtime.handle().clone();
            drop(runtime);
            recorder.lock().after_drop = self.call_within_dropped(&handle);
            drop((guards, cluster));
        }
        let mut record = recorder.end();
        record.counts = self.network.state().counts;
        record
    }

    async fn happen(
        self,
        clock: &mut Clock,
        guards: &mut Vec<FaultGuard>,
        (previous, dropped): (UntilDropped, Option<Duration>),
    ) -> (TestCluster, Recorder) {
        clock.enter(self.plan.gap).await;
        let cluster = self.cluster().await;
        self.network.lead_to(&cluster);
        let recorder = Recorder::begin(&cluster, self.network, clock.elapsed);
        recorder.note(&format!("PHASE {} begins", self.number));
        if let Some(after) = dropped {
            recorder.lock().disturbed_until = after + TICK;
            let recorder = recorder.clone();
            tokio::spawn(async move {
                sleep(after).await;
                recorder.note("the stopped runtime is dropped");
                previous.drop_now();
            });
        }

        let calls: Vec<_> =
            (0..).zip(&self.plan.calls).map(|(index, call)| self.begin(index, call, &recorder)).collect();
        match self.plan.end {
            End::Cut(after) | End::CallsFirst(after) | End::Stopped { after, .. } => {
                timeout(after, self.inject(&cluster, &recorder, guards)).await.unwrap_or_default();
                recorder.lock().calls_until = recorder.now();
                if matches!(self.plan.end, End::CallsFirst(_)) {
                    recorder.note("the calls are dropped");
                    calls.iter().for_each(JoinHandle::abort);
                    sleep(AFTER_CALLS).await;
                }
                for call in calls.into_iter().filter(JoinHandle::is_finished) {
                    assert!(!call.await.is_err_and(|error| error.is_panic()), "a call does not panic");
                }
                self.note_under_way(&recorder);
            }
            End::Quiet | End::Recovered => {
                let all = async {
                    for call in calls {
                        call.await.expect("a call does not panic");
                    }
                };
                let in_time = timeout(self.setting.total * 2 + REST, all).await.is_ok();
                let disturbed_until = recorder.lock().disturbed_until;
                sleep_until(recorder.moment(disturbed_until)).await;
                if in_time && self.plan.end == End::Recovered {
                    self.recover(&cluster, &recorder).await;
                }
                recorder.lock().calls_until = recorder.now();
                sleep(REST).await;
                self.find_leftovers(&recorder);
            }
        }
        recorder.note("the runtime stops");
        let length = recorder.now();
        recorder.lock().length = length;
        clock.leave(length);
        (cluster, recorder)
    }

    /// The cluster of the phase, with the collection that calls insert into.
    async fn cluster(&self) -> TestCluster {
        let builder = TestCluster::builder()
            .coordinators(self.setting.coordinators)
            .seed(7)
            .root_password(ROOT_PASSWORD)
            .jwt_secret(&*self.plan.secret)
            .token_lifetime(self.setting.token_lifetime);
        let cluster = builder.in_memory().start().await.expect("a cluster in memory needs nothing");
        let network = Network::default();
        network.lead_to(&cluster);
        let client = Client::builder()
            .hosts(cluster.urls())
            .basic_auth("root", ROOT_PASSWORD)
            .policy(RoundRobin::default())
            .connect(network)
            .build()
            .expect("the cluster's own addresses are good");
        client.db("_system").execute(CreateCollection("books")).await.expect("there are no faults yet");
        cluster.journal().clear();
        cluster
    }

    fn begin(&self, index: usize, call: &Call, recorder: &Recorder) -> JoinHandle<()> {
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
