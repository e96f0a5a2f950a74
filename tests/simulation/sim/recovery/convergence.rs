//! Whether each client with discovery has found all coordinators of the cluster, and no others.

use std::time::Duration;

use arango::CoordinatorOrigin;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Recovery;

/// Time limit: two discovery intervals, and ten minutes for which failed unverified members are not tried again.
const CONVERGENCE_TIMEOUT: Duration = Duration::from_secs(720);
/// Interval of each client's requests meanwhile.
const INTERVAL: Duration = Duration::from_secs(2);

impl Recovery<'_> {
    /// Sends requests until each client has each coordinator of the cluster once, and no other.
    ///
    /// Returns the differences that are left at the time limit.
    pub(crate) async fn wait_until_converged(&self) -> Vec<String> {
        if !self.scenario.kind.has_membership_changes() {
            return Vec::new();
        }
        let began = Instant::now();
        let mut traffic = JoinSet::new();
        let mut not_converged = self.membership_errors();
        for number in 0.. {
            if not_converged.is_empty() || began.elapsed() >= CONVERGENCE_TIMEOUT {
                break;
            }
            self.call_from_each_client(&mut traffic, &format!("settling-{number}"));
            sleep(INTERVAL).await;
            not_converged = self.membership_errors();
        }
        self.trace.log(format_args!("CONVERGED after {:?}, but for {not_converged:?}", began.elapsed()));
        traffic.join_all().await;
        not_converged
    }

    /// Whether a client has no current coordinator left from which it could discover the others.
    pub(super) fn has_no_coordinator(&self, client: usize) -> bool {
        !self.present_members().iter().any(|(owner, _)| *owner == client)
    }

    fn membership_errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        let members = self.present_members();
        for (client, client_handle) in
            self.clients.iter().enumerate().filter(|(client, _)| !self.has_no_coordinator(*client))
        {
            for coordinator in (0..self.scenario.coordinators).filter(|index| !self.removed.contains(index)) {
                let own = members.iter().filter(|(owner, _)| *owner == client);
                let times = own.filter(|(_, state)| self.coordinator_at(state) == Some(coordinator)).count();
                let expected = self.expected_count(client, coordinator);
                if times != expected {
                    errors.push(format!("c{client} has k{coordinator} {times} times"));
                }
            }
            for state in client_handle.coordinators() {
                if state.origin == CoordinatorOrigin::Discovered && self.coordinator_at(&state).is_none() {
                    errors.push(format!("c{client} has {}, where no coordinator is", state.address));
                }
            }
        }
        errors
    }

    /// How often a client should have a coordinator: once, unless several seeds point to it.
    fn expected_count(&self, client: usize, coordinator: usize) -> usize {
        let addresses = self.network.addresses();
        let expected = self.membership_check.seeds(client).iter();
        expected
            .filter(|seed| addresses.coordinator_at(seed) == Some(coordinator) && addresses.is_current(seed))
            .count()
            .max(1)
    }
}
