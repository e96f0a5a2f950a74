//! Records the public API of each library, and compares the code with the record.

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use owo_colors::OwoColorize as _;

use crate::cli::PublicApi;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The libraries that programs depend on.
const LIBRARIES: [&str; 6] =
    ["arango", "arango-balance", "arango-cluster", "arango-data", "arango-protocol", "arango-transport"];

/// The compiler that describes an API in the format that cargo-public-api reads. The format changes with the compiler, so
/// `.ci/install` lists the version of the tool that fits.
const TOOLCHAIN: &str = "nightly-2026-05-20";

/// Writes `public-api.txt` of each library, or with `check` prints the differences.
///
/// # Errors
/// If cargo cannot be run, a file cannot be read or written, or the tool or its compiler is not installed.
/// Differences are not errors: they set the exit code.
pub(crate) async fn public_api(command: &PublicApi) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let installed = cargo().arguments(["public-api", "--version"]).without_stderr();
    let installed = installed.run_with_lines(&mut interruptions, |_| ()).await?;
    if !installed.is_success() {
        let reason = format!("cargo-public-api or the compiler {TOOLCHAIN} is not installed");
        ensure!(command.if_installed, reason);
        anstream::println!("skipped: public-api, {reason}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut differences = 0;
    for library in LIBRARIES {
        let mut lines = Vec::new();
        let manifest = workspace::root().join("crates").join(library).join("Cargo.toml");
        let exit = cargo()
            .arguments(["public-api", "--all-features", "-sss", "--color", "never", "--manifest-path"])
            .arguments([&manifest])
            .run_with_lines(&mut interruptions, |line| lines.push(line))
            .await?;
        if !exit.is_success() {
            return Ok(exit.exit_code());
        }
        let path = manifest.with_file_name("public-api.txt");
        if command.check {
            let recorded =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let changes = changes(&recorded, &lines);
            for change in &changes {
                anstream::println!("{library}: {change}");
            }
            differences += changes.len();
        } else {
            let text = lines.join("\n") + "\n";
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            anstream::println!("{library}: {} items", lines.len());
        }
    }
    if differences == 0 {
        let result =
            if command.check { "the public API is as recorded" } else { "the public API is recorded" };
        anstream::println!("{}", result.green());
        return Ok(ExitCode::SUCCESS);
    }
    let result =
        format!("{differences} changes of the public API: if they are wanted, run `cargo xtask public-api`");
    anstream::println!("{}", result.red());
    Ok(ExitCode::FAILURE)
}

/// The cargo of rustup with that compiler, which must not be installed by the way.
fn cargo() -> Program {
    Program::new("cargo")
        .arguments([format!("+{TOOLCHAIN}")])
        .variables([("RUSTUP_AUTO_INSTALL", "0".to_owned())])
}

/// The removed lines, each after `-`, then the added ones, each after `+`.
fn changes(recorded: &str, current: &[String]) -> Vec<String> {
    let recorded: BTreeSet<&str> = recorded.lines().collect();
    let current: BTreeSet<&str> = current.iter().map(String::as_str).collect();
    let removed = recorded.difference(&current).map(|line| format!("- {line}"));
    let added = current.difference(&recorded).map(|line| format!("+ {line}"));
    removed.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_installs_the_compiler_that_is_run() {
        let workflow = include_str!("../../.github/workflows/ci.yml");
        let install = format!("rustup toolchain install {TOOLCHAIN} --profile minimal\n");
        assert!(workflow.contains(&install), "the workflow lacks {install:?}");
    }

    #[test]
    fn changes_are_the_removed_and_the_added_lines() {
        let current = ["pub fn a()", "pub fn c()"].map(str::to_owned);
        assert_eq!(changes("pub fn a()\npub fn b()\n", &current), ["- pub fn b()", "+ pub fn c()"]);
        assert!(changes("pub fn a()\npub fn c()\n", &current).is_empty());
    }
}
