//! The phase after the last fault: a little traffic, a check of the pools, and then silence.

mod convergence;

use std::collections::BTreeSet;
use std::time::Duration;

use arango::balance::MemberState;
use arango::{Client, CoordinatorHandle, CoordinatorState};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::invariants::Leftovers;
use super::membership_check::MembershipCheck;
use super::network::Network;
use super::operation::ReadVersion;
use super::scenario::Scenario;
use super::trace::Trace;
use super::workload::attempt_summary;

/// Time within which all members have to be healthy.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval of each client's requests meanwhile.
const INTERVAL: Duration = Duration::from_millis(250);
/// Only pools with at most this number of connections are checked.
const SMALL_POOL: usize = 8;
/// Latency of requests while a pool is checked.
const LATENCY: Duration = Duration::from_millis(300);

/// A scenario after its last fault.
pub(crate) struct Recovery<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) cluster: &'a TestCluster,
    pub(crate) network: &'a Network,
    pub(crate) clients: &'a [Client],
    pub(crate) membership_check: &'a MembershipCheck<'a>,
    /// Coordinators that no longer belong to the cluster.
    pub(crate) removed: BTreeSet<usize>,
    pub(crate) trace: &'a Trace,
}

impl Recovery<'_> {
    /// Sends requests until all members are healthy or the time is over. Returns those that are not.
    pub(crate) async fn wait_until_healthy(&self) -> Vec<String> {
        let began = Instant::now();
        let mut traffic = JoinSet::new();
        let mut unhealthy = self.unhealthy();
        for number in 0.. {
            if unhealthy.is_empty() || began.elapsed() >= RECOVERY_TIMEOUT {
                break;
            }
            self.call_from_each_client(&mut traffic, &format!("light-{number}"));
            sleep(INTERVAL).await;
            unhealthy = self.unhealthy();
        }
        self.trace.log(format_args!("HEALTHY after {:?}, but for {unhealthy:?}", began.elapsed()));
        traffic.join_all().await;
        unhealthy
    }

    /// Spawns a request of each client and ignores its result.
    fn call_from_each_client(&self, traffic: &mut JoinSet<()>, what: &str) {
        for (index, client) in self.clients.iter().enumerate() {
            let (database, marker) = (client.db("_system"), format!("c{index}-{what}"));
            traffic.spawn(async move { drop(database.execute(ReadVersion { marker }).await) });
        }
    }

    fn unhealthy(&self) -> Vec<String> {
        let unhealthy =
            self.present_members().into_iter().filter(|(_, state)| state.state != MemberState::Healthy);
        unhealthy
            .map(|(client, state)| format!("c{client} of {} ({:?})", state.address, state.state))
            .collect()
    }

    /// Returns the members of each client that belong to the cluster.
    fn present_members(&self) -> Vec<(usize, CoordinatorState)> {
        let each = self.clients.iter().enumerate().flat_map(|(client, client_handle)| {
            client_handle.coordinators().into_iter().map(move |state| (client, state))
        });
        each.filter(|(_, state)| state.is_member() && self.coordinator_at(state).is_some()).collect()
    }

    /// Returns the current coordinator at a member's address, if there is one.
    fn coordinator_at(&self, state: &CoordinatorState) -> Option<usize> {
        let index = self.network.addresses().coordinator_at(&state.address)?;
        let is_current =
            self.network.addresses().is_current(&state.address) && !self.removed.contains(&index);
        is_current.then_some(index)
    }

    /// Makes a call with each client, long after the last fault. Returns the errors.
    pub(crate) async fn failed_late_calls(&self) -> Vec<(String, String)> {
        // By then logins that began during faults have ended, and rejected passwords are tried again.
        sleep(Duration::from_secs(100)).await;
        let mut failed = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            let marker = format!("c{index}-late");
            let result = client.db("_system").execute(ReadVersion { marker: marker.clone() }).await;
            if let Err(error) = result
                && !self.has_no_coordinator(index)
            {
                failed.push((marker, format!("{:?}: {}", error.kind(), attempt_summary(&error))));
            }
        }
        failed
    }

    /// Uses all connections of each small pool at once. Returns the pools that cannot provide them.
    pub(crate) async fn exhausted_pools(&self) -> Vec<String> {
        let mut exhausted = Vec::new();
        for (index, state) in self.present_members() {
            let connections = self.scenario.clients[index].connections;
            if connections > SMALL_POOL {
                continue;
            }
            let coordinator = self.clients[index].coordinator(&state.address);
            let coordinator_index = self.coordinator_at(&state).expect("it was a member a moment ago");
            // Only the requests below: discovery uses connections of the same pool meanwhile.
            let slow = Fault::latency(LATENCY).on(Match::get("/_api/version"));
            let _slow = self.cluster.coordinator(coordinator_index).inject(slow);
            // Twice: a token may expire just now, and its renewal takes a connection, too.
            if !pool_serves(&coordinator, connections).await && !pool_serves(&coordinator, connections).await
            {
                exhausted.push(format!("c{index} of {}", state.address));
            }
        }
        exhausted
    }

    /// Waits until no connection should be left, and returns what is.
    ///
    /// Clients with discovery are closed before, since they keep sending requests.
    pub(crate) async fn leftovers(&self) -> Vec<Leftovers> {
        for (index, client) in self.clients.iter().enumerate() {
            if self.scenario.clients[index].discovery_interval.is_some() {
                client.close(Duration::from_secs(20)).await;
            }
        }
        let idle = self.scenario.clients.iter().map(|client| client.idle).max().unwrap_or_default();
        // A connection that was returned just after a check of the pool is closed at the next check.
        sleep(idle * 2 + Duration::from_secs(1)).await;
        let each = self.clients.iter().enumerate().flat_map(|(client, client_handle)| {
            client_handle.coordinators().into_iter().map(move |state| Leftovers {
                owner: format!("c{client} of {}", state.address),
                in_flight: state.in_flight,
                open_connections: state.open_connections,
            })
        });
        each.collect()
    }
}

/// Whether a slow coordinator responds to that many requests at the same time.
async fn pool_serves(coordinator: &CoordinatorHandle, connections: usize) -> bool {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let (handle, marker) = (coordinator.clone(), format!("full-{number}"));
        tasks.spawn(async move { handle.execute(ReadVersion { marker }).await.is_ok() });
    }
    tasks.join_all().await.into_iter().all(|succeeded| succeeded) && began.elapsed() < LATENCY * 2
}
