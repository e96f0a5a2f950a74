//! Runs a command with a cluster.

use std::process::ExitCode;

use anyhow::Result;

use super::environment;
use crate::cli::Run;
use crate::interruption::Interruptions;
use crate::program::Program;

/// Starts the cluster, runs the command with it, and returns the command's exit code.
///
/// # Errors
/// If the cluster cannot start, or the system cannot report the command's exit status.
pub(crate) async fn run(command: Run) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let running = command.cluster.start().await?;
    let (program, arguments) =
        command.command.split_first().expect("the command line rejects an empty command");
    let program = Program::new(program).arguments(arguments).variables(environment(&running.info()));

    let exit = program.run(&mut interruptions).await?;
    running.report_unsupported();
    Ok(exit.exit_code())
}
