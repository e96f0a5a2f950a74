//! The measurements in the documentation.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use super::measurement::Measurement;
use crate::workspace;

/// The page with the measurements.
const PAGE: &str = "docs/performance.md";
/// The lines around the table of measurements.
const BEGIN: &str = "<!-- the measurements of `cargo xtask bench --write` begin -->\n";
const END: &str = "<!-- and end -->";

/// Writes the measurements into the page.
pub(super) fn write(measurements: &[Measurement]) -> Result<()> {
    let page = workspace::root().join(PAGE);
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))?;
    let text = with_measurements(&text, measurements)?;
    fs::write(&page, text).with_context(|| format!("cannot write {PAGE}"))?;
    anstream::println!("written to {PAGE}");
    Ok(())
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
    fn the_page_keeps_everything_but_the_measurements() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let measurement = Measurement { what: "health: instructions per call".into(), facade: 1.0, raw: 2.0 };
        let page = with_measurements(&page, &[measurement]).unwrap();
        assert!(page.starts_with("before\n") && page.ends_with("\nafter\n") && !page.contains("old"));
        assert!(page.contains("| health: instructions per call | 1 | 2 | 0.500 | 1.03, met |"), "{page}");
        assert!(with_measurements("nothing", &[]).is_err());
    }
}
