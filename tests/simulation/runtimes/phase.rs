//! One phase: a new runtime, a new cluster in it, calls and faults, and the end of the runtime.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango::balance::RoundRobin;
use arango::protocol::RequestClass;
use arango::{Client, Coordinator as Address, Error};
use arango_test_cluster::{Fault, FaultGuard, Journal, Match, Phase as RequestPhase, TestCluster};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep, sleep_until, timeout};

use super::network::{Counts, Network, SourceMode};
use super::setting::{Call, End, FaultSetting, PhaseSetting, ROOT_PASSWORD, Setting, Trouble};
use crate::sim::books::{CreateCollection, Insert};

/// How long the runtime goes on after calls that were dropped first.
const AFTER_CALLS: Duration = Duration::from_millis(20);
/// How long a quiet phase waits for calls beyond their deadline, and for everything else to come to rest.
const REST: Duration = Duration::from_secs(60);
/// The first phase begins this far ahead of the real clock, so that no phase depends on how fast the machine is.
const AHEAD: Duration = Duration::from_secs(3_600);

/// The client's clock: it goes on from one runtime to the next, though each runtime has its own.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<Instant>,
    /// Time since the first phase, in whole milliseconds.
    elapsed: Duration,
}

impl Clock {
    /// Sets the clock of the current runtime to `gap` after the end of the last one.
    async fn enter(&mut self, gap: Duration) {
        let now = Instant::now();
        let target = self.last.map_or(now + AHEAD, |last| last + gap);
        let ahead = target.saturating_duration_since(now);
        // In whole milliseconds, as timers go.
        let whole = ahead.as_nanos().div_ceil(1_000_000);
        advance(Duration::from_millis(u64::try_from(whole).unwrap_or(u64::MAX))).await;
        self.elapsed += gap;
    }

    fn leave(&mut self, length: Duration) {
        self.last = Some(Instant::now());
        self.elapsed += length;
    }
}

/// One call, and how it ended.
#[derive(Debug)]
pub(crate) struct CallRecord {
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    /// Times are counted from the beginning of the phase.
    pub(crate) began: Duration,
    /// `None` if it was dropped.
    pub(crate) ended: Option<(Duration, Result<(), Error>)>,
}

/// What happened in a phase.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) trace: Vec<String>,
    pub(crate) calls: Vec<CallRecord>,
    pub(crate) journal: Journal,
    pub(crate) counts: Counts,
    /// Until when the calls were not dropped.
    pub(crate) calls_until: Duration,
    pub(crate) length: Duration,
    /// Since when before the phase the token source has not panicked, if it ever did.
    pub(crate) since_panic: Option<Duration>,
    /// What was left of the client at the end of a quiet phase.
    pub(crate) leftovers: Vec<String>,
    /// What had not recovered at the end of the last phase.
    pub(crate) unrecovered: Vec<String>,
}

/// Writes into the record of a phase. Clones write into the same.
#[derive(Clone)]
pub(crate) struct Recorder {
    began: Instant,
    /// Time before the phase.
    elapsed: Duration,
    record: Arc<Mutex<Record>>,
}

impl Recorder {
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, what: &str) {
        let at = (self.elapsed + self.now()).as_secs_f64();
        self.lock().trace.push(format!("{at:>10.3}s {what}"));
    }

    /// Makes a call and records it.
    pub(crate) async fn call(&self, client: &Client, marker: String, class: RequestClass, pinned: Option<Address>) {
        let index = {
            let (mut record, began) = (self.lock(), self.now());
            record.calls.push(CallRecord { marker: marker.clone(), class, began, ended: None });
            record.calls.len() - 1
        };
        let insert = Insert { marker: marker.clone(), class, padding: 0 };
        let result = match &pinned {
            None => client.db("_system").execute(insert).await,
            Some(address) => client.coordinator(address).execute(insert).await,
        };
        self.note(&match &result {
            Ok(()) => format!("{marker} ANSWERED"),
            Err(error) => format!("{marker} FAILED {:?} {:?}", error.kind(), error.outcome()),
        });
        self.lock().calls[index].ended = Some((self.now(), result));
    }
}

/// A phase that has not begun.
#[derive(Clone, Copy)]
pub(crate) struct Phase<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) number: usize,
    pub(crate) phase: &'a PhaseSetting,
    pub(crate) client: &'a Client,
    pub(crate) network: &'a Network,
}

impl Phase<'_> {
    /// Runs the phase in a runtime of its own, and drops that.
    pub(crate) fn run(self, clock: &mut Clock) -> Record {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without a driver needs nothing");
        let mut guards = Vec::new();
        let (cluster, recorder) = runtime.block_on(Box::pin(self.happen(clock, &mut guards)));
        // The runtime goes away first, in the middle of whatever is under way.
        drop(runtime);
        recorder.lock().counts = self.network.state().counts;
        drop((guards, cluster));
        let record = Arc::into_inner(recorder.record).expect("the calls are gone with their runtime");
        record.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn happen(self, clock: &mut Clock, guards: &mut Vec<FaultGuard>) -> (TestCluster, Recorder) {
        clock.enter(self.phase.gap).await;
        let cluster = self.cluster().await;
        self.network.lead_to(&cluster);
        let panicked = self.network.state().panicked;
        let record = Record {
            trace: Vec::new(),
            calls: Vec::new(),
            journal: cluster.journal(),
            counts: Counts::default(),
            calls_until: Duration::ZERO,
            length: Duration::ZERO,
            since_panic: panicked.map(|at| Instant::now().saturating_duration_since(at)),
            leftovers: Vec::new(),
            unrecovered: Vec::new(),
        };
        let record = Arc::new(Mutex::new(record));
        let recorder = Recorder { began: Instant::now(), elapsed: clock.elapsed, record };
        recorder.note(&format!("PHASE {} begins", self.number));

        let calls: Vec<_> =
            (0..).zip(&self.phase.calls).map(|(index, call)| self.begin(index, call, &recorder)).collect();
        match self.phase.end {
            End::Cut(after) | End::CallsFirst(after) => {
                timeout(after, self.inject(&cluster, &recorder, guards)).await.unwrap_or_default();
                recorder.lock().calls_until = recorder.now();
                if matches!(self.phase.end, End::CallsFirst(_)) {
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
                if in_time && self.phase.end == End::Recovered {
                    self.recover(&cluster, &recorder).await;
                }
                recorder.lock().calls_until = recorder.now();
                sleep(REST).await;
                self.find_leftovers(&recorder);
            }
        }
        recorder.note("the runtime is dropped");
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
            .jwt_secret(&*self.phase.secret)
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
        let (at, marker) = (recorder.began + call.at, format!("p{}-{index}", self.number));
        let pinned = call.pinned.map(|index| {
            let address = format!("http://127.0.0.1:{}", 8529 + 10 * index);
            address.parse().expect("it is an address")
        });
        tokio::spawn(async move {
            sleep_until(at).await;
            Box::pin(recorder.call(&client, marker, class, pinned)).await;
        })
    }

    /// Injects the faults when it is their time, and then waits for ever.
    async fn inject(&self, cluster: &TestCluster, recorder: &Recorder, guards: &mut Vec<FaultGuard>) {
        let mut faults: Vec<&FaultSetting> = self.phase.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        for fault in faults {
            sleep_until(recorder.began + fault.at).await;
            recorder.note(&format!("FAULT {:?} at k{}", fault.what, fault.coordinator));
            self.inject_one(cluster, fault, guards);
        }
        std::future::pending().await
    }

    fn inject_one(&self, cluster: &TestCluster, fault: &FaultSetting, guards: &mut Vec<FaultGuard>) {
        let coordinator = cluster.coordinator(fault.coordinator);
        let everywhere = |fault: Fault| {
            let each = cluster.coordinators().iter();
            each.map(|one| one.inject(fault.clone())).collect::<Vec<_>>()
        };
        let logins = || Match::post("/_open/auth");
        let mut state = self.network.state();
        match fault.what {
            Trouble::Kill => coordinator.kill(),
            Trouble::Pause => coordinator.pause(),
            Trouble::ConnectsHang => state.hanging.push(fault.coordinator),
            Trouble::ConnectsTake(delay) => state.delay = delay,
            Trouble::Latency(delay) => guards.push(coordinator.inject(Fault::latency(delay))),
            Trouble::WritesClosed => {
                let writes = Match::post("/_api/document/*");
                guards.push(coordinator.inject(Fault::close(RequestPhase::AfterExecution).on(writes)));
            }
            Trouble::LoginsHang => {
                state.source = SourceMode::Hangs;
                guards.extend(everywhere(Fault::hang().on(logins())));
            }
            Trouble::LoginsTake(delay) => {
                state.source = SourceMode::Takes(delay);
                guards.extend(everywhere(Fault::latency(delay).on(logins())));
            }
            Trouble::SourcePanics => state.source = SourceMode::Panics,
            Trouble::ProbesHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_admin/server/availability"))));
            }
            Trouble::ListsHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_api/cluster/endpoints"))));
            }
        }
    }
}
