//! Runs the tests of the rows of `docs/failure-semantics.md`, and prints which test covers which row.

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
use crate::program::{ExitReason, Program};
use crate::workspace;

use self::findings::Findings;
use self::test::Test;

/// The page with the rows.
const PAGE: &str = "docs/failure-semantics.md";

/// The integration tests of the client, as cargo arguments.
const TESTS: [&str; 4] = ["--package", "arango-tests", "--test", "client"];

/// Time limit for the tests, which need seconds. Building them is not counted.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Runs the tests of all rows and prints their results by row.
///
/// # Errors
/// If the page cannot be read, or the results of some tests are missing.
pub(crate) async fn failure_matrix() -> Result<ExitCode> {
    let page = workspace::root().join(PAGE);
    let page = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let rows = document::read(&page).with_context(|| format!("cannot read the rows of {PAGE}"))?;

    let mut interruptions = Interruptions::listen()?;
    let build = cargo_test().arguments(["--no-run"]).run(&mut interruptions).await?;
    if !build.is_success() {
        anstream::eprintln!("{} the tests of the failure matrix do not compile", "error:".red().bold());
        return Ok(build.exit_code());
    }
    let mut output = TestOutput::default();
    let tests =
        cargo_test().arguments(["failure_matrix::", "--", "--format=pretty", "--color=never"]).limit(LIMIT);
    let exit = tests.run_with_lines(&mut interruptions, |line| output.read_line(line)).await?;
    output.progress.finish_and_clear();
    if !matches!(exit, ExitReason::Exited(_)) {
        return Ok(exit.exit_code());
    }
    if output.tests.is_empty() || output.tests.len() != output.announced {
        // A test has aborted the process, by a signal or a stack overflow.
        output.print_other_lines();
        bail!("{} of {} tests reported a result", output.tests.len(), output.announced);
    }

    let findings = Findings::new(&rows, &output.tests);
    if findings.failed > 0 {
        output.print_other_lines();
    }
    print(&findings);
    Ok(if findings.are_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_test() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["test", "--manifest-path"])
        .arguments([manifest])
        .arguments(TESTS)
}

/// The output of the tests while they run.
#[derive(Debug)]
struct TestOutput {
    announced: usize,
    tests: Vec<Test>,
    /// All other lines, such as the messages of failed tests.
    other_lines: Vec<String>,
    progress: ProgressBar,
}

impl Default for TestOutput {
    fn default() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {wide_msg}");
        let style = style.expect("the template is valid");
        let progress = ProgressBar::new(0).with_style(style);
        Self { announced: 0, tests: Vec::new(), other_lines: Vec::new(), progress }
    }
}

impl TestOutput {
    fn read_line(&mut self, line: String) {
        if let Some(test) = Test::read(&line) {
            self.progress.set_message(test.short().to_owned());
            self.progress.inc(1);
            self.tests.push(test);
        } else if let Some(count) = announced(&line) {
            self.announced = count;
            self.progress.set_length(count.try_into().unwrap_or(u64::MAX));
        } else {
            self.other_lines.push(line);
        }
    }

    /// Prints the lines beside the results to stderr.
    fn print_other_lines(&self) {
        for line in &self.other_lines {
            anstream::eprintln!("{line}");
        }
    }
}

/// Parses `running 235 tests`.
fn announced(line: &str) -> Option<usize> {
    line.strip_prefix("running ")?.split(' ').next()?.parse().ok()
}

/// Prints all findings; what is not ok is red. The last line is the summary.
fn print(findings: &Findings) {
    let rows = findings.lines.iter().map(|line| line.cells.clone()).collect();
    let ok = [true].into_iter().chain(findings.lines.iter().map(|line| line.is_ok));
    for ((index, line), is_ok) in lines(["ROW", "CLASS", "RESULT", "TEST"], rows).iter().enumerate().zip(ok) {
        match (index, is_ok) {
            (0, _) => anstream::println!("{}", line.dimmed()),
            (_, true) => anstream::println!("{line}"),
            (_, false) => anstream::println!("{}", line.red()),
        }
    }
    if !findings.not_implemented.is_empty() {
        anstream::println!();
        let not_built = lines(["ROW", "NOT IMPLEMENTED", "REASON"], findings.not_implemented.clone());
        for line in not_built {
            anstream::println!("{}", line.dimmed());
        }
    }
    for contradiction in &findings.contradictions {
        anstream::eprintln!("{} {contradiction}", "error:".red().bold());
    }
    let summary = findings.summary();
    anstream::println!();
    if findings.are_ok() {
        anstream::println!("{}", summary.green());
    } else {
        anstream::println!("{}", summary.red().bold());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_lines_are_classified() {
        let mut output = TestOutput::default();
        for line in
            ["running 2 tests", "test failure_matrix::x::t03_y::safe ... ok", "test result: FAILED.", "why"]
        {
            output.read_line(line.to_owned());
        }

        assert_eq!((output.announced, output.tests.len()), (2, 1));
        assert_eq!(output.other_lines, ["test result: FAILED.", "why"]);
    }
}
