//! What a view shows: rates and shares between two observations.

use std::time::Duration;

use super::observation::{Coordinator, Failure, Fault, Observation};
use crate::cluster::member::Member;

/// How many rates are kept for the chart.
const RATES: usize = 240;

/// All that is drawn or printed.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) backend: String,
    pub(super) version: Option<String>,
    /// Since the beginning of the view.
    pub(super) at: Duration,
    pub(super) coordinators: Vec<Row>,
    /// Whether the back end counts requests.
    pub(super) is_counted: bool,
    /// Requests per second at all coordinators. `None` if they are not counted, or not measured yet.
    pub(super) rate: Option<f64>,
    /// The rates so far, oldest first.
    pub(super) rates: Vec<f64>,
    /// `None` if they are not known.
    pub(super) faults: Option<Vec<Fault>>,
    /// Oldest first. `None` if they are not known.
    pub(super) failures: Option<Vec<Failure>>,
    /// Failures from this number on were not in the snapshot before.
    pub(super) new_from: u64,
    /// Why the cluster could not be observed. The rest is then as it was before.
    pub(super) problem: Option<String>,
}

/// One coordinator.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) state: &'static str,
    pub(super) connections: Option<u64>,
    /// Requests per second.
    pub(super) rate: Option<f64>,
    /// Its part of all requests, from 0 to 1. `None` without requests.
    pub(super) share: Option<f64>,
}

/// The previous observation, and the rates up to it.
#[derive(Debug)]
pub(super) struct History {
    previous: Observation,
    rates: Vec<f64>,
    new_from: u64,
}

impl History {
    /// Begins with an observation. What has failed before is not new.
    pub(super) fn new(first: Observation) -> Self {
        Self { new_from: after_last(&first, 0), previous: first, rates: Vec::new() }
    }

    /// Returns the snapshot before any rate is measured.
    pub(super) fn begin(&self, backend: String) -> Snapshot {
        self.snapshot(backend, None)
    }

    /// Returns the snapshot of an observation, with rates since the one before.
    pub(super) fn next(&mut self, backend: String, present: Observation) -> Snapshot {
        let rates = rates(&self.previous, &present);
        if let Some(rates) = &rates {
            self.rates.push(rates.iter().sum());
            let surplus = self.rates.len().saturating_sub(RATES);
            self.rates.drain(..surplus);
        }
        self.previous = present;
        let snapshot = self.snapshot(backend, rates.as_deref());
        self.new_from = after_last(&self.previous, self.new_from);
        snapshot
    }

    /// Returns the previous snapshot without rates, and the reason.
    pub(super) fn failed(&self, backend: String, problem: String, at: Duration) -> Snapshot {
        Snapshot { problem: Some(problem), at, new_from: u64::MAX, ..self.snapshot(backend, None) }
    }

    fn snapshot(&self, backend: String, rates: Option<&[f64]>) -> Snapshot {
        let Observation { at, version, coordinators, requests, faults, failures } = &self.previous;
        let total = rates.map(|rates| rates.iter().sum::<f64>());
        let rows = coordinators.iter().enumerate().map(|(index, coordinator)| {
            let rate = rates.and_then(|rates| rates.get(index).copied());
            Row {
                name: name(index),
                url: coordinator.url.clone(),
                state: state(coordinator),
                connections: coordinator.connections,
                rate,
                share: rate.zip(total).filter(|(_, total)| *total > 0.0).map(|(rate, total)| rate / total),
            }
        });
        Snapshot {
            backend,
            version: version.clone(),
            at: *at,
            coordinators: rows.collect(),
            is_counted: requests.is_some(),
            rate: total,
            rates: self.rates.clone(),
            faults: faults.clone(),
            failures: failures.clone(),
            new_from: self.new_from,
            problem: None,
        }
    }
}

/// The name of a coordinator in commands such as `kill`.
pub(super) fn name(index: usize) -> String {
    Member::coordinator(index).to_string()
}

fn state(coordinator: &Coordinator) -> &'static str {
    match (coordinator.up, coordinator.paused) {
        (false, _) => "down",
        (true, true) => "paused",
        (true, false) => "up",
    }
}

fn after_last(observation: &Observation, least: u64) -> u64 {
    let failures = observation.failures.iter().flatten();
    failures.map(|failure| failure.number + 1).max().unwrap_or(least).max(least)
}

/// Requests per second of each coordinator. `None` if they are not counted.
fn rates(previous: &Observation, present: &Observation) -> Option<Vec<f64>> {
    let (before, now) = (previous.requests.as_ref()?, present.requests.as_ref()?);
    let seconds = present.at.saturating_sub(previous.at).as_secs_f64();
    let count = |(index, now): (usize, &u64)| {
        let before = before.get(index).copied().unwrap_or_default();
        // The journal may have been cleared in between.
        let count = now.checked_sub(before).unwrap_or(*now);
        #[expect(clippy::cast_precision_loss, reason = "counts within an interval are far below 2^53")]
        let count = count as f64;
        if seconds > 0.0 { count / seconds } else { 0.0 }
    };
    Some(now.iter().enumerate().map(count).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::cluster::watch) fn observation(seconds: u64, requests: [u64; 3]) -> Observation {
        let coordinator = |port, up, paused, connections| Coordinator {
            url: format!("http://127.0.0.1:{port}"),
            up,
            paused,
            connections: Some(connections),
        };
        let failure = |number, coordinator, path: &str, status| Failure {
            number,
            coordinator,
            method: "POST".into(),
            path: path.into(),
            status,
        };
        Observation {
            at: Duration::from_secs(seconds),
            version: Some("3.12.5".into()),
            coordinators: vec![
                coordinator(8529, true, false, 12),
                coordinator(8539, true, true, 3),
                coordinator(8549, false, false, 0),
            ],
            requests: Some(requests.to_vec()),
            faults: Some(vec![
                Fault {
                    id: 1,
                    coordinator: Some(0),
                    injected: json!({ "kind": "latency", "ms": 50 }),
                    hits: 7,
                },
                Fault { id: 3, coordinator: None, injected: json!({ "kind": "agency-down" }), hits: 0 },
            ]),
            failures: Some(vec![
                failure(4, 0, "/_api/document/books", 409),
                failure(6 + seconds, 1, "/_api/collection", 503),
            ]),
        }
    }

    pub(in crate::cluster::watch) fn sample() -> Snapshot {
        let mut history = History::new(observation(0, [0, 0, 0]));
        for (seconds, requests) in [(2, [400, 100, 50]), (4, [600, 140, 50]), (6, [1200, 340, 50])] {
            history.next("embedded".into(), observation(seconds, requests));
        }
        history.next("embedded".into(), observation(8, [1800, 540, 50]))
    }

    /// A cluster of which only the servers are known.
    pub(in crate::cluster::watch) fn servers_only() -> Snapshot {
        let observation = |seconds| Observation {
            requests: None,
            faults: None,
            failures: None,
            coordinators: observation(0, [0; 3])
                .coordinators
                .into_iter()
                .map(|one| Coordinator { connections: None, ..one })
                .collect(),
            ..observation(seconds, [0; 3])
        };
        History::new(observation(0)).next("process".into(), observation(1))
    }

    fn rates_of(snapshot: &Snapshot) -> Vec<Option<f64>> {
        snapshot.coordinators.iter().map(|row| row.rate).collect()
    }

    #[test]
    fn rates_are_requests_per_second_since_the_observation_before() {
        let mut history = History::new(observation(0, [100, 0, 0]));

        let snapshot = history.next("embedded".into(), observation(2, [400, 100, 0]));

        assert_eq!(rates_of(&snapshot), [Some(150.0), Some(50.0), Some(0.0)]);
        assert_eq!(snapshot.rate, Some(200.0));
        let shares: Vec<_> = snapshot.coordinators.iter().map(|row| row.share).collect();
        assert_eq!(shares, [Some(0.75), Some(0.25), Some(0.0)]);
    }

    #[test]
    fn a_cleared_journal_is_no_negative_rate() {
        let mut history = History::new(observation(0, [100, 100, 100]));

        let snapshot = history.next("embedded".into(), observation(1, [10, 0, 0]));

        assert_eq!(rates_of(&snapshot), [Some(10.0), Some(0.0), Some(0.0)]);
    }

    #[test]
    fn without_requests_there_is_no_share() {
        let mut history = History::new(observation(0, [7, 7, 7]));

        let snapshot = history.next("embedded".into(), observation(1, [7, 7, 7]));

        assert!(snapshot.coordinators.iter().all(|row| row.share.is_none()));
    }

    #[test]
    fn a_failure_is_new_once() {
        let mut history = History::new(observation(0, [0; 3]));
        let new = |snapshot: &Snapshot| {
            let failures = snapshot.failures.iter().flatten().map(|failure| failure.number);
            failures.filter(|number| *number >= snapshot.new_from).collect::<Vec<_>>()
        };

        assert_eq!(new(&history.next("embedded".into(), observation(1, [0; 3]))), [7]);
        assert_eq!(new(&history.next("embedded".into(), observation(1, [0; 3]))), [0; 0]);
        assert_eq!(new(&history.next("embedded".into(), observation(5, [0; 3]))), [11]);
    }

    #[test]
    fn a_back_end_without_counters_has_no_rates() {
        let snapshot = servers_only();

        assert_eq!((rates_of(&snapshot), snapshot.rate), (vec![None; 3], None));
    }
}
