//! What is done once nothing goes wrong any more: a little traffic, a look at the pools, and then silence.

use std::time::Duration;

use arango::balance::Standing;
use arango::{Client, CoordinatorHandle};
use arango_test_cluster::{Fault, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::invariants::Remains;
use super::operation::Ask;
use super::setting::Setting;
use super::trace::Trace;
use super::workload::steps;

/// Within what time everybody has to be well.
const RECOVERY: Duration = Duration::from_secs(60);
/// How often each client asks meanwhile.
const RHYTHM: Duration = Duration::from_millis(250);
/// A pool with fewer connections than this is looked at.
const SMALL: usize = 8;
/// How long a request takes while its pool is looked at.
const SLOWNESS: Duration = Duration::from_millis(300);

/// Asks now and then until everybody stands well, or the time for that is over; then tells who does not.
pub(crate) async fn unwell(clients: &[Client], trace: &Trace) -> Vec<String> {
    let began = Instant::now();
    let mut traffic = JoinSet::new();
    let mut unwell = ill(clients);
    for number in 0.. {
        if unwell.is_empty() || began.elapsed() >= RECOVERY {
            break;
        }
        for (index, client) in clients.iter().enumerate() {
            let (database, marker) = (client.db("_system"), format!("c{index}-light-{number}"));
            // Whether it succeeds is not the question here.
            traffic.spawn(async move { drop(database.execute(Ask { marker }).await) });
        }
        sleep(RHYTHM).await;
        unwell = ill(clients);
    }
    trace.note(format_args!("WELL after {:?}, but for {unwell:?}", began.elapsed()));
    traffic.join_all().await;
    unwell
}

fn ill(clients: &[Client]) -> Vec<String> {
    let each = clients.iter().enumerate().flat_map(|(client, it)| {
        it.coordinators().into_iter().enumerate().map(move |(index, state)| (client, index, state.standing))
    });
    let ill = each.filter(|(.., standing)| *standing != Standing::Well);
    ill.map(|(client, index, standing)| format!("c{client} of k{index} ({standing:?})")).collect()
}

/// Lets each client ask once more, long after the last trouble; tells who is not answered, and why.
pub(crate) async fn broken(clients: &[Client]) -> Vec<(String, String)> {
    // Logins that began in bad times have ended by then, and passwords that were refused are tried again.
    sleep(Duration::from_secs(100)).await;
    let mut broken = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let marker = format!("c{index}-late");
        if let Err(error) = client.db("_system").execute(Ask { marker: marker.clone() }).await {
            broken.push((marker, format!("{:?}: {}", error.kind(), steps(&error))));
        }
    }
    broken
}

/// Takes all connections that each small pool may give, at once; tells whose pool does not give them.
pub(crate) async fn short(setting: &Setting, clients: &[Client], cluster: &TestCluster) -> Vec<String> {
    let mut short = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let connections = setting.clients[index].connections;
        if connections > SMALL {
            continue;
        }
        for (number, state) in client.coordinators().into_iter().enumerate() {
            let coordinator = client.coordinator(&state.address);
            let _slow = cluster.coordinator(number).inject(Fault::latency(SLOWNESS));
            // Twice: a token may come to its end just now, and its renewal takes a connection too.
            if !gives(&coordinator, connections).await && !gives(&coordinator, connections).await {
                short.push(format!("c{index} of k{number}"));
            }
        }
    }
    short
}

/// Whether so many requests are answered at once by a coordinator that takes its time.
async fn gives(coordinator: &CoordinatorHandle, connections: usize) -> bool {
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for turn in 0..connections {
        let (handle, marker) = (coordinator.clone(), format!("full-{turn}"));
        asked.spawn(async move { handle.execute(Ask { marker }).await.is_ok() });
    }
    asked.join_all().await.into_iter().all(|answered| answered) && began.elapsed() < SLOWNESS * 2
}

/// Waits until no connection should be left, and tells what is.
pub(crate) async fn remains(setting: &Setting, clients: &[Client]) -> Vec<Remains> {
    let idle = setting.clients.iter().map(|client| client.idle).max().unwrap_or_default();
    // One that was given back just after the pool looked is seen at the next look.
    sleep(idle * 2 + Duration::from_secs(1)).await;
    let each = clients.iter().enumerate().flat_map(|(client, it)| {
        it.coordinators().into_iter().enumerate().map(move |(index, state)| Remains {
            whose: format!("c{client} of k{index}"),
            in_flight: state.in_flight,
            open_connections: state.open_connections,
        })
    });
    each.collect()
}
