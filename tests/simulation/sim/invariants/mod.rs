//! Invariants of every run: I1 to I9 and I18 of the failure semantics, and I10 to I12 of discovery.

mod calls;
mod final_state;
mod logins;
mod membership;
mod retry_budget;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use arango_test_cluster::Journal;

use super::membership_check::MembershipCheck;
use super::network_log::UntrustedContact;
use super::observation::Observation;
use super::scenario::Scenario;
use super::workload::CompletedCall;

/// How late a timer may fire: tokio's timers have a resolution of one millisecond.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// A violated invariant.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) seed: u64,
    /// The invariant: `I1` to `I28`, or `D1` to `D6`.
    pub(crate) invariant: &'static str,
    /// The call, or the client and coordinator.
    pub(crate) marker: String,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, invariant, marker, what } = self;
        write!(f, "seed {seed}: {invariant} is violated by {marker}: {what}")
    }
}

/// What a client has left at the end.
#[derive(Debug, Clone)]
pub(crate) struct Leftovers {
    /// The client and the coordinator.
    pub(crate) owner: String,
    pub(crate) in_flight: usize,
    pub(crate) open_connections: usize,
}

/// What was observed of a run.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) calls: &'a [CompletedCall],
    pub(crate) journal: &'a Journal,
    /// Requests that were written; for clients whose requests cannot be read, their attempts.
    pub(crate) requests: &'a [Observation],
    /// All attempts of those clients, and of clients with discovery.
    pub(crate) attempts: &'a [Observation],
    pub(crate) untrusted_contacts: &'a [UntrustedContact],
    /// Whether the documents that calls inserted with a key are stored at the end, as far as they could be read.
    pub(crate) stored: &'a HashMap<String, bool>,
    pub(crate) membership_check: &'a MembershipCheck<'a>,
    /// Coordinators that were not healthy a minute after the last fault.
    pub(crate) unhealthy: &'a [String],
    /// Wrong members of clients, long after the last change.
    pub(crate) not_converged: &'a [String],
    /// Calls that failed long after the last fault, and their errors.
    pub(crate) failed_late_calls: &'a [(String, String)],
    /// Pools that cannot provide all their connections.
    pub(crate) exhausted_pools: &'a [String],
    pub(crate) leftovers: &'a [Leftovers],
    /// Connections that are still open in the network.
    pub(crate) open_connections: usize,
}

impl Evidence<'_> {
    /// Checks all invariants.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |invariant, marker: &str, what: String| {
            found.push(Violation { seed: self.scenario.seed, invariant, marker: marker.to_owned(), what });
        };
        calls::at_most_once(self, &mut report);
        calls::within_deadline(self, &mut report);
        retry_budget::retries_stay_within_budget(self, &mut report);
        final_state::nothing_leaks(self, &mut report);
        calls::healthy_coordinator_serves(self, &mut report);
        calls::outcome_is_correct(self, &mut report);
        calls::found_out_correctly(self, &mut report);
        logins::no_unneeded_logins(self, &mut report);
        calls::only_to_intended_coordinators(self, &mut report);
        final_state::all_members_recover(self, &mut report);
        membership::only_verified_members_get_requests(self, &mut report);
        membership::seeds_are_kept(self, &mut report);
        membership::membership_converges(self, &mut report);
        found
    }
}

/// Merges the requests observed on the network with the attempts of clients whose requests cannot be read there.
pub(crate) fn merge_observations(
    scenario: &Scenario,
    requests: &[Observation],
    attempts: &[Observation],
) -> Vec<Observation> {
    let is_observed =
        |observation: &&Observation| scenario.clients[observation.client].observes_attempts(scenario.kind);
    let mut all: Vec<Observation> =
        requests.iter().filter(|observation| !is_observed(observation)).cloned().collect();
    all.extend(attempts.iter().filter(is_observed).cloned());
    all.sort_by_key(|observation| observation.sent_at);
    all
}

/// Takes an invariant, a marker, and a description.
type ReportFn<'a> = dyn FnMut(&'static str, &str, String) + 'a;
