//! Runs a cluster until it is interrupted.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::table::table;
use crate::cli::Up;
use crate::interruption::Interruptions;
use crate::program::ExitReason;

/// Starts the cluster, prints how to reach it, and waits for Ctrl-C or SIGTERM, which end it normally.
///
/// # Errors
/// If the cluster cannot start, or its description cannot be written.
pub(crate) async fn up(command: Up) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut running = tokio::select! {
        started = command.cluster.start() => started?,
        interruption = interruptions.next() => return Ok(ExitReason::Interrupted(interruption).exit_code()),
    };
    let info = running.info();
    let text = if command.json { info.to_json()? + "\n" } else { table(info) };

    // Not with a macro, which would panic when the reader has closed the pipe. Flushed, because the reader waits for
    // this line.
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")?;
    if !command.json {
        let what = match info.backend.as_str() {
            "external" => "this command. The cluster runs on",
            _ => "the cluster",
        };
        anstream::eprintln!("\nCtrl-C ends {what}.");
    }

    tokio::select! {
        _ = interruptions.next() => {}
        never = running.serve() => match never {},
    }
    running.stop(&mut interruptions).await?;
    Ok(ExitCode::SUCCESS)
}
