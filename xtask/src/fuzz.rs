//! Runs the fuzz targets with random input, on any compiler.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Fuzz;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The program with the targets, as cargo arguments.
const FUZZ: [&str; 4] = ["--package", "arango-tests", "--example", "fuzz"];

/// Builds the program and runs it with the given arguments. Its exit code is passed on.
///
/// # Errors
/// If signals cannot be listened to.
pub(crate) async fn fuzz(command: &Fuzz) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let manifest = workspace::root().join("Cargo.toml");
    let program = Program::new(workspace::cargo())
        .arguments(["run", "--quiet", "--manifest-path"])
        .arguments([manifest])
        .arguments(FUZZ)
        .arguments(["--"])
        .arguments(arguments(command));
    Ok(program.run(&mut interruptions).await?.exit_code())
}

/// The arguments of the command, as the program takes them.
fn arguments(command: &Fuzz) -> Vec<String> {
    let mut arguments = command.targets.clone();
    if let Some(input) = &command.input {
        arguments.extend(["--input".to_owned(), input.display().to_string()]);
    } else {
        let (seconds, seed) = (command.seconds.to_string(), command.seed.to_string());
        arguments.extend(["--seconds".to_owned(), seconds, "--seed".to_owned(), seed]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Task};

    fn passed_on(line: &[&str]) -> String {
        let Task::Fuzz(command) = Cli::try_parse_from(line).unwrap().task else { panic!("{line:?}") };
        arguments(&command).join(" ")
    }

    #[test]
    fn arguments_are_passed_on() {
        assert_eq!(passed_on(&["xtask", "fuzz"]), "--seconds 10 --seed 0");
        assert_eq!(
            passed_on(&["xtask", "fuzz", "hosts", "pem", "--seconds", "5", "--seed", "7"]),
            "hosts pem --seconds 5 --seed 7"
        );
        assert_eq!(passed_on(&["xtask", "fuzz", "hosts", "--input", "a"]), "hosts --input a");
    }
}
