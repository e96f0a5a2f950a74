//! Checks the client's invariants under random faults, for two hundred seeds.
//!
//! Further seeds have scenarios with runtimes that end, with long procedures, and with documents and queries. Histories of a
//! few documents are checked for linearizability.
//!
//! `cargo xtask soak` runs more seeds; `docs/simulation.md` describes the scenarios.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod histories;
mod over_tcp;
mod runtimes;
mod sim;

/// Trace of an availability probe of a listed host that is not part of the cluster.
const UNTRUSTED_HOST_PROBE: &str = "192.0.2.77:8529 ⇢ GET /_admin/server/availability";

/// Prints the violations of the scenarios, and checks that each of these events and outcomes has happened in one of them.
fn assert_reports(reports: &[sim::Report], soak: &str, events: &[&str], outcomes: &[usize]) {
    let violations: Vec<String> =
        reports.iter().flat_map(|report| &report.violations).map(ToString::to_string).collect();
    assert!(
        violations.is_empty(),
        "{} violations; `{soak} --seed N` shows the trace of one:\n{}",
        violations.len(),
        violations.join("\n")
    );
    for event in events {
        let lines = || reports.iter().flat_map(|report| &report.trace);
        assert!(lines().any(|line| line.contains(event)), "{event} never happened");
    }
    for outcome in outcomes {
        assert!(
            reports.iter().any(|report| report.outcome_counts[*outcome] > 0),
            "no call has outcome {outcome}"
        );
    }
}

/// Checks the scenarios of the seeds `from..from + 25`.
fn assert_invariants(from: u64) {
    let reports: Vec<_> = (from..from + 25).map(sim::run).collect();
    // Scenarios without faults, membership changes or untrusted hosts would prove nothing.
    let events = ["FAULT \"Leave", "FAULT \"Join", "FAULT \"Move", "FAULT \"Handshake", UNTRUSTED_HOST_PROBE];
    assert_reports(&reports, "cargo xtask soak", &events, &[0, 1, 2]);
}

macro_rules! seeds {
    ($check:ident: $($name:ident from $from:literal;)*) => {
        $(#[test]
        fn $name() {
            $check($from);
        })*
    };
}

seeds! {
    assert_invariants:
    invariants_hold_for_seeds_0_to_24 from 0;
    invariants_hold_for_seeds_25_to_49 from 25;
    invariants_hold_for_seeds_50_to_74 from 50;
    invariants_hold_for_seeds_75_to_99 from 75;
    invariants_hold_for_seeds_100_to_124 from 100;
    invariants_hold_for_seeds_125_to_149 from 125;
    invariants_hold_for_seeds_150_to_174 from 150;
    invariants_hold_for_seeds_175_to_199 from 175;
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    // Includes two procedures: a decommission and a restart.
    for seed in (0..20).chain([952, 1098]) {
        let (first, second) = (sim::run(seed).trace, sim::run(seed).trace);
        let differs = first.iter().zip(&second).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

#[test]
fn invariants_hold_while_servers_die_during_procedures() {
    // Besides the first twenty: seeds that violate I13 without the health check before an action, and seeds that violate
    // I14 with a repeated start.
    let first = (0..).filter(|seed| sim::runs_a_procedure(*seed)).take(20);
    let reports: Vec<_> = first.chain([495, 952, 980, 1098, 1322, 1449, 2493]).map(sim::run).collect();
    let violations: Vec<String> =
        reports.iter().flat_map(|report| &report.violations).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
    for event in ["DOWN", "RESTARTED", "STEP CleanedOut", "the agency is down", "another service", "is lost"]
    {
        let lines = || reports.iter().flat_map(|report| &report.trace);
        assert!(lines().any(|line| line.contains(event)), "{event} never happened");
    }
    for outcome in 0..3 {
        assert!(
            reports.iter().any(|report| report.outcome_counts[outcome] > 0),
            "no procedure has outcome {outcome}"
        );
    }
}

#[test]
fn another_seed_gives_another_trace() {
    assert_ne!(sim::run(1).trace, sim::run(2).trace);
}

#[test]
fn a_client_survives_the_runtimes_that_its_tasks_ran_on() {
    let reports: Vec<_> = (0..50).map(runtimes::run).collect();
    let violations: Vec<String> =
        reports.iter().flat_map(|report| &report.violations).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
    // Each of these was interrupted by the end of a runtime at least once.
    for kind in ["requests", "waiters", "connects", "logins", "ejection"] {
        let lines = || reports.iter().flat_map(|report| &report.trace);
        assert!(
            lines().any(|line| line.contains(&format!("IN FLIGHT: {kind}"))),
            "no {kind} were interrupted"
        );
    }
    for outcome in 0..3 {
        assert!(
            reports.iter().any(|report| report.outcome_counts[outcome] > 0),
            "no call has outcome {outcome}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_runtime_scenario() {
    for seed in 0..10 {
        assert_eq!(runtimes::run(seed).trace, runtimes::run(seed).trace, "seed {seed}");
    }
}

/// Checks the data scenarios of the seeds `from..from + 20`.
fn assert_data_invariants(from: u64) {
    let reports: Vec<_> = (from..from + 20).map(sim::run_data).collect();
    // Scenarios without lost writes, faults of data or interrupted cursors would prove nothing.
    let events = [
        "SUCCEEDED Key",
        "SUCCEEDED Content",
        "Unknown NotSeen",
        "FAULT \"repeated inserts",
        "FAULT \"late copies",
        "STOPPED",
        "LOST after",
        "FINISHED after",
        "CURSOR DROPPED after",
        "INTERRUPTED after",
    ];
    assert_reports(&reports, "cargo xtask soak --data", &events, &[0, 1, 2]);
}

seeds! {
    assert_data_invariants:
    invariants_of_data_hold_for_seeds_0_to_19 from 0;
    invariants_of_data_hold_for_seeds_20_to_39 from 20;
    invariants_of_data_hold_for_seeds_40_to_59 from 40;
}

#[test]
fn the_same_seed_gives_the_same_data_scenario() {
    for seed in 0..10 {
        let (first, second) = (sim::run_data(seed).trace, sim::run_data(seed).trace);
        let differs = first.iter().zip(&second).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

/// Checks the bank scenarios of the seeds `from..from + 6`.
fn assert_bank_invariants(from: u64) {
    let reports: Vec<_> = (from..from + 6).map(sim::run_bank).collect();
    // Scenarios without repeated closures, lost commits or undecided ones would prove nothing.
    let events = [
        "FAULT \"commits take",
        "FAULT \"Kill",
        "COMMITTED",
        "FAILED Unknown",
        "FAILED NotExecuted",
        "DROPPED",
    ];
    assert_reports(&reports, "cargo xtask soak --data", &events, &[0, 1, 2]);
}

seeds! {
    assert_bank_invariants:
    invariants_of_the_bank_hold_for_seeds_0_to_5 from 0;
    invariants_of_the_bank_hold_for_seeds_6_to_11 from 6;
}

/// Checks the histories of the seeds `from..from + 100`.
fn assert_linearizable(from: u64) {
    let reports: Vec<_> = (from..from + 100).map(histories::run).collect();
    // Histories without faults and unknown outcomes would prove nothing.
    let events = ["dies", "latency", "late copies", "close AfterExecution", "got Refused", "got Written"];
    // A write that the server refuses because of its document has returned, so hardly any is not executed.
    assert_reports(&reports, "cargo xtask soak --histories", &events, &[0, 2]);
}

seeds! {
    assert_linearizable:
    histories_are_linearizable_for_seeds_0_to_99 from 0;
    histories_are_linearizable_for_seeds_100_to_199 from 100;
    histories_are_linearizable_for_seeds_200_to_299 from 200;
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in 0..10 {
        assert_eq!(histories::run(seed).trace, histories::run(seed).trace, "seed {seed}");
    }
}
