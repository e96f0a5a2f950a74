//! Which test proves which row of `docs/failure-semantics.md`, and whether it still does.

mod document;
mod findings;
mod test;

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize as _;

use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::{Ending, Program};
use crate::workspace;

use self::findings::Findings;
use self::test::Test;

/// Where the rows are.
const PAGE: &str = "docs/failure-semantics.md";

/// The tests of the whole client, as cargo names them.
const TESTS: [&str; 4] = ["--package", "arango-tests", "--test", "house"];

/// How long they may take; they need seconds. Their building is not counted.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Runs the tests of all rows and prints what they prove.
///
/// # Errors
/// If the page cannot be read, or the tests do not tell how they ended.
pub(crate) async fn rows() -> Result<ExitCode> {
    let page = workspace::root().join(PAGE);
    let page = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let rows = document::read(&page).with_context(|| format!("cannot read the rows of {PAGE}"))?;

    let mut interruptions = Interruptions::listen()?;
    let building = cargo_test().arguments(["--no-run"]).run(&mut interruptions).await?;
    if !building.is_success() {
        anstream::eprintln!("{} the tests of the rows do not compile", "error:".red().bold());
        return Ok(building.exit_code());
    }
    let mut heard = Heard::default();
    let running = cargo_test().arguments(["rows::", "--", "--format=pretty", "--color=never"]).limit(LIMIT);
    let ending = running.hear(&mut interruptions, |line| heard.hear(line)).await?;
    heard.progress.finish_and_clear();
    if !matches!(ending, Ending::Exited(_)) {
        return Ok(ending.exit_code());
    }
    if heard.tests.is_empty() || heard.tests.len() != heard.announced {
        // One that takes its process with it, by a signal or an overflow of its stack.
        heard.complain();
        bail!("{} of {} tests told how they ended", heard.tests.len(), heard.announced);
    }

    let findings = Findings::of(&rows, &heard.tests);
    if findings.red > 0 {
        heard.complain();
    }
    print(&findings);
    Ok(if findings.are_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_test() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["test", "--manifest-path"])
        .arguments([manifest])
        .arguments(TESTS)
}

/// What the tests say while they run.
#[derive(Debug)]
struct Heard {
    announced: usize,
    tests: Vec<Test>,
    /// Why the red ones are red.
    rest: Vec<String>,
    progress: ProgressBar,
}

impl Default for Heard {
    fn default() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {wide_msg}");
        let style = style.expect("the template has no mistake");
        let progress = ProgressBar::new(0).with_style(style);
        Self { announced: 0, tests: Vec::new(), rest: Vec::new(), progress }
    }
}

impl Heard {
    fn hear(&mut self, line: String) {
        if let Some(test) = Test::read(&line) {
            self.progress.set_message(test.short().to_owned());
            self.progress.inc(1);
            self.tests.push(test);
        } else if let Some(count) = announced(&line) {
            self.announced = count;
            self.progress.set_length(count.try_into().unwrap_or(u64::MAX));
        } else {
            self.rest.push(line);
        }
    }

    /// Repeats what the tests said beside their results.
    fn complain(&self) {
        for line in &self.rest {
            anstream::eprintln!("{line}");
        }
    }
}

/// Reads `running 235 tests`.
fn announced(line: &str) -> Option<usize> {
    line.strip_prefix("running ")?.split(' ').next()?.parse().ok()
}

/// What is well is plain, what is not is red; the last line counts.
fn print(findings: &Findings) {
    let rows = findings.lines.iter().map(|line| line.cells.clone()).collect();
    let well = [true].into_iter().chain(findings.lines.iter().map(|line| line.is_well));
    for ((index, line), is_well) in
        lines(["ROW", "CLASS", "RESULT", "TEST"], rows).iter().enumerate().zip(well)
    {
        match (index, is_well) {
            (0, _) => anstream::println!("{}", line.dimmed()),
            (_, true) => anstream::println!("{line}"),
            (_, false) => anstream::println!("{}", line.red()),
        }
    }
    if !findings.not_built.is_empty() {
        anstream::println!();
        let not_built = lines(["ROW", "NOT BUILT", "BECAUSE"], findings.not_built.clone());
        for line in not_built {
            anstream::println!("{}", line.dimmed());
        }
    }
    for contradiction in &findings.contradictions {
        anstream::eprintln!("{} {contradiction}", "error:".red().bold());
    }
    let summary = findings.summary();
    anstream::println!();
    if findings.are_well() {
        anstream::println!("{}", summary.green());
    } else {
        anstream::println!("{}", summary.red().bold());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_is_told_apart() {
        let mut heard = Heard::default();
        for line in ["running 2 tests", "test rows::x::t03_y::safe ... ok", "test result: FAILED.", "why"] {
            heard.hear(line.to_owned());
        }

        assert_eq!((heard.announced, heard.tests.len()), (2, 1));
        assert_eq!(heard.rest, ["test result: FAILED.", "why"]);
    }
}
