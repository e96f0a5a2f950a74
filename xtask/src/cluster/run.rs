//! A cluster for as long as a command runs.

use std::process::ExitCode;

use anyhow::Result;

use super::environment;
use crate::cli::Run;
use crate::interruption::Interruptions;
use crate::program::Program;

/// Starts the cluster, runs the command with it, and ends as the command ended.
///
/// # Errors
/// If the cluster cannot start, or the system cannot tell what became of the command.
pub(crate) async fn run(command: Run) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let running = command.cluster.start().await?;
    let (program, arguments) =
        command.command.split_first().expect("the command line has refused an empty command");
    let program = Program::new(program).arguments(arguments).variables(environment(&running.facts()));

    let ending = program.run(&mut interruptions).await?;
    running.report_unsupported();
    Ok(ending.exit_code())
}
