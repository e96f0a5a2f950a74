//! What a call costs, beside the least that a program could do by hand.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};

use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// Where the figures are kept.
const PAGE: &str = "docs/performance.md";
/// What the figures stand between.
const BEGIN: &str = "<!-- the figures of `cargo xtask price --write` begin -->\n";
const END: &str = "<!-- and end -->";

/// The most that the client may cost, by the ratio of instructions.
const BARS: [(&str, f64); 6] = [
    ("version: instructions per call", 1.25),
    ("health: instructions per call", 1.03),
    ("version over TLS: instructions per call", 1.15),
    ("health over TLS: instructions per call", 1.15),
    ("version over HTTP/2: instructions per call", 1.15),
    ("health over HTTP/2: instructions per call", 1.15),
];

/// Features with which the benchmark is built, each time anew: what compares with HTTP/2 there makes the rest dearer.
const BUILDS: [&[&str]; 2] = [&[], &["--features", "http2"]];

/// One line of the benchmark's table.
#[derive(Debug, PartialEq)]
struct Figure {
    what: String,
    facade: f64,
    raw: f64,
}

/// Runs the benchmark and prints its figures beside their bars; with `write` also into the page.
///
/// Nothing fails because something is dear: what a figure is worth, people decide.
///
/// # Errors
/// If the benchmark cannot be run, prints no figures, or the page cannot be written.
pub(crate) async fn price(write: bool) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut figures = Vec::new();
    let mut skipped = Vec::new();
    for features in BUILDS {
        let ending = cargo_bench()
            .arguments(features)
            .hear(&mut interruptions, |line| match Figure::read(&line) {
                Some(figure) => figures.push(figure),
                None if line.contains("skipped:") && !skipped.contains(&line) => skipped.push(line),
                None => {}
            })
            .await?;
        if !ending.is_success() {
            return Ok(ending.exit_code());
        }
    }
    ensure!(!figures.is_empty(), "the benchmark told no figures");
    let rows = figures.iter().map(Figure::cells).collect();
    for line in lines(["", "FACADE", "RAW", "RATIO", "BAR"], rows) {
        anstream::println!("{line}");
    }
    for line in &skipped {
        anstream::println!("{line}");
    }
    if write {
        ensure!(skipped.is_empty(), "the page is not written without the count of instructions");
        let page = workspace::root().join(PAGE);
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))?;
        let text = with_figures(&text, &figures)?;
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

impl Figure {
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

    /// The most that the ratio may be, and whether it is met.
    fn bar(&self) -> Option<String> {
        let (_, bar) = BARS.iter().find(|(what, _)| *what == self.what)?;
        let met = if self.ratio() <= *bar { "met" } else { "missed" };
        Some(format!("{bar:.2}, {met}"))
    }

    fn cells(&self) -> [String; 5] {
        let bar = self.bar().unwrap_or_default();
        let ratio = format!("{:.3}", self.ratio());
        [self.what.clone(), self.facade.to_string(), self.raw.to_string(), ratio, bar]
    }
}

/// The page with these figures in place of those that it has.
fn with_figures(page: &str, figures: &[Figure]) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE} lacks {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} lacks {END:?}"))?;
    let mut table = String::from("\n|  | facade | raw | ratio | bar |\n|---|---:|---:|---:|---:|\n");
    for figure in figures {
        let [what, facade, raw, ratio, bar] = figure.cells();
        writeln!(table, "| {what} | {facade} | {raw} | {ratio} | {bar} |")?;
    }
    Ok(format!("{before}{BEGIN}{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_from_what_stands_around_them() {
        let figure = Figure::read("version: instructions per call        27468      21632    1.270").unwrap();
        assert_eq!(figure.what, "version: instructions per call");
        assert_eq!((figure.facade, figure.raw), (27_468.0, 21_632.0));
        assert_eq!(figure.bar().unwrap(), "1.25, missed");
        assert_eq!(Figure::read("                      facade        raw    ratio"), None);
        assert_eq!(Figure::read("instructions per call: skipped: valgrind is not installed"), None);
    }

    #[test]
    fn the_page_keeps_everything_but_the_figures() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let figure = Figure { what: "health: instructions per call".into(), facade: 1.0, raw: 2.0 };
        let page = with_figures(&page, &[figure]).unwrap();
        assert!(page.starts_with("before\n") && page.ends_with("\nafter\n") && !page.contains("old"));
        assert!(page.contains("| health: instructions per call | 1 | 2 | 0.500 | 1.03, met |"), "{page}");
        assert!(with_figures("nothing", &[]).is_err());
    }
}
