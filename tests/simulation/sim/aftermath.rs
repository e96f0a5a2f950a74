//! What is done once nothing goes wrong any more: a little traffic, a look at the pools, and then silence.

mod settled;

use std::collections::BTreeSet;
use std::time::Duration;

use arango::balance::MemberState;
use arango::{Client, CoordinatorHandle, CoordinatorState};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::census::Census;
use super::invariants::Remains;
use super::network::Network;
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

/// A world after the last trouble.
pub(crate) struct Aftermath<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) cluster: &'a TestCluster,
    pub(crate) network: &'a Network,
    pub(crate) clients: &'a [Client],
    pub(crate) census: &'a Census<'a>,
    /// Those that are none of the cluster any more.
    pub(crate) away: BTreeSet<usize>,
    pub(crate) trace: &'a Trace,
}

impl Aftermath<'_> {
    /// Asks now and then until everybody stands well, or the time for that is over; then tells who does not.
    pub(crate) async fn unwell(&self) -> Vec<String> {
        let began = Instant::now();
        let mut traffic = JoinSet::new();
        let mut unwell = self.ill();
        for number in 0.. {
            if unwell.is_empty() || began.elapsed() >= RECOVERY {
                break;
            }
            self.ask_all(&mut traffic, &format!("light-{number}"));
            sleep(RHYTHM).await;
            unwell = self.ill();
        }
        self.trace.note(format_args!("WELL after {:?}, but for {unwell:?}", began.elapsed()));
        traffic.join_all().await;
        unwell
    }

    /// Lets each client ask something; whether it succeeds is not the question.
    fn ask_all(&self, traffic: &mut JoinSet<()>, what: &str) {
        for (index, client) in self.clients.iter().enumerate() {
            let (database, marker) = (client.db("_system"), format!("c{index}-{what}"));
            traffic.spawn(async move { drop(database.execute(Ask { marker }).await) });
        }
    }

    fn ill(&self) -> Vec<String> {
        let ill = self.each().into_iter().filter(|(_, state)| state.standing != MemberState::Healthy);
        ill.map(|(client, state)| format!("c{client} of {} ({:?})", state.address, state.standing)).collect()
    }

    /// The coordinators of each client, those that are there.
    fn each(&self) -> Vec<(usize, CoordinatorState)> {
        let each = self
            .clients
            .iter()
            .enumerate()
            .flat_map(|(client, it)| it.coordinators().into_iter().map(move |state| (client, state)));
        each.filter(|(_, state)| state.is_member() && self.is_there(state).is_some()).collect()
    }

    /// Which coordinator is where a client has one, if one is.
    fn is_there(&self, state: &CoordinatorState) -> Option<usize> {
        let who = self.network.places().who(&state.address)?;
        let there = self.network.places().is_inhabited(&state.address) && !self.away.contains(&who);
        there.then_some(who)
    }

    /// Lets each client ask once more, long after the last trouble; tells who is not answered, and why.
    pub(crate) async fn broken(&self) -> Vec<(String, String)> {
        // Logins that began in bad times have ended by then, and passwords that were refused are tried again.
        sleep(Duration::from_secs(100)).await;
        let mut broken = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            let marker = format!("c{index}-late");
            let answer = client.db("_system").execute(Ask { marker: marker.clone() }).await;
            if let Err(error) = answer
                && !self.is_lost(index)
            {
                broken.push((marker, format!("{:?}: {}", error.kind(), steps(&error))));
            }
        }
        broken
    }

    /// Takes all connections that each small pool may give, at once; tells whose pool does not give them.
    pub(crate) async fn short(&self) -> Vec<String> {
        let mut short = Vec::new();
        for (index, state) in self.each() {
            let connections = self.setting.clients[index].connections;
            if connections > SMALL {
                continue;
            }
            let coordinator = self.clients[index].coordinator(&state.address);
            let who = self.is_there(&state).expect("it was there a moment ago");
            // Only what is asked here: who looks for others asks meanwhile, too, by a connection of the same pool.
            let slow = Fault::latency(SLOWNESS).on(Match::get("/_api/version"));
            let _slow = self.cluster.coordinator(who).inject(slow);
            // Twice: a token may come to its end just now, and its renewal takes a connection too.
            if !gives(&coordinator, connections).await && !gives(&coordinator, connections).await {
                short.push(format!("c{index} of {}", state.address));
            }
        }
        short
    }

    /// Waits until no connection should be left, and tells what is. A client that looks for others is closed before, since
    /// it goes on asking.
    pub(crate) async fn remains(&self) -> Vec<Remains> {
        for (index, client) in self.clients.iter().enumerate() {
            if self.setting.clients[index].looks.is_some() {
                client.close(Duration::from_secs(20)).await;
            }
        }
        let idle = self.setting.clients.iter().map(|client| client.idle).max().unwrap_or_default();
        // One that was given back just after the pool looked is seen at the next look.
        sleep(idle * 2 + Duration::from_secs(1)).await;
        let each = self.clients.iter().enumerate().flat_map(|(client, it)| {
            it.coordinators().into_iter().map(move |state| Remains {
                whose: format!("c{client} of {}", state.address),
                in_flight: state.in_flight,
                open_connections: state.open_connections,
            })
        });
        each.collect()
    }
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
