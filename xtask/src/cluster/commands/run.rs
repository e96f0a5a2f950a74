//! Runs a command with a cluster.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Run;
use crate::cluster::Flags;
use crate::interruption::Interruptions;
use crate::program::{ExitReason, Program};

/// Starts the cluster, runs the command with it, and returns the command's exit code.
///
/// # Errors
/// If the cluster cannot start, or the system cannot report the command's exit status.
pub(crate) async fn run(command: Run) -> Result<ExitCode> {
    let (program, arguments) =
        command.command.split_first().expect("the command line rejects an empty command");
    let mut interruptions = Interruptions::listen()?;
    let program = Program::new(program).arguments(arguments);
    Ok(run_with_cluster(command.cluster, program, &mut interruptions).await?.exit_code())
}

/// Starts a cluster, runs a program that finds it in its environment, and ends the cluster.
///
/// # Errors
/// If the cluster cannot start or end, or the system cannot report the program's exit status.
pub(crate) async fn run_with_cluster(
    cluster: Flags,
    program: Program,
    interruptions: &mut Interruptions,
) -> Result<ExitReason> {
    let mut running = tokio::select! {
        started = cluster.start() => started?,
        interruption = interruptions.next() => return Ok(ExitReason::Interrupted(interruption)),
    };
    let program = program.variables(running.variables());
    let exit = tokio::select! {
        exit = program.run(interruptions) => exit?,
        never = running.serve() => match never {},
    };
    running.stop(interruptions).await?;
    Ok(exit)
}
