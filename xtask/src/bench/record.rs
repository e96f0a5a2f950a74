//! What calls cost when that was last recorded, to find out when they cost more.
//!
//! Instructions depend on the compiler, so counts are recorded with its version and not compared. What is compared is the
//! ratio to the program by hand, which the same compiler has built, and the number of allocations.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use owo_colors::OwoColorize as _;
use serde::{Deserialize, Serialize};

use super::measurement::Measurement;
use crate::workspace;

/// The recorded measurements.
const FILE: &str = "crates/arango/benches/calls.json";

/// How much a ratio may differ from the recorded one.
const TOLERANCE: f64 = 0.02;

/// Recorded measurements.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The compiler of both programs.
    compiler: String,
    calls: BTreeMap<String, Cost>,
}

/// What a call costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cost {
    facade: f64,
    raw: f64,
}

/// What has become of a recorded cost.
#[derive(Debug, PartialEq)]
enum Change {
    Unchanged,
    Less(String),
    More(String),
}

impl Record {
    pub(super) fn read() -> Result<Self> {
        let text = fs::read(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot read {FILE}"))
    }

    /// Returns those of the measurements that are recorded.
    pub(super) fn of(measurements: &[Measurement]) -> Result<Self> {
        let recorded = measurements.iter().filter(|measurement| is_recorded(&measurement.what));
        let calls: BTreeMap<_, _> = recorded
            .map(|Measurement { what, facade, raw }| (what.clone(), Cost { facade: *facade, raw: *raw }))
            .collect();
        ensure!(!calls.is_empty(), "there is nothing to record");
        Ok(Self { compiler: compiler()?, calls })
    }

    pub(super) fn write(&self) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(workspace::root().join(FILE), text).with_context(|| format!("cannot write {FILE}"))?;
        anstream::println!("recorded in {FILE}");
        Ok(())
    }

    /// Prints how the measurements differ from the recorded ones. Fails if a call costs more, or was not measured.
    pub(super) fn check(&self, measurements: &[Measurement]) -> ExitCode {
        let mut has_fault = false;
        for what in self.unmeasured(measurements) {
            has_fault = true;
            anstream::eprintln!("{} {what}: is recorded, and was not measured", "error:".red().bold());
        }
        for measurement in measurements {
            match self.change(measurement) {
                Change::Unchanged => {}
                Change::Less(text) => {
                    anstream::println!("{text}: record it, with `cargo xtask bench --write`");
                }
                Change::More(text) => {
                    has_fault = true;
                    anstream::eprintln!("{} {text}", "error:".red().bold());
                }
            }
        }
        if has_fault {
            anstream::eprintln!("recorded in {FILE}, with {}", self.compiler);
            return ExitCode::FAILURE;
        }
        anstream::println!("no call costs more than recorded");
        ExitCode::SUCCESS
    }

    /// Returns what is recorded and not among the measurements.
    fn unmeasured<'a>(&'a self, measurements: &'a [Measurement]) -> impl Iterator<Item = &'a String> {
        self.calls.keys().filter(|what| !measurements.iter().any(|measurement| measurement.what == **what))
    }

    fn change(&self, measurement: &Measurement) -> Change {
        let what = &measurement.what;
        let Some(recorded) = self.calls.get(what) else {
            return Change::More(format!("{what}: is not recorded"));
        };
        // Whole allocations: a few of many calls need one more, for a buffer that grows.
        let (now, before, tolerance, decimals) = if what.contains("allocations") {
            (measurement.facade.round(), recorded.facade.round(), 0.0, 0)
        } else {
            (measurement.ratio(), recorded.facade / recorded.raw, TOLERANCE, 3)
        };
        let text = |is| format!("{what}: {now:.decimals$} is {is} than the recorded {before:.decimals$}");
        if now > before * (1.0 + tolerance) {
            Change::More(text("more"))
        } else if now < before * (1.0 - tolerance) {
            Change::Less(text("less"))
        } else {
            Change::Unchanged
        }
    }
}

/// Returns whether a measurement is recorded: a count of a call, compared with the pool, over plain HTTP.
fn is_recorded(what: &str) -> bool {
    let is_count = what.ends_with("instructions per call") || what.ends_with("allocations per call");
    is_count && what.contains(", three coordinators") && !what.contains(" over ")
}

fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output().context("cannot run rustc")?;
    ensure!(output.status.success(), "rustc does not print its version");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTRUCTIONS: &str = "version, three coordinators: instructions per call";
    const ALLOCATIONS: &str = "version, three coordinators: allocations per call";

    fn measured(what: &str, facade: f64, raw: f64) -> Measurement {
        Measurement { what: what.to_owned(), facade, raw }
    }

    fn change(what: &str, facade: f64, raw: f64) -> Change {
        let recorded = [measured(INSTRUCTIONS, 1200.0, 1000.0), measured(ALLOCATIONS, 16.0, 13.0)];
        Record::of(&recorded).unwrap().change(&measured(what, facade, raw))
    }

    #[test]
    fn a_ratio_may_differ_by_two_percent_and_counts_are_not_compared() {
        for (facade, raw) in [(1200.0, 1000.0), (2440.0, 2000.0), (590.0, 500.0)] {
            assert_eq!(change(INSTRUCTIONS, facade, raw), Change::Unchanged);
        }
        assert!(matches!(change(INSTRUCTIONS, 1230.0, 1000.0), Change::More(text) if text.contains("1.230")));
        assert!(matches!(change(INSTRUCTIONS, 1170.0, 1000.0), Change::Less(_)));
    }

    #[test]
    fn one_more_allocation_is_found() {
        assert_eq!(change(ALLOCATIONS, 16.02, 13.0), Change::Unchanged);
        assert!(matches!(change(ALLOCATIONS, 17.0, 14.0), Change::More(_)));
        assert!(matches!(change(ALLOCATIONS, 15.0, 13.0), Change::Less(_)));
    }

    #[test]
    fn a_call_that_is_not_recorded_is_found() {
        let insert = change("insert, three coordinators: allocations per call", 1.0, 1.0);
        assert!(matches!(insert, Change::More(text) if text.ends_with("is not recorded")));
    }

    #[test]
    fn a_recorded_call_that_is_no_longer_measured_is_found() {
        let record =
            Record::of(&[measured(INSTRUCTIONS, 1200.0, 1000.0), measured(ALLOCATIONS, 16.0, 13.0)]).unwrap();
        let measurements = [measured(INSTRUCTIONS, 1200.0, 1000.0)];
        assert_eq!(record.unmeasured(&measurements).collect::<Vec<_>>(), [ALLOCATIONS]);
        assert_eq!(record.check(&measurements), ExitCode::FAILURE);
    }

    #[test]
    fn what_is_recorded_would_be_recorded_again() {
        let record = Record::read().unwrap();
        assert!(!record.calls.is_empty());
        for what in record.calls.keys() {
            assert!(is_recorded(what), "{what}");
        }
    }

    #[test]
    fn only_counts_of_calls_over_plain_http_are_recorded() {
        assert!(is_recorded(INSTRUCTIONS) && is_recorded(ALLOCATIONS));
        for what in [
            "version: instructions per call",
            "version over TLS, three coordinators: instructions per call",
            "version, three coordinators: calls per second",
            "rows, three coordinators: instructions per row",
        ] {
            assert!(!is_recorded(what), "{what}");
        }
    }
}
