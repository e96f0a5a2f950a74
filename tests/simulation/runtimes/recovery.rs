//! Checks the client at the end of quiet phases.

use std::time::Duration;

use arango::CoordinatorState;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::calls::Recorder;
use super::phase::Phase;
use super::token_source::HOLD_OFF;

/// Time within which every coordinator has to be in rotation again.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// Time between calls until then.
const INTERVAL: Duration = Duration::from_millis(250);
/// Only pools with at most this number of connections are filled.
const SMALL_POOL: usize = 8;
/// Latency of requests while a pool is filled.
const LATENCY: Duration = Duration::from_millis(300);

impl Phase<'_> {
    /// Makes calls until every coordinator is in rotation, then fills each small pool; records what fails.
    pub(crate) async fn recover(&self, cluster: &TestCluster, recorder: &Recorder) {
        let began = Instant::now();
        let mut traffic = JoinSet::new();
        let mut out = self.out_of_rotation();
        for number in 0.. {
            if out.is_empty() || began.elapsed() >= RECOVERY_TIMEOUT {
                break;
            }
            let (client, recorder, marker) =
                (self.client.clone(), recorder.clone(), format!("p{}-t{number}", self.number));
            traffic.spawn(async move {
                Box::pin(recorder.call(&client, marker, RequestClass::Safe, None)).await;
            });
            sleep(INTERVAL).await;
            out = self.out_of_rotation();
        }
        traffic.join_all().await;
        recorder.lock().unrecovered.extend(out);
        // By then a token source that panicked is called again.
        sleep(HOLD_OFF).await;
        self.fill_pools(cluster, recorder).await;
    }

    fn members(&self) -> Vec<CoordinatorState> {
        self.client.coordinators().into_iter().filter(CoordinatorState::is_member).collect()
    }

    /// Returns the coordinators without their full share, and the number of those that have not been discovered.
    fn out_of_rotation(&self) -> Vec<String> {
        let members = self.members();
        let missing = self.scenario.coordinators.saturating_sub(members.len());
        let mut out: Vec<_> = members
            .iter()
            .filter(|state| state.state != MemberState::Healthy)
            .map(|state| format!("{} is {:?}", state.address, state.state))
            .collect();
        if missing > 0 {
            out.push(format!("{missing} coordinators have not been discovered"));
        }
        out
    }

    /// Uses all connections of each small pool at once.
    async fn fill_pools(&self, cluster: &TestCluster, recorder: &Recorder) {
        if self.scenario.connections > SMALL_POOL {
            return;
        }
        for state in self.members() {
            let found = cluster.coordinators().iter().find(|one| state.address.as_str() == one.url());
            let Some(coordinator) = found else { continue };
            // Opens a connection, and makes sure that the client has a valid token.
            let marker = format!("p{}-f{}", self.number, coordinator.short_name());
            let address = Some(state.address.clone());
            Box::pin(recorder.call(self.client, marker, RequestClass::Safe, address)).await;
            let slow = coordinator.inject(Fault::latency(LATENCY).on(Match::post("/_api/document/*")));
            let began = Instant::now();
            let mut calls = JoinSet::new();
            for number in 0..self.scenario.connections {
                let marker = format!("p{}-f{}-{number}", self.number, coordinator.short_name());
                let (client, recorder, address) =
                    (self.client.clone(), recorder.clone(), state.address.clone());
                calls.spawn(async move {
                    Box::pin(recorder.call(&client, marker, RequestClass::Safe, Some(address))).await;
                });
            }
            calls.join_all().await;
            drop(slow);
            let took = began.elapsed();
            if took >= LATENCY * 2 {
                let what = format!("the pool of {} took {took:?} to provide its connections", state.address);
                recorder.lock().leftovers.push(what);
            }
        }
    }

    /// Logs what is in flight before the runtime is dropped.
    pub(crate) fn log_in_flight(&self, recorder: &Recorder) {
        let (mut in_flight, mut waiting, mut connecting) = (0, 0, 0);
        for state in self.client.coordinators() {
            in_flight += state.in_flight;
            waiting += state.waiting;
            connecting += state.connecting;
            if state.state == MemberState::Ejected {
                recorder.log(&format!("IN FLIGHT: ejection of {}", state.address));
            }
        }
        let logins = self.network.state().logins;
        for (what, count) in
            [("requests", in_flight), ("waiters", waiting), ("connects", connecting), ("logins", logins)]
        {
            if count > 0 {
                recorder.log(&format!("IN FLIGHT: {what} {count}"));
            }
        }
    }

    /// Records what is in flight although no call is.
    pub(crate) fn find_leftovers(&self, recorder: &Recorder) {
        for state in self.client.coordinators() {
            let CoordinatorState { in_flight, waiting, connecting, .. } = state;
            if (in_flight, waiting, connecting) != (0, 0, 0) {
                let what = format!(
                    "{}: {in_flight} in flight, {waiting} waiting, {connecting} connecting",
                    state.address
                );
                recorder.lock().leftovers.push(what);
            }
        }
    }
}
