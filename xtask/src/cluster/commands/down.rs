//! Ends a running cluster, and removes what others have left over.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::cli::Selection;
use crate::cluster::directory::sweep::sweep;

/// Time limit for the end of a cluster: three roles, each with its limit.
#[cfg(unix)]
const LIMIT: std::time::Duration = std::time::Duration::from_secs(2 * 60);

/// Asks the owners of the clusters to end them, and waits for that; then removes what is left of others.
///
/// # Errors
/// If a cluster does not end in time, something cannot be removed, or no cluster has the directory that is named.
pub(crate) async fn down(command: Selection) -> Result<ExitCode> {
    let was_there = command.cluster.as_ref().is_some_and(|directory| directory.exists());
    let ended = end_all(&command).await?;
    let removed = sweep()?;
    anstream::println!("{ended} ended, {removed} left over by others and removed");
    if let Some(directory) = &command.cluster {
        ensure!(was_there && !directory.exists(), "no cluster has the directory {}", directory.display());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
async fn end_all(command: &Selection) -> Result<usize> {
    use std::time::{Duration, Instant};

    use anyhow::Context as _;
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::time::sleep;

    use crate::cluster::state_file;

    let mut ended = 0;
    for (directory, state) in state_file::all() {
        if !state_file::is_selected(&directory, command.cluster.as_deref()) {
            continue;
        }
        // One that is starting has no state yet, and belongs to a command in progress.
        let Some(owner) = state.and_then(|state| Pid::from_raw(state.owner)) else { continue };
        kill_process(owner, Signal::TERM).with_context(|| format!("cannot end {}", directory.display()))?;
        let begin = Instant::now();
        while directory.exists() {
            let is_late = begin.elapsed() >= LIMIT;
            ensure!(
                !is_late,
                "{} has not ended after {}",
                directory.display(),
                humantime::format_duration(LIMIT)
            );
            sleep(Duration::from_millis(50)).await;
        }
        ended += 1;
    }
    Ok(ended)
}

#[cfg(not(unix))]
#[expect(clippy::unused_async, clippy::unnecessary_wraps, reason = "the same API as on Unix")]
async fn end_all(_: &Selection) -> Result<usize> {
    Ok(0)
}
