//! What must hold whatever happens: I1 to I9 of the failure semantics, and I10 to I12 of discovery.

mod budget;
mod calls;
mod changes;
mod logins;
mod rest;

use std::fmt;
use std::time::Duration;

use arango_test_cluster::Journal;

use super::census::Census;
use super::seen::Seen;
use super::setting::Setting;
use super::sightings::Stranger;
use super::workload::Ended;

/// How late a timer may be: tokio's fire at whole milliseconds.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Something that must not be.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) seed: u64,
    /// Which invariant: `I1` to `I17`.
    pub(crate) invariant: &'static str,
    /// The call it was seen in, or the client and coordinator.
    pub(crate) marker: String,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, invariant, marker, what } = self;
        write!(f, "seed {seed}: {invariant} is broken by {marker}: {what}")
    }
}

/// What is left of a client when everything is over.
#[derive(Debug, Clone)]
pub(crate) struct Remains {
    /// The client and the coordinator.
    pub(crate) whose: String,
    pub(crate) in_flight: usize,
    pub(crate) open_connections: usize,
}

/// What became of a world.
pub(crate) struct Evidence<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) calls: &'a [Ended],
    pub(crate) journal: &'a Journal,
    /// What was written; of clients whose requests nobody can read, what they attempted.
    pub(crate) requests: &'a [Seen],
    /// All attempts of those, and of clients that look for others.
    pub(crate) attempts: &'a [Seen],
    pub(crate) strangers: &'a [Stranger],
    pub(crate) census: &'a Census<'a>,
    /// Coordinators that were not well a minute after all was.
    pub(crate) unwell: &'a [String],
    /// What clients have wrong of who there is, long after the last change.
    pub(crate) unsettled: &'a [String],
    /// Calls that failed long after that, and why.
    pub(crate) broken: &'a [(String, String)],
    /// Pools that no longer have all their connections to give.
    pub(crate) short: &'a [String],
    pub(crate) remains: &'a [Remains],
    /// Connections that the network still has.
    pub(crate) open: usize,
}

impl Evidence<'_> {
    /// Everything that must not be and is.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |invariant, marker: &str, what: String| {
            found.push(Violation { seed: self.setting.seed, invariant, marker: marker.to_owned(), what });
        };
        calls::at_most_once(self, &mut report);
        calls::in_time(self, &mut report);
        budget::kept(self, &mut report);
        rest::nothing_is_left(self, &mut report);
        calls::answered_by_the_healthy(self, &mut report);
        calls::outcome_is_true(self, &mut report);
        logins::as_few_as_it_takes(self, &mut report);
        calls::only_where_they_should(self, &mut report);
        rest::everybody_is_well(self, &mut report);
        changes::only_to_those_that_are_admitted(self, &mut report);
        changes::those_named_stay(self, &mut report);
        changes::everybody_is_found(self, &mut report);
        found
    }
}

/// What was seen of all clients: on the network, or where nobody can read that the attempts.
pub(crate) fn together(setting: &Setting, requests: &[Seen], attempts: &[Seen]) -> Vec<Seen> {
    let is_watched = |seen: &&Seen| setting.clients[seen.client].is_watched(setting.kind);
    let mut all: Vec<Seen> = requests.iter().filter(|seen| !is_watched(seen)).cloned().collect();
    all.extend(attempts.iter().filter(is_watched).cloned());
    all.sort_by_key(|seen| seen.at);
    all
}

/// Takes an invariant, a marker, and what is wrong.
type Report<'a> = dyn FnMut(&'static str, &str, String) + 'a;
