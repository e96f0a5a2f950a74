//! The cost of a call, compared with the minimum that a program can write by hand.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};

use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The page with the measurements.
const PAGE: &str = "docs/performance.md";
/// The lines around the table of measurements.
const BEGIN: &str = "<!-- the measurements of `cargo xtask bench --write` begin -->\n";
const END: &str = "<!-- and end -->";

/// An upper limit for the client's cost.
enum Limit {
    /// As a ratio to the cost of the program by hand.
    Ratio(f64),
    /// As a figure.
    Figure(f64),
}

const LIMITS: [(&str, Limit); 15] = [
    ("version: instructions per call", Limit::Ratio(1.25)),
    ("health: instructions per call", Limit::Ratio(1.03)),
    ("version, three coordinators: instructions per call", Limit::Ratio(1.16)),
    ("insert, three coordinators: instructions per call", Limit::Ratio(1.12)),
    ("get, three coordinators: instructions per call", Limit::Ratio(1.12)),
    ("rows: µs of CPU per row", Limit::Figure(2.4)),
    ("rows, three coordinators: µs of CPU per row", Limit::Figure(2.4)),
    ("rows, borrowed: µs of CPU per row", Limit::Figure(0.8)),
    ("rows, borrowed, three coordinators: µs of CPU per row", Limit::Figure(0.8)),
    ("import: µs of CPU per document", Limit::Figure(2.5)),
    ("import, three coordinators: µs of CPU per document", Limit::Figure(2.5)),
    ("version over TLS: instructions per call", Limit::Ratio(1.15)),
    ("health over TLS: instructions per call", Limit::Ratio(1.15)),
    ("version over HTTP/2: instructions per call", Limit::Ratio(1.15)),
    ("health over HTTP/2: instructions per call", Limit::Ratio(1.15)),
];

/// Feature sets to build the benchmark with, separately: the HTTP/2 comparison makes the other measurements dearer.
const BUILDS: [&[&str]; 2] = [&[], &["--features", "http2"]];

/// One line of the benchmark's table.
#[derive(Debug, PartialEq)]
struct Measurement {
    what: String,
    facade: f64,
    raw: f64,
}

/// Runs the benchmark and prints its measurements beside their limits; with `write` also into the page.
///
/// A missed limit does not fail the task: people decide what to do about it.
///
/// # Errors
/// If the benchmark cannot be run, prints no measurements, or the page cannot be written.
pub(crate) async fn bench(write: bool) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut measurements = Vec::new();
    let mut skipped = Vec::new();
    for features in BUILDS {
        let exit = cargo_bench()
            .arguments(features)
            .run_with_lines(&mut interruptions, |line| match Measurement::read(&line) {
                Some(measurement) => measurements.push(measurement),
                None if line.contains("skipped:") && !skipped.contains(&line) => skipped.push(line),
                None => {}
            })
            .await?;
        if !exit.is_success() {
            return Ok(exit.exit_code());
        }
    }
    ensure!(!measurements.is_empty(), "the benchmark printed no measurements");
    let rows = measurements.iter().map(Measurement::cells).collect();
    for line in lines(["", "FACADE", "RAW", "RATIO", "LIMIT"], rows) {
        anstream::println!("{line}");
    }
    for line in &skipped {
        anstream::println!("{line}");
    }
    if write {
        ensure!(skipped.is_empty(), "the page is not written without the instruction counts");
        let page = workspace::root().join(PAGE);
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))?;
        let text = with_measurements(&text, &measurements)?;
        fs::write(&page, text).with_context(|| format!("cannot write {PAGE}"))?;
        anstream::println!("written to {PAGE}");
    }
    Ok(ExitCode::SUCCESS)
}

fn cargo_bench() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["bench", "--manifest-path"])
        .arguments([manifest])
        .arguments(["--package", "arango", "--bench", "calls"])
}

impl Measurement {
    /// Reads `version: instructions per call   27468  21632  1.270`.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.rsplit(' ').filter(|word| !word.is_empty());
        let _ratio: f64 = words.next()?.parse().ok()?;
        let raw = words.next()?.parse().ok()?;
        let facade = words.next()?.parse().ok()?;
        let what: Vec<_> = words.collect();
        let what: Vec<_> = what.into_iter().rev().collect();
        (!what.is_empty()).then(|| Self { what: what.join(" "), facade, raw })
    }

    fn ratio(&self) -> f64 {
        self.facade / self.raw
    }

    /// The upper limit, and whether it is met.
    fn limit(&self) -> Option<String> {
        let (_, limit) = LIMITS.iter().find(|(what, _)| *what == self.what)?;
        let (limit, is_met, unit) = match limit {
            Limit::Ratio(limit) => (limit, self.ratio() <= *limit, ""),
            Limit::Figure(limit) => (limit, self.facade <= *limit, " µs"),
        };
        Some(format!("{limit:.2}{unit}, {}", if is_met { "met" } else { "missed" }))
    }

    fn cells(&self) -> [String; 5] {
        let limit = self.limit().unwrap_or_default();
        let ratio = format!("{:.3}", self.ratio());
        [self.what.clone(), self.facade.to_string(), self.raw.to_string(), ratio, limit]
    }
}

/// Replaces the measurements of the page with these.
fn with_measurements(page: &str, measurements: &[Measurement]) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} lacks {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} lacks {END:?}"))?;
    let mut table = String::from("\n|  | facade | raw | ratio | limit |\n|---|---:|---:|---:|---:|\n");
    for measurement in measurements {
        let [what, facade, raw, ratio, limit] = measurement.cells();
        writeln!(table, "| {what} | {facade} | {raw} | {ratio} | {limit} |")?;
    }
    Ok(format!("{before}{BEGIN}{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_parsed_from_the_output() {
        let measurement =
            Measurement::read("version: instructions per call        27468      21632    1.270").unwrap();
        assert_eq!(measurement.what, "version: instructions per call");
        assert_eq!((measurement.facade, measurement.raw), (27_468.0, 21_632.0));
        assert_eq!(measurement.limit().unwrap(), "1.25, missed");
        let rows = Measurement::read("rows: µs of CPU per row    1.20   1.30    0.923").unwrap();
        assert_eq!(rows.limit().unwrap(), "2.40 µs, met");
        assert_eq!(Measurement::read("                      facade        raw    ratio"), None);
        assert_eq!(Measurement::read("instructions per call: skipped: valgrind is not installed"), None);
    }

    #[test]
    fn the_page_keeps_everything_but_the_measurements() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let measurement = Measurement { what: "health: instructions per call".into(), facade: 1.0, raw: 2.0 };
        let page = with_measurements(&page, &[measurement]).unwrap();
        assert!(page.starts_with("before\n") && page.ends_with("\nafter\n") && !page.contains("old"));
        assert!(page.contains("| health: instructions per call | 1 | 2 | 0.500 | 1.03, met |"), "{page}");
        assert!(with_measurements("nothing", &[]).is_err());
    }
}
