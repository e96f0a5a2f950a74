//! Compares the policies on a fleet in virtual time, and measures the client on real sockets.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Fleet;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The program that simulates, as cargo arguments.
const FLEET: [&str; 2] = ["--package", "fleet-simulator"];

/// The program that measures on real sockets; it needs the client and the embedded cluster.
const SOCKETS: [&str; 4] = ["--package", "arango-tests", "--example", "sockets"];

/// Builds the program and runs it with the given flags. Its exit code is passed on.
///
/// # Errors
/// If signals cannot be listened to.
pub(crate) async fn fleet(command: &Fleet) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let manifest = workspace::root().join("Cargo.toml");
    let program = Program::new(workspace::cargo())
        .arguments(["run", "--quiet", "--manifest-path"])
        .arguments([manifest])
        .arguments(if command.sockets { SOCKETS.as_slice() } else { FLEET.as_slice() })
        // An optimised build takes longer than simulating small fleets without optimisations.
        .arguments((!command.quick).then_some("--release"))
        .arguments(["--"])
        .arguments(arguments(command));
    Ok(program.run(&mut interruptions).await?.exit_code())
}

/// The flags of the command, as the program takes them.
fn arguments(command: &Fleet) -> Vec<OsString> {
    let seed = ["--seed".into(), command.seed.to_string().into()];
    let json = command.json.then(|| "--json".into());
    let quick = command.quick.then(|| "--quick".into());
    seed.into_iter().chain(json).chain(quick).chain(command.more.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Task};

    fn passed_on(line: &[&str]) -> String {
        let Task::Fleet(command) = Cli::try_parse_from(line).unwrap().task else { panic!("{line:?}") };
        arguments(&command).join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn flags_are_passed_on() {
        assert_eq!(passed_on(&["xtask", "fleet"]), "--seed 1");
        assert_eq!(passed_on(&["xtask", "fleet", "--seed", "7", "--quick"]), "--seed 7 --quick");
        let line = ["xtask", "fleet", "--json", "--", "--clients", "5", "--coordinators", "4"];
        assert_eq!(passed_on(&line), "--seed 1 --json --clients 5 --coordinators 4");
        assert_eq!(passed_on(&["xtask", "fleet", "--sockets", "--json"]), "--seed 1 --json");
    }

    #[test]
    fn sockets_conflicts_with_quick_and_sizes() {
        for other in [&["--quick"][..], &["--", "--clients", "5"]] {
            let line = [&["xtask", "fleet", "--sockets"], other].concat();
            assert!(Cli::try_parse_from(line).is_err(), "{other:?}");
        }
    }
}
