//! The calls that clients make while faults occur.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, Coordinator, Error};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::network::Network;
use super::operation::{InsertOnce, InsertWithServerTimeout, ReadVersion, SERVER_TIMEOUT};
use super::scenario::{Scenario, seeded_rng};
use super::schedule::{draw_duration, draw_time};
use super::test_operations::Insert;
use super::trace::Trace;

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// A write. Its request class decides whether it may be retried.
    Insert,
    /// A write with a server timeout.
    InsertWithServerTimeout,
    /// A write that finds out whether it was executed.
    InsertOnce,
    /// A write pinned to this coordinator.
    InsertAt(usize),
    /// A read.
    Read,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) client: usize,
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    pub(crate) kind: CallKind,
    at: Duration,
    padding: usize,
    /// When its future is dropped, counted from its start.
    drop_after: Option<Duration>,
}

/// Result of a call.
#[derive(Debug)]
pub(crate) enum CallOutcome {
    Succeeded,
    Failed(Error),
    /// Its future was dropped.
    Dropped,
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct CompletedCall {
    pub(crate) call: Call,
    pub(crate) began: Duration,
    pub(crate) ended_at: Duration,
    /// The limit of the call.
    pub(crate) limit: Duration,
    pub(crate) outcome: CallOutcome,
}

/// Draws all calls of a scenario.
pub(crate) fn draw(scenario: &Scenario) -> Vec<Call> {
    let mut rng = seeded_rng(scenario.seed, 3);
    let mut at = Duration::ZERO;
    (0..scenario.calls)
        .map(|number| {
            // Some calls start at the same time, so that they meet in the wait queues.
            if !rng.random_bool(0.4) {
                at = draw_time(scenario, &mut rng);
            }
            draw_one(scenario, &mut rng, number, at)
        })
        .collect()
}

fn draw_one(scenario: &Scenario, rng: &mut StdRng, number: usize, at: Duration) -> Call {
    let kind = match rng.random_range(0..12) {
        10..=11 => CallKind::InsertOnce,
        0 => CallKind::InsertWithServerTimeout,
        1 => CallKind::InsertAt(rng.random_range(0..scenario.coordinators)),
        2..=4 => CallKind::Read,
        _ => CallKind::Insert,
    };
    let drawn = *RequestClass::ALL.choose(rng).expect("there are four");
    let class = match kind {
        CallKind::Read => RequestClass::Safe,
        CallKind::InsertOnce => RequestClass::Fenced,
        _ => drawn,
    };
    let client = rng.random_range(0..scenario.clients.len());
    Call {
        client,
        marker: format!("c{client}-{number}"),
        class,
        kind,
        at,
        padding: if rng.random_bool(0.05) { rng.random_range(0..300_000) } else { 0 },
        drop_after: rng.random_bool(0.15).then(|| draw_duration(rng, 1, 20_000)),
    }
}

/// Makes all calls and waits for them to end.
pub(crate) async fn run(
    scenario: &Scenario,
    clients: &[Client],
    calls: Vec<Call>,
    network: &Network,
    trace: &Trace,
) -> Vec<CompletedCall> {
    let mut tasks = JoinSet::new();
    for call in calls {
        let client = clients[call.client].clone();
        let mut limit = scenario.clients[call.client].total;
        if call.kind == CallKind::InsertWithServerTimeout {
            limit += SERVER_TIMEOUT;
        }
        tasks.spawn(run_call(client, call, limit, network.clone(), trace.clone()));
    }
    let mut ended = tasks.join_all().await;
    ended.sort_by_key(|one| (one.began, one.call.at, one.ended_at));
    ended
}

async fn run_call(
    client: Client,
    call: Call,
    limit: Duration,
    network: Network,
    trace: Trace,
) -> CompletedCall {
    sleep_until(trace.instant_at(call.at)).await;
    let began = trace.now();
    trace.log(format_args!("{} BEGINS {:?} {:?}", call.marker, call.class, call.kind));
    let call_future = Box::pin(send(&client, &call, &network));
    let outcome = match call.drop_after {
        None => call_future.await.into(),
        Some(after) => timeout(after, call_future).await.map_or(CallOutcome::Dropped, Into::into),
    };
    let ended_at = trace.now();
    match &outcome {
        CallOutcome::Succeeded => trace.log(format_args!("{} SUCCEEDED", call.marker)),
        CallOutcome::Dropped => trace.log(format_args!("{} DROPPED", call.marker)),
        CallOutcome::Failed(error) => trace.log(format_args!(
            "{} FAILED {:?} {:?} {:?}: {}",
            call.marker,
            error.kind(),
            error.outcome(),
            error.stopped_by(),
            attempt_summary(error)
        )),
    }
    CompletedCall { call, began, ended_at, limit, outcome }
}

impl From<Result<(), Error>> for CallOutcome {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Succeeded)
    }
}

async fn send(client: &Client, call: &Call, network: &Network) -> Result<(), Error> {
    let insert = Insert { marker: call.marker.clone(), class: call.class, padding: call.padding };
    let system = client.db("_system");
    match call.kind {
        CallKind::Insert => system.execute(insert).await,
        CallKind::InsertWithServerTimeout => system.execute(InsertWithServerTimeout(insert)).await,
        CallKind::InsertOnce => system.execute_resolving(InsertOnce { marker: call.marker.clone() }).await,
        CallKind::Read => system.execute(ReadVersion { marker: call.marker.clone() }).await,
        CallKind::InsertAt(index) => {
            client.coordinator(&coordinator_address(client, index, network)).execute(insert).await
        }
    }
}

/// The address that a client has for a coordinator, or its current address if the client does not know it.
fn coordinator_address(client: &Client, coordinator: usize, network: &Network) -> Coordinator {
    let addresses = client.coordinators().into_iter().map(|state| state.address);
    let unknown = || {
        let text = format!("http://{}", network.addresses().current(coordinator));
        text.parse().expect("it is a valid address")
    };
    addresses
        .into_iter()
        .find(|address| network.addresses().coordinator_at(address) == Some(coordinator))
        .unwrap_or_else(unknown)
}

/// Summarizes the attempts of a failed call, one word each.
pub(crate) fn attempt_summary(error: &Error) -> String {
    let summary = |attempt: &arango::Attempt| {
        let coordinator = attempt.coordinator.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{:?}@{coordinator}+{}ms", attempt.kind, attempt.elapsed.as_millis())
    };
    error.attempts().iter().map(summary).collect::<Vec<_>>().join(" ")
}
