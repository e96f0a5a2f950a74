//! Runs the simulation with more seeds than a test run has time for.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Soak;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The program that runs the simulation, as cargo arguments.
const SOAK: [&str; 4] = ["--package", "arango-tests", "--example", "soak"];

/// Builds the program and runs it with the given flags. Its exit code is passed on.
///
/// # Errors
/// If signals cannot be listened to.
pub(crate) async fn soak(command: &Soak) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let manifest = workspace::root().join("Cargo.toml");
    let program = Program::new(workspace::cargo())
        .arguments(["run", "--quiet", "--manifest-path"])
        .arguments([manifest])
        .arguments(SOAK)
        .arguments(command.release.then_some("--release"))
        .arguments(["--"])
        .arguments(arguments(command));
    Ok(program.run(&mut interruptions).await?.exit_code())
}

/// The flags of the command, as the program takes them.
fn arguments(command: &Soak) -> Vec<String> {
    let mut arguments = if let Some(seed) = command.seed {
        vec!["--seed".to_owned(), seed.to_string()]
    } else {
        let (seeds, from) = (command.seeds.to_string(), command.from.to_string());
        vec!["--seeds".to_owned(), seeds, "--from".to_owned(), from]
    };
    arguments.extend(command.procedures.then(|| "--procedures".to_owned()));
    arguments.extend(command.data.then(|| "--data".to_owned()));
    arguments.extend(command.histories.then(|| "--histories".to_owned()));
    arguments
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Task};

    fn passed_on(line: &[&str]) -> String {
        let Task::Soak(command) = Cli::try_parse_from(line).unwrap().task else { panic!("{line:?}") };
        arguments(&command).join(" ")
    }

    #[test]
    fn flags_are_passed_on() {
        assert_eq!(passed_on(&["xtask", "soak"]), "--seeds 1000 --from 0");
        assert_eq!(passed_on(&["xtask", "soak", "--seeds", "5", "--from", "7"]), "--seeds 5 --from 7");
        assert_eq!(passed_on(&["xtask", "soak", "--seed", "57"]), "--seed 57");
        assert_eq!(passed_on(&["xtask", "soak", "--procedures"]), "--seeds 1000 --from 0 --procedures");
        assert_eq!(passed_on(&["xtask", "soak", "--data"]), "--seeds 1000 --from 0 --data");
        assert_eq!(passed_on(&["xtask", "soak", "--data", "--seed", "57"]), "--seed 57 --data");
        assert_eq!(passed_on(&["xtask", "soak", "--histories"]), "--seeds 1000 --from 0 --histories");
    }

    #[test]
    fn one_seed_and_many_seeds_exclude_each_other() {
        for many in [["--seeds", "5"], ["--from", "5"]] {
            let line = ["xtask", "soak", "--seed", "1", many[0], many[1]];
            assert!(Cli::try_parse_from(line).is_err(), "{many:?}");
        }
    }
}
