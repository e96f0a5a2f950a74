//! Mutation tests of the decision-making files: cargo-mutants changes a line, and a test has to fail.
//!
//! The files and the harmless mutants are listed in `.cargo/mutants.toml`; [`GROUPS`] lists the tests.

mod changes;
mod outcomes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use owo_colors::OwoColorize as _;

use self::outcomes::Outcomes;
use crate::cli::{Group, Mutants};
use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::{ExitReason, Program};
use crate::workspace;

/// Time limit for the tests of one mutant, enough for a slow machine. A mutant that exceeds it counts as caught.
const TEST_TIMEOUT: Duration = Duration::from_secs(300);

/// Mutants of one package, and the tests that must catch them.
struct MutantGroup {
    group: Group,
    package: &'static str,
    test_packages: &'static [&'static str],
    test_arguments: &'static [&'static str],
}

const GROUPS: [MutantGroup; 4] = [
    MutantGroup {
        group: Group::Balance,
        package: "arango-balance",
        test_packages: &["arango-balance"],
        test_arguments: &["--lib"],
    },
    MutantGroup {
        group: Group::Transport,
        package: "arango-protocol",
        test_packages: &["arango-protocol", "arango-cluster", "arango-transport"],
        test_arguments: &["--lib"],
    },
    MutantGroup {
        group: Group::Transport,
        package: "arango-transport",
        test_packages: &["arango-transport", "arango-tests"],
        test_arguments: &["--lib", "--test", "client"],
    },
    MutantGroup {
        group: Group::Procedures,
        package: "arango",
        test_packages: &["arango", "arango-tests"],
        test_arguments: &["--lib", "--test", "client", "--", "long_running::"],
    },
];

/// Runs cargo-mutants for each group and counts what survived.
///
/// # Errors
/// If the files of cargo-mutants cannot be read or written, or it is not installed.
pub(crate) async fn mutants(command: &Mutants) -> Result<ExitCode> {
    let began = Instant::now();
    let mut interruptions = Interruptions::listen()?;
    let installed = cargo_mutants()
        .arguments(["--version"])
        .without_stderr()
        .run_with_lines(&mut interruptions, drop)
        .await?;
    if !matches!(installed, ExitReason::Exited(_)) {
        return Ok(installed.exit_code());
    }
    if !installed.is_success() {
        return without_tool(command.if_installed);
    }
    let folder = workspace::target().join("mutants");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let mut selection: Vec<String> = Vec::new();
    if command.changed {
        let Some(base) = changes::base(&mut interruptions).await? else {
            anstream::println!("skipped: mutants, this clone has no earlier commit to compare with");
            return Ok(ExitCode::SUCCESS);
        };
        let file = folder.join("changes.diff");
        fs::write(&file, changes::since(&base, &mut interruptions).await?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        anstream::println!("mutants of lines that differ from {base}");
        selection.extend(["--in-diff".to_owned(), file.display().to_string()]);
    }
    selection.extend(command.shard.iter().flat_map(|shard| ["--shard".to_owned(), shard.clone()]));

    let budget = command.minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let mut all = Vec::new();
    for group in
        GROUPS.iter().filter(|group| command.groups.is_empty() || command.groups.contains(&group.group))
    {
        let rest = budget.map(|budget| budget.saturating_sub(began.elapsed()));
        let total = group.count(&selection, &mut interruptions).await?;
        let mut outcomes = Outcomes::default();
        if total > 0 && rest.is_none_or(|rest| !rest.is_zero()) {
            let exit = group.run(&folder, &selection, command.changed, rest, &mut interruptions).await?;
            outcomes = Outcomes::read(&group.output(&folder));
            match exit {
                ExitReason::TimedOut { .. } => {
                    anstream::println!("out of time: {} is stopped", group.package);
                }
                // 2: some survived; 3: some timed out.
                ExitReason::Exited(status) if matches!(status.code(), Some(0 | 2 | 3)) => {}
                _ => return Ok(exit.exit_code()),
            }
        }
        all.push((group.package, total, outcomes));
    }
    Ok(summarise(&all))
}

/// Fails, unless the run may be skipped.
fn without_tool(may_skip: bool) -> Result<ExitCode> {
    ensure!(may_skip, "cargo-mutants is not installed: `bash .ci/install cargo-mutants` installs it");
    anstream::println!("skipped: mutants, cargo-mutants is not installed");
    Ok(ExitCode::SUCCESS)
}

/// Prints the results of each package, and the survivors.
fn summarise(all: &[(&str, usize, Outcomes)]) -> ExitCode {
    let count = |number: usize| number.to_string();
    let rows = all.iter().map(|(package, total, outcomes)| {
        let untried = total.saturating_sub(outcomes.tried());
        let Outcomes { caught, timeouts, unviable, missed } = outcomes;
        let counts = [*total, *caught, *timeouts, *unviable, missed.len(), untried].map(count);
        let [total, caught, timeouts, unviable, missed, untried] = counts;
        [(*package).to_owned(), total, caught, timeouts, unviable, missed, untried]
    });
    let header = ["PACKAGE", "MUTANTS", "CAUGHT", "TIMED OUT", "DO NOT COMPILE", "SURVIVED", "NOT TRIED"];
    for line in lines(header, rows.collect()) {
        anstream::println!("{line}");
    }
    let missed: Vec<&String> = all.iter().flat_map(|(_, _, outcomes)| &outcomes.missed).collect();
    for mutant in &missed {
        anstream::println!("{} {mutant}", "survived:".red().bold());
    }
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    anstream::println!("each needs a test that fails, or an entry with a reason in .cargo/mutants.toml");
    ExitCode::FAILURE
}

impl MutantGroup {
    /// Returns the number of mutants.
    async fn count(&self, selection: &[String], interruptions: &mut Interruptions) -> Result<usize> {
        let mut count = 0;
        let list = self.cargo_mutants_for_package(selection).arguments(["--list"]);
        let exit = list.run_with_lines(interruptions, |line| count += usize::from(!line.is_empty())).await?;
        ensure!(exit.is_success(), "cargo-mutants cannot list the mutants of {}", self.package);
        Ok(count)
    }

    async fn run(
        &self,
        folder: &Path,
        selection: &[String],
        tested: bool,
        limit: Option<Duration>,
        interruptions: &mut Interruptions,
    ) -> Result<ExitReason> {
        let output = self.output(folder);
        let copies = folder.join("copies");
        for folder in [&output, &copies] {
            // Left by an interrupted run.
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut program = self
            .cargo_mutants_for_package(selection)
            .arguments(["--no-times", "--output"])
            .arguments([&output])
            .arguments(["--timeout", &TEST_TIMEOUT.as_secs().to_string()])
            // With `--changed`, the tests have been run before, and time is short.
            .arguments(["--baseline", if tested { "skip" } else { "run" }])
            .arguments(self.test_packages.iter().flat_map(|package| ["--test-package", package]))
            .arguments(["--"])
            .arguments(self.test_arguments)
            .variables([
                // Separate from the ordinary target directory, and kept, so that dependencies are built only once.
                ("CARGO_TARGET_DIR", folder.join("target").display().to_string()),
                ("CARGO_INCREMENTAL", "1".to_owned()),
                // A backtrace of an aborted test is of no use.
                ("RUST_BACKTRACE", "0".to_owned()),
                // For copies of the source tree; the system's temporary directory may be small.
                ("TMPDIR", copies.display().to_string()),
            ]);
        if let Some(limit) = limit {
            program = program.limit(limit);
        }
        program.run(interruptions).await
    }

    fn cargo_mutants_for_package(&self, selection: &[String]) -> Program {
        cargo_mutants().arguments(["--package", self.package]).arguments(selection)
    }

    fn output(&self, folder: &Path) -> PathBuf {
        folder.join(self.package)
    }
}

fn cargo_mutants() -> Program {
    Program::new(workspace::cargo()).arguments(["mutants", "--dir"]).arguments([workspace::root()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_the_tool_succeeds_only_where_it_may_be_skipped() {
        assert!(without_tool(false).is_err());
        assert_eq!(without_tool(true).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn every_listed_file_exists_and_belongs_to_a_group() {
        let list = fs::read_to_string(workspace::root().join(".cargo/mutants.toml")).unwrap();
        let files: Vec<_> = list.lines().filter_map(|line| line.trim().strip_prefix("\"crates/")).collect();
        assert!(files.len() > 30, "{files:?}");
        for file in files {
            let file = file.trim_end_matches("\",");
            let folder_or_file = file.trim_end_matches("/**/*.rs");
            assert!(workspace::root().join("crates").join(folder_or_file).exists(), "{file}");
            let package = file.split('/').next().unwrap();
            assert!(GROUPS.iter().any(|group| group.package == package), "{file}");
        }
    }
}
