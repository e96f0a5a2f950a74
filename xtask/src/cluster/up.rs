//! A cluster that stays up until somebody ends it.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::table::table;
use crate::cli::Up;
use crate::interruption::Interruptions;

/// Starts the cluster, says how to reach it, and waits for Ctrl-C or SIGTERM, which is its ordinary end.
///
/// # Errors
/// If the cluster cannot start, or what it is called cannot be written.
pub(crate) async fn up(command: Up) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let running = command.cluster.start().await?;
    let facts = running.facts();
    let text = if command.json { facts.to_json()? + "\n" } else { table(&facts) };

    // Written by hand: printing by macro would panic when the reader is gone. Flushed, because the reader of a pipe
    // waits for this line while we wait for ever.
    let mut stdout = anstream::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")?;
    if !command.json {
        anstream::eprintln!("\nCtrl-C ends the cluster.");
    }

    interruptions.next().await;
    running.report_unsupported();
    Ok(ExitCode::SUCCESS)
}
